# SPDX-License-Identifier: GPL-3.0-or-later
"""The window session's parts that need no window: places, pictures, judgements, talk, command line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ddfa_blender.formats import live_link_face
from tools.project import BuildError
from tools.window_session import __main__ as command
from tools.window_session import judging, make_root, panel_tables, pictures, recording, session
from tools.window_session.footage import lengthen, there_and_back
from tools.window_session.machine import Machine, Process
from tools.window_session.pilot import Button
from tools.window_session.remote import Remote
from tools.window_session.screen import Rectangle, between, to_screen

DOCS = Path(__file__).resolve().parents[2] / "docs"
CLIP = Path(__file__).resolve().parents[1] / "data" / "rendered_clip.mp4"


def _snapshot(users: int = 1, **objects: int) -> dict[str, object]:
    return {
        "blocks": {"objects": {"Cube": users, **objects}, "brushes": {"Draw": users}},
        "settings": {"the scene Scene": {"frame_end": 250, "ddfa.footage.video": "'/a.mp4'"}},
    }


# Places.


def test_blender_counts_up_and_the_screen_down() -> None:
    assert to_screen(0, 999, 1000) == (0, 0)
    assert to_screen(10.4, 0, 1000) == (10, 999)


def test_a_region_covers_the_screen_pixels_that_its_corners_map_to() -> None:
    region = Rectangle(1031, 97, 291, 822)
    left, top, right, bottom = region.on_screen(1000)
    assert to_screen(region.x, region.y + region.height - 1, 1000) == (left, top)
    assert to_screen(region.x + region.width - 1, region.y, 1000) == (right - 1, bottom - 1)


def test_a_drag_ends_where_it_should() -> None:
    assert between((10, 20), (40, 20), 3) == [(20, 20), (30, 20), (40, 20)]
    assert between((7, 9), (0, 30), 10)[-1] == (0, 30)


# Buttons and panels.


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [("ddfa.capture", True), ("ddfa.capt", False), ("ddfa.cancel_capture", False), (".video", False)],
)
def test_an_operator_is_known_by_its_whole_name(wanted: str, matches: bool) -> None:
    assert Button("bpy.ops.ddfa.capture()", "").matches(wanted) is matches


@pytest.mark.parametrize(("wanted", "matches"), [(".video", True), (".deo", False), ("video", False)])
def test_a_property_is_known_by_the_end_of_its_path(wanted: str, matches: bool) -> None:
    assert Button("", 'bpy.data.scenes["Scene"].ddfa.footage.video').matches(wanted) is matches


def test_nothing_matches_no_button() -> None:
    assert not Button("", "").matches(".video") and not Button("", "").matches("ddfa.capture")


# Pictures.


def test_equal_pictures_do_not_differ() -> None:
    picture = np.full((20, 30, 3), 100, np.uint8)
    assert pictures.difference(picture, picture.copy()) == 0.0


def test_the_difference_is_the_fraction_of_changed_pixels() -> None:
    a = np.full((20, 30, 3), 100, np.uint8)
    b = a.copy()
    b[:5, :, 2] = 200
    b[10:] += 3  # within the tolerance
    assert pictures.difference(a, b) == pytest.approx(0.25)
    assert pictures.difference(b, a) == pytest.approx(0.25)


def test_pictures_of_unequal_size_differ_altogether() -> None:
    assert pictures.difference(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8)) == 1.0


def test_the_rows_that_changed_are_found() -> None:
    a = np.full((20, 30, 3), 100, np.uint8)
    b = a.copy()
    assert pictures.rows_of_change(a, b) == (0, 0)
    b[4, 2], b[11, 29, 1] = 150, 0
    b[15] += 3  # within the tolerance
    assert pictures.rows_of_change(a, b) == pictures.rows_of_change(b, a) == (4, 12)


def test_what_has_appeared_is_found_as_a_box() -> None:
    a = np.full((20, 30, 3), 100, np.uint8)
    b = a.copy()
    with pytest.raises(BuildError, match="Nothing has appeared"):
        pictures.box_of_change(a, b)
    b[4:9, 7], b[11, 29, 1] = 150, 0
    assert pictures.box_of_change(a, b) == (7, 4, 30, 12)


def test_the_made_up_recording_is_what_was_performed(tmp_path: Path) -> None:
    known, found = recording.performed(), recording.read(recording.write(tmp_path / "phone.csv"))
    assert len(found) == 62 and all(len(values) == recording.RATE * recording.SECONDS for values in found.values())
    for name, values in found.items():
        np.testing.assert_allclose(values, known.get(name, 61.0 * (name == "BlendshapeCount")), atol=1e-9)
    take = live_link_face.read_live_link_face(tmp_path / "phone.csv")
    np.testing.assert_allclose(np.diff(take.time), 1.0 / recording.RATE, atol=1e-9)


def test_tracks_are_compared_by_how_they_move() -> None:
    rising = np.linspace(0.0, 1.0, 9)
    assert recording.alike(rising, 3.0 * rising + 1.0) == pytest.approx(1.0)
    assert recording.alike(rising, -rising) == pytest.approx(-1.0)
    assert recording.alike(rising, np.zeros(9)) == recording.alike(rising, rising[1:]) == 0.0
    at_24 = recording.resampled("JawOpen", 24, 24.0)
    assert at_24[12] == pytest.approx(recording.performed()["JawOpen"][15])


def test_a_theme_colour_is_counted_in_all_channels() -> None:
    picture = np.zeros((10, 10, 3), np.uint8)
    picture[2:4, 1:6] = (71, 114, 179)
    picture[5, :] = (71, 114, 100)
    assert pictures.count_colour(picture, [71 / 255, 114 / 255, 179 / 255, 1.0]) == 10


def test_a_cut_ends_where_the_picture_does() -> None:
    picture = np.arange(10 * 8 * 3, dtype=np.uint8).reshape(10, 8, 3)
    np.testing.assert_array_equal(pictures.cut(picture, (2, 3, 5, 7)), picture[3:7, 2:5])
    assert pictures.cut(picture, (-4, -4, 3, 40)).shape == (10, 3, 3)


def test_a_picture_comes_back_as_it_was_written(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (12, 9, 3)).astype(np.uint8)
    pictures.save_for_docs(picture, tmp_path / "a.png")
    np.testing.assert_array_equal(pictures.read(tmp_path / "a.png"), picture)


def test_a_picture_for_the_docs_is_made_to_fit_or_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (300, 400, 3)).astype(np.uint8)
    with pytest.raises(BuildError, match="120 kB"):
        pictures.save_for_docs(noise, tmp_path / "a.png")
    pictures.save_for_docs(noise, tmp_path / "a.jpg")
    assert (tmp_path / "a.jpg").stat().st_size <= pictures.LIMIT
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no")
    with pytest.raises(BuildError, match="no picture"):
        pictures.read(tmp_path / "a.png")


# Judgements.


def test_the_same_file_shows_no_change() -> None:
    assert judging.changes(_snapshot(), _snapshot()) == []


def test_every_kind_of_change_is_named() -> None:
    after = _snapshot(users=2, Head=1)
    after["settings"] = {"the scene Scene": {"frame_end": 106, "ddfa.footage.video": "'/a.mp4'"}}
    found = judging.changes(_snapshot(Lamp=1), after)
    assert len(found) == 4
    users, frames = "'Cube' in objects had 1 users and has 2", "frame_end of the scene Scene was 250 and is 106"
    for part in ("gained 'Head'", "lost 'Lamp'", users, frames):
        assert any(part in line for line in found), part


def test_users_are_compared_only_when_asked_for() -> None:
    assert judging.changes(_snapshot(), _snapshot(users=2), users=False) == []


def test_a_kind_of_data_block_may_be_new_altogether() -> None:
    after = _snapshot()
    after["blocks"] = {**after["blocks"], "armatures": {"Head": 1}}  # type: ignore[dict-item]
    assert judging.changes(_snapshot(), after) == ["armatures have gained 'Head'"]
    assert judging.gained(_snapshot(), after, "armatures") == ["Head"]
    assert judging.gained(_snapshot(), after, "meshes") == []


def test_what_nobody_uses_is_not_written_to_files() -> None:
    snapshot = _snapshot(Orphan=0)
    assert judging.changes(judging.kept_in_files(snapshot), _snapshot()) == []
    assert judging.changes(snapshot, _snapshot()) == ["objects have lost 'Orphan'"]


@pytest.mark.parametrize(
    ("values", "rises"),
    [([1, 5, 9], True), ([1, 5, 5, 9], True), ([1, 9], False), ([1, 9, 5, 12], False), ([7, 7, 7], False), ([], False)],
)
def test_a_bar_moves_when_it_grows_twice_and_never_shrinks(values: list[int], rises: bool) -> None:
    assert judging.rises(values, times=2) is rises


def test_errors_in_the_log_are_found_and_chatter_is_not() -> None:
    log = (
        "Info: Captured 132 frames\ncould not get a list of mounted file-systems\n"
        'Traceback (most recent call last):\n  File "x.py", line 3, in draw\nAttributeError: no such thing\n'
        "rna_uiItemR: property not found: SceneState.video\nBlender quit\n"
    )
    assert judging.complaints(log) == [
        "Traceback (most recent call last):", "AttributeError: no such thing",
        "rna_uiItemR: property not found: SceneState.video",
    ]  # fmt: skip


# Footage.


def test_footage_is_played_to_and_fro_without_a_jump() -> None:
    indices = list(there_and_back(4, 14))
    assert indices == [0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1]
    assert list(there_and_back(1, 3)) == [0, 0, 0]


def test_lengthened_footage_is_as_long_as_asked_for(tmp_path: Path) -> None:
    long = lengthen(CLIP, tmp_path / "long.mp4", 6.0)
    capture = cv2.VideoCapture(str(long))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(30.0)
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 180
    capture.release()


def test_footage_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no")
    with pytest.raises(BuildError, match="cannot be read as a video"):
        lengthen(tmp_path / "a.mp4", tmp_path / "b.mp4", 1.0)


# Talk.


def _helper(folder: Path, reply: dict[str, object]) -> threading.Thread:
    """Answers one request, as the script inside Blender does."""

    def answer() -> None:
        while not (waiting := list(folder.glob("request-*.json"))):
            time.sleep(0.005)
        request = json.loads(waiting[0].read_text(encoding="utf-8"))
        half = folder / "reply.half"
        half.write_text(json.dumps({**reply, "asked": request}), encoding="utf-8")
        half.rename(folder / waiting[0].name.replace("request", "reply"))

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    return thread


def test_a_question_gets_its_answer(tmp_path: Path) -> None:
    helper = _helper(tmp_path, {"value": [1, 2]})
    assert Remote(tmp_path, lambda: True).ask("value", path="scene.frame_end") == [1, 2]
    helper.join(5.0)
    request = json.loads(next(tmp_path.glob("request-*.json")).read_text(encoding="utf-8"))
    assert request == {"what": "value", "with": {"path": "scene.frame_end"}}
    assert not list(tmp_path.glob("reply*"))


def test_an_error_inside_blender_reaches_the_user(tmp_path: Path) -> None:
    _helper(tmp_path, {"error": "KeyError: 'x'"})
    with pytest.raises(BuildError, match=r"could not answer 'value'[\s\S]*KeyError"):
        Remote(tmp_path, lambda: True).ask("value")


def test_a_blender_that_died_is_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="ended while it was asked for 'window'"):
        Remote(tmp_path, lambda: False).ask("window", timeout=600.0)


def test_a_blender_that_hangs_is_not_waited_for_ever(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="no answer to 'window' within 0 s"):
        Remote(tmp_path, lambda: True).ask("window", timeout=0.05)


# Machines.


def test_on_this_machine_a_command_is_run_as_it_is(tmp_path: Path) -> None:
    assert Machine(Path("/"), tmp_path).command(["echo", tmp_path]) == ["echo", str(tmp_path)]


def test_in_a_chroot_a_command_sees_the_shared_folder_and_keeps_its_arguments() -> None:
    command_line = Machine(Path("/deb"), Path("/out put")).command(["echo", "a b", Path("/x")])
    assert command_line[:2] == ["unshare", "--mount"]
    assert command_line[-5:] == ["/deb", "/out put", "echo", "a b", "/x"]


def test_a_missing_program_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0, raising=False)
    programs = tmp_path / "usr" / "bin"
    programs.mkdir(parents=True)
    for name in ("blender", "Xvfb"):
        (programs / name).touch()
    (programs / "import").symlink_to("/etc/alternatives/import")  # leads nowhere outside the chroot
    with pytest.raises(BuildError, match="has no xdotool;"):
        Machine(tmp_path, tmp_path).check()
    (programs / "xdotool").touch()
    Machine(tmp_path, tmp_path).check()


def test_a_missing_root_is_told(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="There is no folder"):
        Machine(tmp_path / "nowhere", tmp_path).check()


@pytest.mark.skipif(sys.platform == "win32", reason="the session runs on Linux")
def test_a_process_ends_when_it_is_stopped(tmp_path: Path) -> None:
    script = "import time; print('up', flush=True); time.sleep(600)"
    process = Process(Machine(Path("/"), tmp_path), [sys.executable, "-c", script], {}, tmp_path / "log")
    assert process.alive() and not process.wait(0.01)
    process.stop()
    assert not process.alive() and process.wait(0.0)


@pytest.mark.skipif(sys.platform == "win32", reason="the session runs on Linux")
def test_a_root_needs_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0, raising=False)
    monkeypatch.setattr("shutil.which", lambda _name: "/usr/sbin/debootstrap")
    monkeypatch.setattr(make_root, "check", lambda *_arguments: pytest.fail("it was filled"))
    (tmp_path / "mine.txt").touch()
    with pytest.raises(BuildError, match="is not empty"):
        make_root.make("trixie", tmp_path)


# The docs' tables.


_CONTENTS: dict[str, list[dict[str, Any]]] = {
    "DDFA_PT_head": [
        {"name": "Drive", "description": "Which keys", "choices": [{"name": "ARKit", "description": "All 52 | only"}]},
        {"name": "Neck Share", "description": "How much.", "choices": []},
        {"name": "Neck Share", "description": "How much.", "choices": []},
        {"name": "", "description": "A button without a word", "choices": []},
    ],
    "DDFA_PT_look": [{"name": "Texture", "description": "A picture", "choices": []}],
    "DDFA_PT_empty": [],
}
_PAGE = "# Head\n\nText.\n\n<!-- settings DDFA_PT_head -->\nold\n<!-- end -->\n\nMore.\n"


def test_a_table_has_a_row_for_each_setting_with_a_name() -> None:
    filled = panel_tables.fill(_PAGE, _CONTENTS)
    assert filled == (
        "# Head\n\nText.\n\n<!-- settings DDFA_PT_head -->\n"
        "| setting | what it does |\n| --- | --- |\n"
        "| **Drive** | Which keys.<br>*ARKit*: All 52 \\| only. |\n"
        "| **Neck Share** | How much. |\n"
        "<!-- end -->\n\nMore.\n"
    )
    assert panel_tables.fill(filled, _CONTENTS) == filled


def test_many_choices_are_told_by_their_first_ones() -> None:
    choices = [{"name": f"Key {i}", "description": f"The face of key {i}"} for i in range(13)]
    entry = {"name": "Pose", "description": "Which pose", "choices": choices}
    text = panel_tables.table([entry])
    assert text.count("Key") == 2 and "<br>… and 11 more. |" in text
    assert panel_tables.table([{**entry, "choices": choices[:12]}]).count("*Key") == 12


def test_panels_that_the_page_leaves_out_are_told() -> None:
    assert panel_tables.missing(_PAGE, _CONTENTS) == ["DDFA_PT_look"]


def test_a_table_for_a_panel_that_is_gone_is_refused() -> None:
    with pytest.raises(BuildError, match="no such panel"):
        panel_tables.fill(_PAGE.replace("PT_head", "PT_hat"), _CONTENTS)


# The docs themselves.


@pytest.mark.parametrize("name", ["quick-start.md", "panels.md", "troubleshooting.md"])
def test_the_docs_link_to_what_is_there(name: str) -> None:
    page = DOCS / name
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if not link.startswith("http") and not (page.parent / link).is_file()]


def test_every_panel_has_its_table_and_its_picture() -> None:
    page = (DOCS / "panels.md").read_text(encoding="utf-8")
    tables = re.findall(r"<!-- settings (\w+) -->\n(.*?)<!-- end -->", page, re.DOTALL)
    assert len(tables) >= 10 and all(rows.count("| **") for _name, rows in tables)
    assert page.count("](images/panel_") >= 8


def test_pictures_of_the_docs_are_small() -> None:
    taken = [*DOCS.glob("images/panel_*"), *DOCS.glob("images/window_*")]
    assert taken and all(path.stat().st_size <= pictures.LIMIT for path in taken)


# The command line.


def test_paths_are_absolute_and_the_clip_is_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    options = command.parse(["--blender-root", "deb", "--out", "~/x"])
    assert options.blender_root == tmp_path.resolve() / "deb"
    assert options.out == Path.home().resolve() / "x"
    assert options.clip == CLIP and options.zip is None and options.scenario == "capture" and options.language == ""


def test_an_unknown_scenario_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.parse(["--blender-root", "/", "--out", "x", "--scenario", "dance"])
    message = capsys.readouterr().err
    assert all(name in message for name in command.SCENARIOS)


def test_a_missing_zip_is_one_sentence_and_exit_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--blender-root", "/", "--zip", str(tmp_path / "no.zip"), "--out", str(tmp_path / "out")]
    assert command.main(arguments) == 1
    assert capsys.readouterr().err == f"error: There is no zip at {(tmp_path / 'no.zip').resolve()}; check the path.\n"
    assert not (tmp_path / "out").exists()


def test_a_new_run_clears_what_the_last_one_left_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in ("01_installed.png", "blender.log", "failure.png", "report.json", "notes.txt", "photo.png"):
        (out / name).touch()
    zip_path = tmp_path / "x.zip"
    zip_path.touch()
    work = session._prepare(out, zip_path, CLIP)
    assert {path.name for path in out.iterdir()} == {"work", "notes.txt", "photo.png"}
    assert {path.name for path in work.iterdir()} == {"home", "talk", "x.zip", CLIP.name, *session.INSIDE}


def test_the_command_starts_without_blender() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.window_session", "--help"],
        cwd=CLIP.parents[2], capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0 and "--blender-root" in done.stdout
