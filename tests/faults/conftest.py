# SPDX-License-Identifier: GPL-3.0-or-later
"""What the drills share: a clip, a take, a process to kill, and the table that ``python -m tools.faults`` prints."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ddfa_blender.support import square_frame, write_clip

ROOT = Path(__file__).resolve().parents[2]
#: Names the file that gets a line of JSON for each row of the table.
TABLE = "DDFA_FAULT_TABLE"
#: Seconds that a process may take to come to where it is killed.
_PATIENCE = 120.0

Row = Callable[[str, str, str], None]


@pytest.fixture
def row() -> Row:
    """``row(fault, what happened, what the user sees)``: a line of the fault table, once all has been checked."""

    def add(fault: str, happened: str, told: str) -> None:
        path = os.environ.get(TABLE)
        if path:
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(json.dumps([fault, happened, told], ensure_ascii=False) + "\n")

    return add


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Twenty frames of a face that is a red square."""
    return write_clip(tmp_path / "clip.mp4", [square_frame([(90 + 2 * i, 120, 80)]) for i in range(20)])


class Victim:
    """A process that captures a clip and keeps the take; see victim.py."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, stage: str = "") -> subprocess.Popen[bytes]:
        """``stage``: where it stops and waits to be killed; "" = it runs to its end."""
        variables = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-m", "tests.faults.victim", str(self.folder), stage]
        return subprocess.Popen(command, cwd=ROOT, env=variables, stderr=subprocess.PIPE)

    def run(self) -> None:
        """To the end."""
        process = self.start()
        _, complaints = process.communicate(timeout=_PATIENCE)
        assert process.returncode == 0, complaints.decode()

    def die(self, stage: str) -> None:
        """Until it has reached the ``stage``; then ``kill -9``."""
        process = self.start(stage)
        marker = self.folder / "reached"
        deadline = time.monotonic() + _PATIENCE
        while not marker.exists():
            assert process.poll() is None, process.communicate()[1].decode()
            assert time.monotonic() < deadline, f"{stage} was never reached"
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        assert process.wait(_PATIENCE) == -signal.SIGKILL
        process.stderr.close()  # type: ignore[union-attr]
        marker.unlink()


@pytest.fixture
def victim(clip: Path) -> Victim:
    if not hasattr(signal, "SIGKILL"):
        pytest.skip("this system has no kill -9")
    return Victim(clip.parent)
