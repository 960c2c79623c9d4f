# SPDX-License-Identifier: GPL-3.0-or-later
"""Remake requirements/*.txt from pyproject.toml's dependency groups: ``python -m tools.lock`` (needs uv)."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .project import REQUIREMENTS, BuildError, requirements_of, status_of

_HEADER = "# Made by `python -m tools.lock` from the group {group} in pyproject.toml; do not edit.\n"


@dataclass(frozen=True)
class Lock:
    """One group's lock file: for which Python, whether with everything its packages depend on, and ``without`` what."""

    group: str
    python: str
    dependencies: bool = True
    without: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """Where the lock lies."""
        return REQUIREMENTS / f"{self.group}.txt"


#: Wheels inside the zip bring no dependencies: Blender has numpy, and they need nothing else.
LOCKS = (
    Lock("core", "3.11"),
    Lock("distributed", "3.11"),
    Lock("detector", "3.11", dependencies=False),
    Lock("fuzz", "3.11", dependencies=False),
    Lock("training", "3.11", dependencies=False),
    Lock("teacher", "3.11", without=("opencv-contrib-python",)),
    Lock("teacher-model", "3.11", dependencies=False),
    Lock("wheels-cp311", "3.11", dependencies=False),
    Lock("wheels-cp313", "3.13", dependencies=False),
    Lock("wheels-cp314", "3.14", dependencies=False),
    Lock("blender-4.2", "3.11"),
    Lock("blender-4.5", "3.11"),
    Lock("blender-5.0", "3.11"),
    Lock("blender-5.2", "3.13"),
)


def _compile(uv: str, lock: Lock, requirements: Sequence[str]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / f"{lock.group}.in"
        source.write_text("\n".join(requirements) + "\n", encoding="utf-8")
        options = [] if lock.dependencies else ["--no-deps"]
        options += [part for package in lock.without for part in ("--no-emit-package", package)]
        answer = subprocess.run(
            [
                uv, "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-annotate", "--no-header",
                "--no-config", "--python-version", lock.python, *options, str(source),
            ],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    return answer.stdout


def main() -> None:
    """Write every lock anew."""
    uv = shutil.which("uv")
    if uv is None:
        raise BuildError("uv makes the locks: install it (`pip install uv`) and run this again.")
    REQUIREMENTS.mkdir(exist_ok=True)
    for lock in LOCKS:
        text = _compile(uv, lock, requirements_of(lock.group))
        lock.path.write_text(_HEADER.format(group=lock.group) + text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(status_of(main))
