# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of Blender with a window, and the pictures and figures that it leaves."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..project import BuildError, log
from . import judging
from .machine import Machine, Process, start_screen
from .pilot import Pilot
from .remote import Remote
from .screen import Screen

#: Pixels of the screen, and of Blender's window in its top left corner: a scenario may make it taller.
SCREEN, WINDOW = (1600, 2000), (1600, 1000)
TAB = "Face Capture"
#: What runs inside Blender.
INSIDE = ("in_blender.py", "dna.py", "character.py", "motion.py", "words.py")
_START_SECONDS, _INSTALL_SECONDS, _QUIT_SECONDS = 90.0, 180.0, 15.0


@dataclass
class Session:
    """What a scenario works with. ``out`` gets ``NN_name.png``, ``report.json`` and ``blender.log``."""

    out: Path
    work: Path
    zip_path: Path
    clip: Path
    pilot: Pilot
    remote: Remote
    steps: list[dict[str, Any]] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)

    def step(self, name: str, *, picture: bool = True, **figures: Any) -> None:
        """Note that a step has happened, with what the screen shows now."""
        entry = {"step": name, "seconds": round(time.monotonic() - self._began, 1), **figures}
        if picture:
            path = self.out / f"{len(self.steps) + 1:02d}_{name.replace(' ', '_')}.png"
            self.pilot.window.settle()
            self.pilot.save_picture(path)
            entry["picture"] = path.name
        self.steps.append(entry)
        log(" ".join([f"{entry['seconds']:6.1f} s  {name}", *(f"{k}={v}" for k, v in figures.items())]))

    def install(self) -> None:
        """Install the zip and show the extension's tab."""
        began = time.monotonic()
        self.remote.ask("install", path=str(self.zip_path), timeout=_INSTALL_SECONDS)
        seconds = time.monotonic() - began
        self.pilot.open_tab(TAB)
        self.step("installed", install_seconds=round(seconds, 1))

    def require(self, holds: bool, otherwise: str) -> None:
        """Raise BuildError(otherwise) unless ``holds``."""
        if not holds:
            raise BuildError(otherwise)

    def require_unchanged(self, before: judging.Snapshot, what: str, *, users: bool = True) -> None:
        """Raise BuildError unless the file is as it was."""
        found = judging.changes(before, self.remote.ask("snapshot"), users=users)
        self.require(not found, f"{what} did not leave the file as it was: {'; '.join(found)}.")

    def complaints(self) -> list[str]:
        """What Blender wrote to its console that no user should see."""
        return judging.complaints((self.out / "blender.log").read_text(encoding="utf-8", errors="replace"))


@contextmanager
def running(root: Path, zip_path: Path, clip: Path, out: Path, *, language: str = "") -> Iterator[Session]:
    """Blender with a window on a screen of its own; both end with the block, whatever happens.

    Args:
        root: ``/`` or the chroot that Blender is in.
        zip_path: the extension.
        clip: footage.
        out: gets pictures, report and log; what an earlier run left there is removed.
        language: Blender's language, such as ``de_DE``; English without it.

    Raises:
        BuildError: something is missing, or a step of the scenario failed; ``out/failure.png`` shows the screen then.
    """
    work = _prepare(out, zip_path, clip)
    machine = Machine(root, out)
    machine.check()
    server, display = start_screen(machine, work / "home", SCREEN)
    try:
        screen = Screen(machine, work / "home", display)
        # Blender counts the window's place from the bottom of the screen.
        geometry = [str(number) for number in (0, SCREEN[1] - WINDOW[1], *WINDOW)]
        helper = [str(work / "in_blender.py"), "--", str(work / "talk"), language]
        arguments = ["blender", "--window-geometry", *geometry, "--python", *helper]
        blender = Process(machine, arguments, machine.environment(work / "home", display), out / "blender.log")
        try:
            remote = Remote(work / "talk", blender.alive)
            remote.ask("window", timeout=_START_SECONDS)
            pilot = Pilot(screen, remote, work)
            yield from _guarded(Session(out, work, work / zip_path.name, work / clip.name, pilot, remote))
            remote.ask("leave")
            blender.wait(_QUIT_SECONDS)
        finally:
            blender.stop()
    finally:
        server.stop()
        shutil.rmtree(work, ignore_errors=True)


def _guarded(session: Session) -> Iterator[Session]:
    """The session, with a report at its end and a picture of its failure."""
    try:
        yield session
        found = session.complaints()
        session.require(not found, f"Blender's console has {len(found)} error lines: {' | '.join(found[:5])}")
    except BaseException:
        session.pilot.screen.picture(session.out / "failure.png", SCREEN)
        raise
    finally:
        text = json.dumps(session.steps, indent=2) + "\n"
        (session.out / "report.json").write_text(text, encoding="utf-8")


def _prepare(out: Path, zip_path: Path, clip: Path) -> Path:
    """A fresh work folder with copies of what Blender is to read: the chroot sees nothing else of this machine."""
    for path, what in ((zip_path, "zip"), (clip, "clip")):
        if not path.is_file():
            raise BuildError(f"There is no {what} at {path}; check the path.")
    out.mkdir(parents=True, exist_ok=True)
    for old in (*out.glob("[0-9][0-9]_*.png"), *out.glob("*.log"), out / "failure.png", out / "report.json"):
        old.unlink(missing_ok=True)
    work = out / "work"
    shutil.rmtree(work, ignore_errors=True)
    for folder in ("home", "talk"):
        (work / folder).mkdir(parents=True)
    for source in (zip_path, clip, *(Path(__file__).with_name(name) for name in INSIDE)):
        shutil.copy2(source, work)
    return work
