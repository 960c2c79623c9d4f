# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo does with input it cannot use: one sentence, and an older demo/ survives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tools import command_line, demo, environments
from tools.environments import Environment
from tools.project import BuildError


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A demo whose environments and zip stand ready, with an older result in place."""
    environment = Environment(tmp_path / "venv", "3.11", tmp_path / "base", ())
    monkeypatch.setattr(demo, "BUILD", tmp_path)
    monkeypatch.setattr(demo, "DEMO", tmp_path / "demo")
    monkeypatch.setattr(demo.environments, "ensure_core", lambda: tmp_path / "python")
    monkeypatch.setattr(demo.environments, "newest_blender", lambda: ("5.2", environment))
    monkeypatch.setattr(Environment, "ensure", lambda self: self.python)
    monkeypatch.setattr(demo.extension_zip, "this_platform", lambda: "linux-x64")
    monkeypatch.setattr(demo.extension_zip, "build", lambda _names: [tmp_path / "x.zip"])
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "old.txt").write_text("old", encoding="utf-8")
    (tmp_path / "video.mp4").write_bytes(b"not really")
    return tmp_path


def _blender_that(writes: dict[str, str], status: int) -> Callable[..., int]:
    def run(command: list[object], *, output: Path, **_options: object) -> int:
        output.write_text("chatter", encoding="utf-8")
        for name, text in writes.items():
            (Path(str(command[-1])) / name).write_text(text, encoding="utf-8")
        return status

    return run


def _assert_untouched(workplace: Path) -> None:
    assert {path.name for path in workplace.iterdir()} == {"demo", "video.mp4"}
    assert [path.name for path in (workplace / "demo").iterdir()] == ["old.txt"]


def test_missing_video(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["demo", "/nowhere/at all/ä.mp4"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("error: There is no video at ")
    assert captured.err.endswith("check the path.\n")


def test_folder_for_a_video(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"is a folder; name a video file in it\.$"):
        demo.make(tmp_path, None)


def test_unknown_blender(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        command_line.main(["demo", "--blender", "2.79"])
    assert stop.value.code == 2
    message = capsys.readouterr().err
    assert all(version in message for version in environments.BLENDERS)


def test_what_blender_says_reaches_the_user(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "run", _blender_that({"error.txt": "No face was found."}, status=2))
    with pytest.raises(BuildError, match=r"^No face was found\.$"):
        demo.make(workplace / "video.mp4", None)
    _assert_untouched(workplace)


def test_blender_that_dies_leaves_nothing(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "run", _blender_that({"head.fbx": "half"}, status=-11))
    with pytest.raises(BuildError, match=r"status -11 before head\.blend, take\.npz, report\.json was written"):
        demo.make(workplace / "video.mp4", None)
    _assert_untouched(workplace)
    assert "chatter" in capsys.readouterr().err


def test_a_complete_result_replaces_the_old_one(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = dict.fromkeys(("head.fbx", "head.blend", "take.npz", "report.json"), "new")
    # A status that is not 0: Blender as a module may crash after everything is written.
    monkeypatch.setattr(demo, "run", _blender_that(results, status=-11))
    monkeypatch.setattr(
        demo, "_contact_sheet", lambda *arguments: (arguments[-1] / "contact_sheet.png").write_bytes(b"png")
    )
    assert demo.make(workplace / "video.mp4", None) == workplace / "demo"
    assert {path.name for path in (workplace / "demo").iterdir()} == {*results, "contact_sheet.png"}
    assert {path.name for path in workplace.iterdir()} == {"demo", "video.mp4"}


def test_a_failing_contact_sheet_keeps_the_old_result(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = dict.fromkeys(("head.fbx", "head.blend", "take.npz", "report.json"), "new")
    monkeypatch.setattr(demo, "run", _blender_that(results, status=0))

    def fail(*_arguments: object) -> None:
        raise BuildError("The contact sheet cannot be drawn")

    monkeypatch.setattr(demo, "_contact_sheet", fail)
    with pytest.raises(BuildError):
        demo.make(workplace / "video.mp4", None)
    _assert_untouched(workplace)
