# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from ddfa_blender import cli
from ddfa_blender.capture import Engine
from ddfa_blender.formats.live_link_face import read_live_link_face
from ddfa_blender.formats.performance_file import load_performance
from ddfa_blender.model_folder import ModelFolder
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.paths import model_file
from ddfa_blender.symmetry import MIRRORED_CHANNELS
from ddfa_blender.take import Take
from tests.ddfa_blender.support import grey, square_engine, square_frame, write_clip

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def squares(model: MorphableModel, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Makes red squares the faces of the command line; the detector counts its calls."""
    engine = square_engine(model)
    monkeypatch.setattr(Engine, "load", classmethod(lambda *_: engine))
    # Else the made-up engine would be kept for the tests that follow.
    monkeypatch.setattr(Engine, "kept", classmethod(lambda *_: engine))
    return engine


def save_photo(path: Path, *faces: tuple[float, float, float]) -> Path:
    _, data = cv2.imencode(".png", cv2.cvtColor(square_frame(faces), cv2.COLOR_RGB2BGR))
    path.write_bytes(data.tobytes())
    return path


def run(*arguments: object) -> int:
    return cli.main([str(argument) for argument in arguments])


def read(path: Path) -> dict:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


def listing(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_image_lists_the_faces_of_each_photo(
    tmp_path: Path, squares: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    two = save_photo(tmp_path / "zwei Gesichter é.png", (90, 120, 80), (240, 120, 50))
    none = save_photo(tmp_path / "none.png")
    assert run("image", two, none, "--json", tmp_path / "out.json") == 0
    assert capsys.readouterr().err.splitlines() == ["no face was found in none.png", "2 faces in 2 photos"]
    result = read(tmp_path / "out.json")
    assert result["none.png"] == []
    faces = result[two.name]
    assert len(faces) == 2
    assert faces[0]["confidence"] >= faces[1]["confidence"]
    face = min(faces, key=lambda f: f["box"][0])
    assert (face["box"][0] + face["box"][2]) / 2 == pytest.approx(90, abs=2)
    assert np.shape(face["params"]) == (62,)
    assert np.shape(face["landmarks68"]) == (68, 3)
    assert set(face["pose_degrees"]) == {"yaw", "pitch", "roll"}
    assert face["pose_degrees"]["yaw"] == pytest.approx(0.0, abs=1e-3)
    assert np.shape(face["expression"]) == (10,)
    assert list(face["arkit"]) == list(ARKIT_NAMES)


def test_image_with_boxes_runs_no_detector(tmp_path: Path, squares: Engine) -> None:
    photo = save_photo(tmp_path / "face.png", (160, 120, 80))
    (tmp_path / "boxes.json").write_text(
        json.dumps({"face.png": [120, 80, 200, 160], "other.png": [0, 0, 1, 1]}), encoding="utf-8"
    )
    assert run("image", photo, "--boxes", tmp_path / "boxes.json", "--json", tmp_path / "out.json") == 0
    (face,) = read(tmp_path / "out.json")["face.png"]
    assert face["box"] == [120, 80, 200, 160]
    assert squares.detector.calls == 0  # type: ignore[attr-defined]
    points = np.array(face["landmarks68"])[:, :2]
    np.testing.assert_allclose((points.min(0) + points.max(0)) / 2, [160, 120], atol=2)


def test_clip_writes_a_take_and_a_report(tmp_path: Path, squares: Engine) -> None:
    frames = [square_frame([(100 + 2 * i, 120, 80)]) for i in range(10)]
    clip = write_clip(tmp_path / "plain.mp4", frames + grey(4, (240, 320))).rename(tmp_path / "mein Clip – é.mp4")
    out = tmp_path / "out"
    out.mkdir()
    assert run("clip", clip, "--take", out / "take.npz", "--report", out / "report.json") == 0
    assert listing(out) == {"take.npz", "report.json"}
    take, report = Take.load(out / "take.npz"), read(out / "report.json")
    assert (report["frames"], report["tracked_frames"], report["lost_frames"]) == (14, 10, 4)
    assert take.tracked.sum() == 10
    assert report["jitter"] < 0.02
    assert {"decode", "detect", "regress", "total"} <= report["seconds"].keys()
    assert report["stopped_early"] is False


def test_high_quality_is_what_the_take_was_made_with(tmp_path: Path, squares: Engine) -> None:
    """The made-up network says of each crop, mirrored or not, that the channels rise with their number."""
    clip = write_clip(tmp_path / "a.mp4", [square_frame([(100 + 2 * i, 120, 80)]) for i in range(3)])
    scores = np.linspace(0.0, 1.0, 52)
    for options, expected in (([], scores), (["--high-quality"], (scores + scores[MIRRORED_CHANNELS]) / 2)):
        assert run("clip", clip, "--take", tmp_path / "take.npz", *options) == 0
        take = Take.load(tmp_path / "take.npz")
        np.testing.assert_allclose(take.arkit[1], expected, atol=1e-6)
        assert take.header.settings["high_quality"] is bool(options)


def test_clip_writes_what_other_programs_read(tmp_path: Path, squares: Engine) -> None:
    clip = write_clip(tmp_path / "a.mp4", [square_frame([(100 + 2 * i, 120, 80)]) for i in range(10)])
    out = tmp_path / "out"
    out.mkdir()
    files = ["--csv", out / "a.csv", "--bvh", out / "a.bvh", "--json", out / "a.npz"]
    assert run("clip", clip, *files) == 0
    assert listing(out) == {"a.csv", "a.bvh", "a.npz"}
    recording, performance = read_live_link_face(out / "a.csv"), load_performance(out / "a.npz")
    np.testing.assert_allclose(recording.time, performance.time - performance.time[0], atol=1e-4)
    np.testing.assert_allclose(recording.arkit, performance.arkit, atol=1e-6)
    lines = (out / "a.bvh").read_text(encoding="utf-8").splitlines()
    assert "Frames: 10" in lines and "Frame Time: 0.04000000" in lines


def test_what_the_model_does_not_measure_is_said_before_the_work(
    tmp_path: Path, squares: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("regressor.onnx", "morphable_model.npz"):
        (tmp_path / name).write_bytes(b"not looked at")
    monkeypatch.setattr(ModelFolder, "regressor", lambda _: SimpleNamespace(absent_outputs=["arkit"]))
    clip = write_clip(tmp_path / "a.mp4", [square_frame([(160, 120, 80)])] * 5)
    files = ["--take", tmp_path / "a.npz", "--csv", tmp_path / "a.csv"]
    assert run("clip", clip, *files, "--model", tmp_path) == 2
    assert "leave --csv out" in capsys.readouterr().err
    assert squares.detector.calls == 0  # type: ignore[attr-defined]
    assert not (tmp_path / "a.npz").exists()


def test_image_writes_stills(tmp_path: Path, squares: Engine) -> None:
    two = save_photo(tmp_path / "zwei é.png", (90, 120, 80), (240, 120, 50))
    none = save_photo(tmp_path / "none.png")
    kinds = ["depth", "sparse", "ply"]
    assert run("image", two, none, "--stills", tmp_path / "stills", "--draw", *kinds) == 0
    names = {"zwei é_depth.png", "zwei é_sparse.png", "zwei é_face1.ply", "zwei é_face2.ply"}
    assert listing(tmp_path / "stills") == names and listing(tmp_path) == {two.name, none.name, "stills"}
    depth = cv2.imdecode(np.fromfile(tmp_path / "stills" / "zwei é_depth.png", np.uint8), cv2.IMREAD_UNCHANGED)
    assert depth.dtype == np.uint16
    assert depth[120, 90] > 0 and depth[120, 240] > 0 and depth[120, 165] == 0


def test_score_with_boxes_and_with_the_detector(
    tmp_path: Path, squares: Engine, model: MorphableModel, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    labels = {}
    for name, x in (("a.png", 120.0), ("b.png", 180.0)):
        save_photo(photos / name, (x, 120, 80))
        points = model.landmarks68(np.zeros(40), np.zeros(10))[:, :2] * [1.0, -1.0]
        low, high = points.min(axis=0), points.max(axis=0)
        scale = 80.0 / (high - low).max()
        labels[name] = {"landmarks68": ((points - (low + high) / 2) * scale + [x, 120.0]).tolist()}
    (tmp_path / "labels.json").write_text(json.dumps(labels), encoding="utf-8")
    for extra in ([], ["--detect"], ["--high-quality"]):
        assert run("score", photos, tmp_path / "labels.json", "--json", tmp_path / "score.json", *extra) == 0
        score = read(tmp_path / "score.json")
        assert score["photos"] == 2
        assert score["missed"] == []
        assert score["nme68"]["mean"] < 2.0
        assert score["nme51"]["median"] < 2.0
        assert score["nme68"]["over_8"] == 0.0
        assert json.loads(capsys.readouterr().out) == score


def bad_calls(folder: Path) -> dict[str, tuple[list[object], str]]:
    clip = write_clip(folder / "clip.mp4", [square_frame([(160, 120, 80)])] * 5)
    (folder / "cut.mp4").write_bytes(clip.read_bytes()[:2000])
    misnamed = folder / "clip.npz"
    misnamed.write_bytes(clip.read_bytes())
    (folder / "empty.mp4").touch()
    (folder / "text.mp4").write_text("no video", encoding="utf-8")
    wall = write_clip(folder / "wall.mp4", grey(5))
    photo = save_photo(folder / "photo.png", (160, 120, 80))
    still = save_photo(folder / "photo_Depth.png", (160, 120, 80))
    (folder / "text.png").write_text("no photo", encoding="utf-8")
    (folder / "list.json").write_text("[1]", encoding="utf-8")
    (folder / "half.json").write_text("{", encoding="utf-8")
    (folder / "boxes.json").write_text('{"photo.png": [5, 5, 1, 1]}', encoding="utf-8")
    (folder / "others.json").write_text('{"another.png": [5, 5, 9, 9]}', encoding="utf-8")
    (folder / "labels.json").write_text('{"photo.png": {"landmarks68": [[0, 0]]}}', encoding="utf-8")
    for name, points in (("zeros", [[0, 0]] * 68), ("line", [[x, 7] for x in range(68)])):
        labels = {"photo.png": {"landmarks68": points}}
        (folder / f"{name}.json").write_text(json.dumps(labels), encoding="utf-8")
    take, out = ["--take", folder / "take.npz"], ["--json", folder / "out.json"]
    return {
        "missing video": (["clip", folder / "none.mp4", *take], "There is no video"),
        "empty video": (["clip", folder / "empty.mp4", *take], "is empty"),
        "no video": (["clip", folder / "text.mp4", *take], "is not a video"),
        "truncated video": (["clip", folder / "cut.mp4", *take], "cut short"),
        "photo as video": (["clip", photo, *take], "is a photo"),
        "no face": (["clip", wall, *take], "No face was found"),
        "no folder": (["clip", clip, "--take", folder / "nowhere" / "take.npz"], "does not exist"),
        "same file": (["clip", misnamed, "--take", misnamed], "different files"),
        "no outputs": (["clip", clip, "--report", folder / "r.json"], "name at least one of"),
        "two outputs": (["clip", clip, "--json", folder / "a.json", "--report", folder / "a.json"], "different files"),
        "odd ending": (["clip", clip, "--json", folder / "a.txt"], "end in .json or .npz"),
        "another's ending": (["clip", clip, "--csv", folder / "a.bvh"], "end in .csv"),
        "report over a photo": (["clip", clip, *take, "--report", photo], "end in .json"),
        "no name": (["clip", clip, "--take", f"{folder}/"], "is no name of a file"),
        "empty name": (["clip", clip, "--take", ""], "is no name of a file"),
        "foreign bytes": (["clip", folder / "a\udcff.mp4", *take], "rename the file"),
        "photo's foreign bytes": (["image", folder / "a\udcff.png", *out], "rename the file"),
        "shortened option": (["clip", clip, "--tak", folder / "a.npz"], "unrecognized arguments: --tak"),
        "unknown command": (["clap", clip], "--help` says what can be given"),
        "no number": (["clip", clip, *take, "--start", "soon"], "--help` says what can be given"),
        "kinds of no stills": (["image", photo, *out, "--draw", "mesh"], "with --stills"),
        "long name": (["clip", clip, "--take", folder / f"{'a' * 300}.npz"], "choose a shorter one"),
        "no stills": (["image", photo], "Nothing to write"),
        "stills nowhere": (["image", photo, "--stills", folder / "no" / "where"], "does not exist"),
        "stills on a file": (["image", photo, "--stills", photo], "is a file"),
        "stills over a photo": (["image", photo, still, "--stills", folder], "name another folder"),
        "stills of no photo": (["image", folder / "text.png", "--stills", folder / "new"], "is not a photo"),
        "same stems": (["image", photo, folder / "photo.jpg", "--stills", folder], "differ in their ending"),
        "points": (["clip", clip, *take, "--start", "5", "--end", "2"], "out point"),
        "missing photo": (["image", folder / "none.png", *out], "There is no photo"),
        "no photo": (["image", photo, folder / "text.png", *out], "is not a photo"),
        "same names": (["image", photo, photo, *out], "same file name"),
        "boxes list": (["image", photo, *out, "--boxes", folder / "list.json"], "must be a JSON object"),
        "boxes broken": (["image", photo, *out, "--boxes", folder / "half.json"], "is not a JSON file"),
        "boxes missing": (["image", photo, *out, "--boxes", folder / "none.json"], "cannot be read"),
        "boxes inverted": (["image", photo, *out, "--boxes", folder / "boxes.json"], "four numbers"),
        "boxes of others": (["image", photo, *out, "--boxes", folder / "others.json"], "has no box for"),
        "over a photo": (["image", folder / "list.json", "--json", folder / "list.json"], "among the files to read"),
        "json over another photo": (["image", photo, "--json", folder / "text.png"], "end in .json"),
        "over the labels": (["score", folder, folder / "list.json", "--json", folder / "list.json"], "among the files"),
        "score over a photo": (["score", folder, folder / "labels.json", "--json", photo], "end in .json"),
        "labels short": (["score", folder, folder / "labels.json", *out], "68 finite points"),
        "labels zero": (["score", folder, folder / "zeros.json", *out], "for photo.png enclose no face"),
        "labels on a line": (
            ["score", folder, folder / "line.json", *out, "--detect"],
            "for photo.png enclose no face",
        ),
        "labels list": (["score", folder, folder / "list.json", *out], "landmarks68"),
    }


BAD = (
    "missing video", "empty video", "no video", "truncated video", "photo as video", "no face", "no folder",
    "same file", "no outputs", "two outputs", "odd ending", "another's ending", "report over a photo", "no name",
    "empty name", "foreign bytes", "photo's foreign bytes", "shortened option", "unknown command", "no number",
    "kinds of no stills", "long name", "no stills", "score over a photo", "json over another photo", "stills nowhere",
    "stills on a file", "stills over a photo", "stills of no photo", "same stems", "points", "missing photo",
    "no photo", "same names", "boxes list", "boxes broken", "boxes missing", "boxes inverted", "boxes of others",
    "over a photo", "over the labels", "labels short", "labels zero", "labels on a line", "labels list",
)  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gives_one_sentence_and_leaves_nothing_behind(
    tmp_path: Path, squares: Engine, capfd: pytest.CaptureFixture[str], case: str
) -> None:
    arguments, words = bad_calls(tmp_path)[case]
    before = {path: path.stat().st_size for path in tmp_path.iterdir()}
    capfd.readouterr()
    assert run(*arguments) == 2
    out, error = capfd.readouterr()
    assert out == ""
    lines = error.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    assert words in lines[0]
    assert {path: path.stat().st_size for path in tmp_path.iterdir()} == before


def test_a_read_only_output_folder_is_noticed_before_the_work(
    tmp_path: Path, squares: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    locked = Path("/proc")
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not locked.is_dir():
        locked = tmp_path / "locked"
        locked.mkdir(mode=0o500)
        if os.access(locked, os.W_OK):
            pytest.skip("this system knows no read-only folders")
    clip = write_clip(tmp_path / "clip.mp4", [square_frame([(160, 120, 80)])] * 5)
    assert run("clip", clip, "--take", locked / "take.npz") == 2
    assert run("clip", clip, "--take", tmp_path / "take.npz", "--report", locked / "report.json") == 2
    assert run("image", clip, "--json", locked / "out.json") == 2
    assert capsys.readouterr().err.count("cannot be written") == 3
    assert squares.detector.calls == 0  # type: ignore[attr-defined]
    assert not (tmp_path / "take.npz").exists()


def test_an_ending_that_was_left_out_is_added(tmp_path: Path, squares: Engine) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [square_frame([(160, 120, 80)])] * 5)
    assert run("clip", clip, "--take", tmp_path / "shot.v2", "--json", tmp_path / "all", "--end", "0.1") == 0
    assert listing(tmp_path) == {"clip.mp4", "shot.v2.npz", "all.json"}


def test_a_take_says_where_its_footage_lies_as_those_of_blender_do(
    tmp_path: Path, squares: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_clip(tmp_path / "plain.mp4", [square_frame([(160, 120, 80)])] * 5).rename(tmp_path / "Größe.mp4")
    monkeypatch.chdir(tmp_path)
    for name in ("a.npz", "b.npz"):
        assert run("clip", "Größe.mp4", "--take", name) == 0
    headers = [Take.load(tmp_path / name).header for name in ("a.npz", "b.npz")]
    assert {(header.title, header.footage) for header in headers} == {("Größe", str(tmp_path / "Größe.mp4"))}
    assert headers[0].uid and headers[0].uid != headers[1].uid
    age = datetime.now(UTC) - datetime.fromisoformat(headers[0].captured)
    assert timedelta(seconds=-1) <= age < timedelta(minutes=10)


def test_names_that_a_console_has_no_characters_for_are_printed_in_others(tmp_path: Path) -> None:
    call = [sys.executable, "-m", "ddfa_blender", "batch", str(tmp_path / "名.mp4"), "--out", str(tmp_path / "out")]
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    done = subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert done.returncode == 1, done.stderr
    assert b"\\u540d.mp4: There is no file" in done.stdout
    assert "名" in (tmp_path / "out" / "results.csv").read_text(encoding="utf-8-sig")


def test_an_old_take_stays_when_the_capture_fails(tmp_path: Path, squares: Engine) -> None:
    take = tmp_path / "take.npz"
    take.write_bytes(b"old")
    assert run("clip", write_clip(tmp_path / "wall.mp4", grey(5)), "--take", take) == 2
    assert take.read_bytes() == b"old"


def test_the_module_runs_as_a_program(tmp_path: Path) -> None:
    call = [sys.executable, "-m", "ddfa_blender", "clip", str(tmp_path / "none.mp4"), "--take", str(tmp_path / "t.npz")]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: There is no video")
    assert done.stdout == ""


needs_regressor = pytest.mark.skipif(
    not model_file("regressor.onnx").is_file(), reason="model/regressor.onnx is not trained yet"
)


@needs_regressor
def test_real_footage_without_a_face(tmp_path: Path, shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("clip", shared / "clips" / "no_face.mp4", "--take", tmp_path / "take.npz") == 2
    assert "No face was found in no_face.mp4" in capsys.readouterr().err
    assert listing(tmp_path) == set()


@needs_regressor
def test_real_footage_that_cuts_to_a_cartoon_loses_the_face(tmp_path: Path, shared: Path) -> None:
    assert run("clip", shared / "clips" / "face_noface.mov", "--take", tmp_path / "take.npz") == 0
    tracked = Take.load(tmp_path / "take.npz").tracked
    last = int(np.nonzero(tracked)[0].max())
    assert tracked[: last - 5].mean() > 0.95
    assert 60 < last < 90
