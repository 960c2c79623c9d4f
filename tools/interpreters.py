# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Pythons this machine has. Blender as a module exists for 3.11 and 3.13 only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from .project import BuildError

#: Versions that can carry the core's environment, in the order of preference.
CORE_VERSIONS = ("3.11", "3.13")

#: The base executable, because a virtual environment must not rest on another one that may be remade.
_PROBE = (
    "import sys, venv; print('%d.%d' % sys.version_info[:2]); "
    "print(getattr(sys, '_base_executable', None) or sys.executable)"
)


def _candidates(version: str) -> Iterator[Path]:
    yield Path(sys.executable)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    if pyenv.is_dir():
        # pyenv's shims on PATH refuse versions that are not activated, so look behind them.
        for folder in sorted(pyenv.glob(f"{version}*"), reverse=True):
            yield folder / "bin" / "python"
    found = shutil.which(f"python{version}")
    if found:
        yield Path(found)
    if os.name == "nt":
        launcher = shutil.which("py")
        if launcher:
            answer = subprocess.run(
                [launcher, f"-{version}", "-c", "import sys; print(sys.executable)"],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if answer.returncode == 0:
                yield Path(answer.stdout.strip())


def _probe(python: Path) -> tuple[str, Path] | None:
    """Version and resolved path of a working Python with the venv module."""
    try:
        answer = subprocess.run([python, "-I", "-c", _PROBE], capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if answer.returncode != 0:
        return None
    version, executable = answer.stdout.splitlines()
    return version, Path(executable)


@cache
def find(version: str) -> Path | None:
    """A Python of this version ("3.11") that can make virtual environments, or None."""
    for candidate in _candidates(version):
        probed = _probe(candidate)
        if probed is not None and probed[0] == version:
            return probed[1]
    return None


def for_core() -> tuple[str, Path]:
    """Version and path of the Python for the core's environment: the running one where it fits.

    Raises:
        BuildError: the machine has none of ``CORE_VERSIONS``.
    """
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    for version in sorted(CORE_VERSIONS, key=lambda v: v != running):
        python = find(version)
        if python is not None:
            return version, python
    raise BuildError(
        f"Python {' or '.join(CORE_VERSIONS)} is needed (this is {running}): install one from python.org, your package "
        "manager or pyenv, and run this again."
    )
