# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ddfa_blender.cleaning.cleanup import clean
from ddfa_blender.errors import CaptureError
from ddfa_blender.formats.live_link_face import (
    COLUMNS,
    Angle,
    eye_rotations,
    head_angles,
    head_rotations,
    read_live_link_face,
    rotations_of_eye,
    write_live_link_face,
)
from ddfa_blender.formats.rotations import X, Y, Z, to_angles
from ddfa_blender.formats.timecode import TimecodeRate
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.projection import rotation_from_euler
from ddfa_blender.quaternions import to_matrices
from ddfa_blender.solve import solve
from tests.ddfa_blender.formats.performances import make_performance

#: The first line of the app's recordings.
HEADER = (
    "Timecode,BlendshapeCount,EyeBlinkLeft,EyeLookDownLeft,EyeLookInLeft,EyeLookOutLeft,EyeLookUpLeft,EyeSquintLeft,"
    "EyeWideLeft,EyeBlinkRight,EyeLookDownRight,EyeLookInRight,EyeLookOutRight,EyeLookUpRight,EyeSquintRight,"
    "EyeWideRight,JawForward,JawRight,JawLeft,JawOpen,MouthClose,MouthFunnel,MouthPucker,MouthRight,MouthLeft,"
    "MouthSmileLeft,MouthSmileRight,MouthFrownLeft,MouthFrownRight,MouthDimpleLeft,MouthDimpleRight,MouthStretchLeft,"
    "MouthStretchRight,MouthRollLower,MouthRollUpper,MouthShrugLower,MouthShrugUpper,MouthPressLeft,MouthPressRight,"
    "MouthLowerDownLeft,MouthLowerDownRight,MouthUpperUpLeft,MouthUpperUpRight,BrowDownLeft,BrowDownRight,BrowInnerUp,"
    "BrowOuterUpLeft,BrowOuterUpRight,CheekPuff,CheekSquintLeft,CheekSquintRight,NoseSneerLeft,NoseSneerRight,TongueOut,"
    "HeadYaw,HeadPitch,HeadRoll,LeftEyeYaw,LeftEyePitch,LeftEyeRoll,RightEyeYaw,RightEyePitch,RightEyeRoll"
)
#: Gaze channels (in, out, down, up) of one eye of the public recordings named in the module, and its yaw, pitch and
#: roll in the same frame: side, channels, angles.
RECORDED = (
    ("Left", (0.0, 0.1421131641, 0.0, 0.4678646922), (-0.1475610286, -0.2048996240, 0.0305448882)),
    ("Right", (0.2466447949, 0.0, 0.0, 0.4644206464), (-0.0850049257, -0.2048947811, 0.0176418666)),
    ("Left", (0.0, 0.5030736923, 0.0, 0.3807524741), (-0.3596782684, -0.1741501987, 0.0618444942)),
    ("Right", (0.5970684290, 0.0, 0.0, 0.3733466268), (-0.3029436469, -0.1741401106, 0.0524348840)),
    ("Left", (0.0661357492, 0.0, 0.2478138804, 0.0), (-0.0254376419, 0.1514815688, -0.0038826421)),
    ("Right", (0.0421241522, 0.0, 0.2478977889, 0.0), (0.0399377644, 0.1515026540, 0.0060957037)),
    ("Left", (0.1834718734, 0.0, 0.0, 0.3256841898), (0.0469577499, -0.1430042237, -0.0067587225)),
    ("Right", (0.0, 0.0776624531, 0.0, 0.3273777962), (0.1109421626, -0.1429916173, -0.0159387141)),
)


def write_rows(path: Path, rows: list[dict[str, str]], columns: list[str] | None = None) -> Path:
    names = columns or HEADER.split(",")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, restval="0.0", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def frame(number: int, **values: str) -> dict[str, str]:
    return {"Timecode": f"10:00:{number // 60:02d}:{number % 60:02d}.000", "BlendshapeCount": "61", **values}


def test_the_file_has_the_app_s_columns_and_numbers(tmp_path: Path) -> None:
    performance = make_performance(3)
    write_live_link_face(performance, tmp_path / "a.csv", start=12 * 3600.0)
    data = (tmp_path / "a.csv").read_bytes()
    lines = data.decode("ascii").split("\n")
    assert lines[0] == HEADER == ",".join(COLUMNS)
    assert lines[-1] == "" and len(lines) == 5 and b"\r" not in data
    assert [line.split(",")[0] for line in lines[1:4]] == ["12:00:00:00.000", "12:00:00:02.002", "12:00:00:04.004"]
    for line in lines[1:4]:
        cells = line.split(",")
        assert len(cells) == 63 and cells[1] == "61"
        assert all(len(cell.partition(".")[2]) == 10 for cell in cells[2:])
    row = dict(zip(HEADER.split(","), lines[2].split(","), strict=True))
    for name in ("jawLeft", "jawRight", "mouthLeft", "mouthRight", "tongueOut", "browInnerUp"):
        assert float(row[name[0].upper() + name[1:]]) == pytest.approx(performance.arkit[1, ARKIT_NAMES.index(name)])


@pytest.mark.parametrize(
    "rate", [None, TimecodeRate(25), TimecodeRate.of(29.97), TimecodeRate.of(59.94), TimecodeRate(24)]
)
def test_a_performance_survives_the_file(tmp_path: Path, rate: TimecodeRate | None) -> None:
    performance = make_performance(400)
    path = tmp_path / "a.csv"
    write_live_link_face(performance, path, rate, start=58.0)  # over a minute, where labels are left out
    take = read_live_link_face(path)
    assert take.rate == (rate or TimecodeRate())
    np.testing.assert_allclose(take.time, performance.time, atol=1.1e-3 / take.rate.value)
    np.testing.assert_allclose(take.arkit, performance.arkit, atol=1e-10)
    np.testing.assert_allclose(to_matrices(take.head_rotation), to_matrices(performance.head_rotation), atol=1e-9)
    assert take.tracked.all() and len(take) == 400


#: What turns the head by 0.3 (17°) about one axis: the file's yaw, pitch and roll, and where nose and top of the head
#: go (x to the subject's left, y up, z out of the face).
TURNS = (
    ((0.3, 0.0, 0.0), (np.sin(0.3), 0.0, np.cos(0.3)), (0.0, 1.0, 0.0)),  # to the subject's left
    ((0.0, 0.3, 0.0), (0.0, np.sin(0.3), np.cos(0.3)), (0.0, np.cos(0.3), -np.sin(0.3))),  # nose up
    ((0.0, 0.0, 0.3), (0.0, 0.0, 1.0), (-np.sin(0.3), np.cos(0.3), 0.0)),  # to the subject's right shoulder
)


@pytest.mark.parametrize(("angles", "nose", "top"), TURNS)
def test_the_head_s_angles_turn_it_the_app_s_way(
    tmp_path: Path, angles: tuple[float, ...], nose: tuple[float, ...], top: tuple[float, ...]
) -> None:
    cells = {f"Head{name}": f"{angle:.10f}" for name, angle in zip(("Yaw", "Pitch", "Roll"), angles, strict=True)}
    take = read_live_link_face(write_rows(tmp_path / "a.csv", [frame(i, **cells) for i in range(2)]))
    turned = to_matrices(take.head_rotation)[0]
    np.testing.assert_allclose(turned @ [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]], np.transpose([nose, top]), atol=1e-9)
    # And back: the file that we write of it.
    performance = replace(make_performance(2), head_rotation=take.head_rotation)
    write_live_link_face(performance, tmp_path / "b.csv")
    row = (tmp_path / "b.csv").read_text(encoding="utf-8").splitlines()[1].split(",")
    np.testing.assert_allclose([float(row[COLUMNS.index(name)]) for name in cells], angles, atol=1e-9)


def test_the_head_s_angles_agree_with_the_project_s() -> None:
    for euler in ((10.0, 0.0, 0.0), (0.0, 10.0, 0.0), (0.0, 0.0, 10.0)):  # projection.euler_degrees
        np.testing.assert_allclose(np.degrees(head_angles(rotation_from_euler(euler))), euler, atol=1e-9)


@pytest.mark.parametrize("inverted", [(), ("YAW",), ("PITCH",), ("ROLL",), ("ROLL", "YAW"), ("YAW", "PITCH", "ROLL")])
def test_angles_can_be_inverted_one_by_one(tmp_path: Path, inverted: tuple[Angle, ...]) -> None:
    cells = {"HeadYaw": "0.3", "HeadPitch": "-0.2", "HeadRoll": "0.1", "LeftEyeYaw": "0.4"}
    file = write_rows(tmp_path / "a.csv", [frame(i, **cells) for i in range(3)])
    take = read_live_link_face(file, inverted=inverted)
    expected = [-a if name in inverted else a for name, a in (("YAW", 0.3), ("PITCH", -0.2), ("ROLL", 0.1))]
    np.testing.assert_allclose(head_angles(to_matrices(take.head_rotation)), np.tile(expected, (3, 1)), atol=1e-12)
    assert take.eyes[0, 0, 0] == 0.4  # eyes have signs of their own


#: Four moments of github.com/sentien-io/SentienLiveLinkFace, recording/recording.csv (app 1.4.2; somebody speaks to the
#: phone, with head rotation): yaw, pitch and roll of head, left and right eye.
SPEAKER = (
    ((-0.0140666105, -0.0530128330, 0.0178395826), (-0.0664625093, 0.1047247723, -0.0069805728),
     (0.0059184874, 0.1047972888, 0.0006225184)),
    ((0.0040408298, -0.1115420759, 0.0107326936), (-0.0634655207, 0.1029767096, -0.0065541747),
     (0.0084921243, 0.1030667424, 0.0008783572)),
    ((0.0781439319, 0.0364335068, -0.0030103368), (-0.0231683422, 0.2114943266, -0.0049738768),
     (0.0485996380, 0.2115839273, 0.0104346601)),
    ((0.0544806719, 0.0040668920, 0.0298695210), (-0.0267056637, 0.1852866560, -0.0050049801),
     (0.0451067761, 0.1853806525, 0.0084559768)),
)  # fmt: skip


def test_who_speaks_to_the_phone_keeps_looking_at_it() -> None:
    # Eyes turn against the head to stay on what they look at: with the right signs the gaze in the room wanders less
    # than the head, with the eyes' signs on the head it wanders more.
    head, left, right = np.moveaxis(np.array(SPEAKER), 1, 0)
    gaze = (rotations_of_eye(left) + rotations_of_eye(right))[..., 2] / 2.0

    def wandering(directions: np.ndarray) -> np.ndarray:
        return np.ptp(directions[:, :2], axis=0)  # sideways, up and down

    heads, wrong = head_rotations(head), rotations_of_eye(head)
    seen = np.einsum("nij,nj->ni", heads, gaze)
    assert (wandering(seen) < 0.7 * wandering(heads[..., 2])).all()
    assert (wandering(np.einsum("nij,nj->ni", wrong, gaze)) > 1.3 * wandering(heads[..., 2])).all()


@pytest.mark.parametrize(("side", "gaze", "angles"), RECORDED)
def test_recorded_eyes_confirm_the_order_of_the_angles(
    side: str, gaze: tuple[float, ...], angles: tuple[float, float, float]
) -> None:
    # An eye turns about the upright and nods on that; only the right order and signs leave no roll about its gaze.
    turn, nod, roll = to_angles(rotations_of_eye(angles), (Y, X, Z))
    assert abs(roll) < 2e-4 < abs(angles[2])
    arkit = np.zeros((1, 52))
    for direction, weight in zip(("In", "Out", "Down", "Up"), gaze, strict=True):
        arkit[0, ARKIT_NAMES.index(f"eyeLook{direction}{side}")] = weight
    ours = to_angles(eye_rotations(arkit)[side == "Right"][0], (Y, X, Z))
    outward = np.radians(3.8) * (1.0 if side == "Left" else -1.0)
    assert ours[0] + outward == pytest.approx(turn, abs=np.radians(0.8))
    assert ours[1] == pytest.approx(nod, abs=np.radians(0.6))


def test_both_eyes_look_the_same_way() -> None:
    arkit = np.zeros((1, 52))
    arkit[0, [ARKIT_NAMES.index("eyeLookOutLeft"), ARKIT_NAMES.index("eyeLookInRight")]] = 0.5
    left, right = (eye[0] @ [0.0, 0.0, 1.0] for eye in eye_rotations(arkit))
    np.testing.assert_allclose(left, right, atol=1e-12)
    assert left[0] > 0.2  # towards the subject's left
    arkit[:] = 0.0
    arkit[0, [ARKIT_NAMES.index("eyeLookDownLeft"), ARKIT_NAMES.index("eyeLookDownRight")]] = 1.0
    assert all((eye[0] @ [0.0, 0.0, 1.0])[1] < -0.5 for eye in eye_rotations(arkit))


def test_columns_may_come_in_any_order_with_others_between(tmp_path: Path) -> None:
    columns = ["Comment", *reversed([name.upper() for name in HEADER.split(",")]), "Weather"]
    rows = [
        {"TIMECODE": f"00:00:00:{i:02d}", "BLENDSHAPECOUNT": "61", "JAWOPEN": f"{i / 10}", "Comment": "x, y"}
        for i in range(5)
    ]
    take = read_live_link_face(write_rows(tmp_path / "a.csv", rows, columns))
    np.testing.assert_allclose(take.arkit[:, ARKIT_NAMES.index("jawOpen")], np.arange(5) / 10.0)
    np.testing.assert_allclose(take.time, np.arange(5) / 60.0)
    np.testing.assert_allclose(take.head_rotation, [[1.0, 0.0, 0.0, 0.0]] * 5)


@pytest.mark.parametrize("variant", ["bom", "crlf", "utf-16", "semicolons", "tabs", "blank lines", "spaces"])
def test_what_spreadsheets_and_editors_make_of_it(tmp_path: Path, variant: str) -> None:
    path = tmp_path / "a.csv"
    performance = make_performance(70, 60.0)
    write_live_link_face(performance, path)
    text = path.read_text(encoding="ascii")
    semicolons = text.replace(",", ";").replace(".", ",")
    path.write_bytes(
        {
            "bom": b"\xef\xbb\xbf" + text.encode(),
            "crlf": text.replace("\n", "\r\n").encode(),
            "utf-16": text.encode("utf-16"),
            "semicolons": semicolons.encode(),
            "tabs": text.replace(",", "\t").encode(),
            "blank lines": text.replace("\n", "\n\n").encode(),
            "spaces": text.replace(",", " , ").encode(),
        }[variant]
    )
    take = read_live_link_face(path)
    np.testing.assert_allclose(take.arkit, performance.arkit, atol=1e-10)
    np.testing.assert_allclose(take.time, performance.time, atol=2e-5)


def test_the_older_spelling_and_a_missing_tongue(tmp_path: Path) -> None:
    columns = [name for name in HEADER.replace("BlendshapeCount", "BlendShapeCount").split(",") if name != "TongueOut"]
    take = read_live_link_face(write_rows(tmp_path / "a.csv", [frame(i) for i in range(3)], columns))
    assert (take.arkit[:, ARKIT_NAMES.index("tongueOut")] == 0.0).all()


def test_frames_without_a_face_are_lost_frames(tmp_path: Path, model: MorphableModel) -> None:
    path = write_rows(tmp_path / "a.csv", [frame(i, JawOpen="0.5") for i in range(6)])
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[2] = lines[2].split(",")[0] + ",0"  # the row ends behind the count
    lines[4] = lines[4].split(",")[0] + ",61" + "," * 61
    path.write_text("\n".join(lines), encoding="utf-8")
    take = read_live_link_face(path)
    assert take.tracked.tolist() == [True, False, True, False, True, True]
    assert np.isnan(take.arkit[[1, 3]]).all() and np.isnan(take.head_rotation[[1, 3]]).all()
    solution = solve(take.take("a.csv"), model)
    assert len(solution) == 6 and solution.identity.shape == (40,)
    for array in (solution.expression, solution.arkit, solution.head_rotation, solution.head_translation):
        assert (np.isnan(array).all(axis=1) == ~take.tracked).all()


def test_a_recording_goes_through_the_clean_up(tmp_path: Path, model: MorphableModel) -> None:
    # At the camera's usual 30 frames per second; the phone loses the face for one of them.
    rows = [frame(2 * i, JawOpen=f"{0.5 + 0.4 * np.sin(i / 8):.6f}", HeadYaw="0.2") for i in range(60)]
    rows[30] = {"Timecode": rows[30]["Timecode"], "BlendshapeCount": "0"}
    performance = clean(solve(read_live_link_face(write_rows(tmp_path / "a.csv", rows)).take("a.csv"), model), model)
    jaw = performance.arkit[:, ARKIT_NAMES.index("jawOpen")]
    assert not performance.tracked[30] and performance.tracked.sum() == 59
    np.testing.assert_allclose(jaw, 0.5 + 0.4 * np.sin(np.arange(60) / 8), atol=0.05)
    yaw = head_angles(to_matrices(performance.head_rotation))[:, 0]
    np.testing.assert_allclose(yaw, 0.2, atol=1e-6)


def test_weights_just_outside_are_clipped(tmp_path: Path) -> None:
    take = read_live_link_face(write_rows(tmp_path / "a.csv", [frame(0, JawOpen="1.05", MouthClose="-0.02"), frame(1)]))
    assert take.arkit[0, ARKIT_NAMES.index("jawOpen")] == 1.0
    assert take.arkit[0, ARKIT_NAMES.index("mouthClose")] == 0.0


def test_rows_that_do_not_advance_are_left_out(tmp_path: Path) -> None:
    rows = [frame(i, JawOpen=f"{i / 10}") for i in (0, 1, 1, 2, 1, 3)]
    take = read_live_link_face(write_rows(tmp_path / "a.csv", rows))
    np.testing.assert_allclose(take.time, np.arange(4) / 60.0)
    np.testing.assert_allclose(take.arkit[:, ARKIT_NAMES.index("jawOpen")], [0.0, 0.1, 0.2, 0.3])


def test_angles_in_degrees_are_read_where_said(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.csv", [frame(i, HeadYaw="-20.0", HeadPitch="5.0") for i in range(3)])
    with pytest.raises(CaptureError, match="angles in degrees"):
        read_live_link_face(path)
    take = read_live_link_face(path, angles="DEGREES")
    np.testing.assert_allclose(
        np.degrees(head_angles(to_matrices(take.head_rotation[0]))), [-20.0, 5.0, 0.0], atol=1e-9
    )


def test_the_rate_may_be_said(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.csv", [frame(i) for i in range(20)])
    np.testing.assert_allclose(read_live_link_face(path, TimecodeRate(30)).time, np.arange(20) / 30.0)
    with pytest.raises(CaptureError, match="another rate"):
        read_live_link_face(write_rows(path, [frame(i) for i in range(50)]), TimecodeRate(30))


def bad(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "bad.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


ROW = "10:00:00:{:02d}.000,61" + ",0.0" * 61


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        (b"\x00\x01\x02\x03", "no text"),
        (b"\xff\xd8\xff\xe0 a picture", "no text"),
        ("hello\nworld\n", "no column Timecode"),
        (HEADER, "no frames"),
        (HEADER.replace("JawOpen", "JawAjar") + "\n" + ROW.format(0), "column jawOpen is missing"),
        (HEADER.replace("JawOpen,", "JawOpen,JawOpen,") + "\n" + ROW.format(0) + ",0", "twice"),
        (HEADER + "\n" + ROW.replace(",0.0", ",nan", 1).format(0), "Line 2"),
        (HEADER + "\n" + ROW.format(0) + "\n" + ROW.replace(",0.0", ",high", 1).format(1), "Line 3"),
        (HEADER + "\n" + ROW.format(0)[:-4], "Line 2"),
        (HEADER + "\n" + "noon" + ROW.format(0)[15:], "Line 2"),
        (HEADER + "\n" + ROW.replace(",0.0", ",80.0", 1).format(0), "percent"),
        (HEADER + "\n" + "10:00:00:00.000,0", "no frame with a face"),
        (HEADER + "\n" + "\n".join([ROW.format(0)] * 5), "stands still"),
        (HEADER + '\n"' + ROW.format(0), "not a Live Link Face CSV"),
    ],
)
def test_garbage_is_refused_with_one_sentence(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(CaptureError, match=message) as caught:
        read_live_link_face(bad(tmp_path, text))
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


def test_missing_files_and_impossible_starts(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="There is no file"):
        read_live_link_face(tmp_path / "none.csv")
    with pytest.raises(CaptureError, match="time of day"):
        write_live_link_face(make_performance(2), tmp_path / "a.csv", start=-1.0)
    with pytest.raises(CaptureError, match="cannot be written"):
        write_live_link_face(make_performance(2), tmp_path / "none" / "a.csv")


def test_a_performance_without_frames_makes_a_file_that_says_so(tmp_path: Path) -> None:
    empty = make_performance(1)
    empty = replace(empty, **{name: getattr(empty, name)[:0] for name in ("time", "arkit", "head_rotation")})
    write_live_link_face(empty, tmp_path / "a.csv")
    with pytest.raises(CaptureError, match="no frames"):
        read_live_link_face(tmp_path / "a.csv")
