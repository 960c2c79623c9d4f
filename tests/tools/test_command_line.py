# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools import command_line
from tools.project import ROOT, BuildError


def _build(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "build.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT.parent)


def test_env_prints_the_python_and_nothing_else() -> None:
    answer = _build("env")
    assert answer.returncode == 0, answer.stderr
    (line,) = answer.stdout.splitlines()
    probe = "import cv2, numpy, onnxruntime, pytest; print('ready')"
    assert subprocess.run([line, "-c", probe], capture_output=True, text=True, check=True).stdout == "ready\n"
    assert (ROOT / "model" / "face_detector.onnx").exists()


def test_unknown_command_is_refused() -> None:
    answer = _build("dance")
    assert answer.returncode == 2
    assert answer.stdout == ""


def test_a_build_error_is_one_line_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> Path:
        raise BuildError("Do this.")

    monkeypatch.setattr(command_line.environments, "ensure_core", fail)
    assert command_line.main(["env"]) == 2
    assert capsys.readouterr() == ("", "error: Do this.\n")


def test_a_folder_that_cannot_be_written_is_one_line_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> Path:
        raise PermissionError(13, "Permission denied", "/somewhere/dist")

    monkeypatch.setattr(command_line.environments, "ensure_core", fail)
    assert command_line.main(["env"]) == 2
    assert capsys.readouterr() == ("", "error: /somewhere/dist: Permission denied; check the permissions.\n")
