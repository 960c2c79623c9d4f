# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Blender with its window runs: this machine, or a Debian in a folder (a chroot), on a screen of its own."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..project import BuildError

#: What has to be there; ``import`` is ImageMagick's.
PROGRAMS = ("blender", "Xvfb", "xdotool", "import")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games"
_START_SECONDS, _STOP_SECONDS = 20.0, 10.0

#: Mounts only what the command needs, in a mount namespace of its own, so that nothing stays mounted behind it.
_ENTER = """set -e
root="$1" shared="$2"; shift 2
mount --make-rprivate /
mkdir -p "$root$shared" "$root/proc" "$root/dev"
mountpoint -q "$root/proc" || mount --bind /proc "$root/proc"
mountpoint -q "$root/dev" || mount --rbind /dev "$root/dev"
mount --bind "$shared" "$root$shared"
exec chroot "$root" "$@"
"""


@dataclass(frozen=True)
class Machine:
    """``root``: ``/`` or the chroot; ``shared``: the one folder that both sides see under the same path."""

    root: Path
    shared: Path

    def check(self) -> None:
        """Raise BuildError unless everything that a session needs is there."""
        if not self.root.is_dir():
            raise BuildError(f"There is no folder {self.root}; tools/window_session/make_root.py makes one.")
        if self._is_chroot and os.geteuid() != 0:
            raise BuildError(f"Entering {self.root} needs root; run this as root, or use --blender-root /.")
        missing = [name for name in PROGRAMS if not self._has(name)]
        if missing:
            raise BuildError(f"{self.root} has no {', '.join(missing)}; make_root.py lists the Debian packages.")

    def command(self, arguments: Sequence[str | os.PathLike[str]]) -> list[str]:
        """What to run on this side so that ``arguments`` run there."""
        inner = [os.fspath(argument) for argument in arguments]
        if not self._is_chroot:
            return inner
        return ["unshare", "--mount", "sh", "-c", _ENTER, "enter", str(self.root), str(self.shared), *inner]

    def environment(self, home: Path, display: str = "") -> dict[str, str]:
        """A bare environment: software OpenGL, a home of its own, English."""
        return {
            "PATH": _PATH, "HOME": str(home), "LC_ALL": "C.UTF-8", "LIBGL_ALWAYS_SOFTWARE": "1",
            **({"DISPLAY": display} if display else {}),
        }  # fmt: skip

    def _has(self, program: str) -> bool:
        # Debian's alternatives are links from the chroot's own root: seen from outside they lead nowhere.
        places = [self.root / folder.lstrip("/") / program for folder in _PATH.split(":")]
        return any(os.path.lexists(place) for place in places)

    @property
    def _is_chroot(self) -> bool:
        return self.root != Path("/")


class Process:
    """A program that runs beside the session, and ends with it."""

    def __init__(
        self, machine: Machine, arguments: Sequence[str | os.PathLike[str]], environment: Mapping[str, str], log: Path
    ) -> None:
        with log.open("ab") as stream:
            self._popen = subprocess.Popen(
                machine.command(arguments), env=dict(environment), cwd="/",
                stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def alive(self) -> bool:
        """It has not ended."""
        return self._popen.poll() is None

    def stop(self) -> None:
        """Ask it to end; then make it."""
        self._popen.terminate()
        try:
            self._popen.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()

    def wait(self, seconds: float) -> bool:
        """It has ended within ``seconds``."""
        try:
            self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True


def start_screen(machine: Machine, home: Path, size: tuple[int, int]) -> tuple[Process, str]:
    """An X server of ``size`` pixels on a free display; returns it and the display's name.

    Raises:
        BuildError: it did not come up.
    """
    number, log = machine.shared / "display.txt", machine.shared / "xvfb.log"
    number.unlink(missing_ok=True)
    width, height = size
    # The shell gives the server a file to write its display number to: a pipe would not cross the chroot's exec.
    script = f'exec Xvfb -displayfd 3 -screen 0 {width}x{height}x24 -dpi 96 -nolisten tcp 3>"$1"'
    server = Process(machine, ["sh", "-c", script, "sh", number], machine.environment(home), log)
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.alive():
        if number.exists() and (text := number.read_text(encoding="utf-8").strip()):
            return server, f":{text}"
        time.sleep(0.05)
    server.stop()
    raise BuildError(f"The X server did not start; see {log}.")
