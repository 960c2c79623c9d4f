# SPDX-License-Identifier: GPL-3.0-or-later
"""Mouse, keyboard and pictures of one X display. Screen pixels: origin top left, y down."""

from __future__ import annotations

import itertools
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..project import BuildError
from .machine import Machine

#: Blender takes a press and a release for a click only when they come in different turns of its event loop.
_PRESS_SECONDS, _SETTLE_SECONDS = 0.06, 0.03
_COMMAND_SECONDS = 30.0
_DRAG_MOVES = 10


@dataclass(frozen=True)
class Rectangle:
    """Window pixels as Blender counts them: (x, y) is the bottom left corner, y up."""

    x: int
    y: int
    width: int
    height: int

    def on_screen(self, window_height: int) -> tuple[int, int, int, int]:
        """Left, top, right, bottom in screen pixels, right and bottom exclusive, for a window in the corner."""
        top = window_height - self.y - self.height
        return self.x, top, self.x + self.width, top + self.height


def to_screen(x: float, y: float, window_height: int) -> tuple[int, int]:
    """The screen pixel of Blender's window pixel (x, y), for a window whose top left corner is the screen's."""
    return round(x), window_height - 1 - round(y)


def between(start: tuple[int, int], end: tuple[int, int], count: int) -> list[tuple[int, int]]:
    """``count`` places from ``start`` (exclusive) to ``end`` (inclusive), evenly spaced."""
    (x0, y0), (x1, y1) = start, end
    return [(x0 + (x1 - x0) * i // count, y0 + (y1 - y0) * i // count) for i in range(1, count + 1)]


@dataclass(frozen=True)
class Screen:
    """One display of a machine."""

    machine: Machine
    home: Path
    display: str

    def move(self, x: int, y: int) -> None:
        """Put the mouse there."""
        self._xdotool("mousemove", str(x), str(y))
        time.sleep(_SETTLE_SECONDS)

    def click(self, x: int, y: int, *, count: int = 1, modifier: str = "") -> None:
        """Click with the left button, while the key ``modifier`` is held."""
        press = ("mousedown", "1", "sleep", str(_PRESS_SECONDS), "mouseup", "1", "sleep", str(_SETTLE_SECONDS))
        held, released = _around(modifier)
        move = ("mousemove", str(x), str(y), "sleep", str(_PRESS_SECONDS))
        self._xdotool(*move, *held, *(press * count), *released)

    def drag(
        self, start: tuple[int, int], end: tuple[int, int], *, halfway: Callable[[], object] = lambda: None
    ) -> None:
        """Press the left button at ``start``, release it at ``end``; on the way as many moves as a hand makes, and
        a rest in which ``halfway`` is called.

        The moves are relative ones, as a mouse makes them: Blender puts the pointer back while a field is dragged.
        """
        pause = ("sleep", str(_PRESS_SECONDS))
        places = [start, *between(start, end, _DRAG_MOVES)]
        moves = [
            ("mousemove_relative", "--", str(x - before_x), str(y - before_y), *pause)
            for (before_x, before_y), (x, y) in itertools.pairwise(places)
        ]
        half = len(moves) // 2
        press = ("mousemove", *map(str, start), *pause, "mousedown", "1", *pause)
        self._xdotool(*press, *itertools.chain(*moves[:half]))
        try:
            halfway()
        finally:
            self._xdotool(*itertools.chain(*moves[half:]), *pause, "mouseup", "1", *pause)

    def scroll(self, steps: int, *, modifier: str = "") -> None:
        """Turn the wheel, while the key ``modifier`` is held; positive is down."""
        button = "5" if steps > 0 else "4"
        held, released = _around(modifier)
        self._xdotool(*held, "click", "--repeat", str(abs(steps)), "--delay", "30", button, *released)

    def key(self, combination: str) -> None:
        """Press and release, such as ``ctrl+z`` or ``Escape``."""
        self._xdotool("key", combination)

    def write(self, text: str) -> None:
        """Type it."""
        self._xdotool("type", "--delay", "8", "--", text)

    def resize_window(self, width: int, height: int) -> None:
        """Give Blender's only window another size."""
        self._xdotool("search", "--onlyvisible", "--class", "blender", "windowsize", str(width), str(height))

    def picture(self, path: Path, size: tuple[int, int]) -> Path:
        """Save the top left ``size`` pixels of what the screen shows.

        Blender's own screenshots are black without a graphics card.
        """
        self._run("import", "-silent", "-window", "root", "-crop", f"{size[0]}x{size[1]}+0+0", "+repage", path)
        return path

    def _xdotool(self, *arguments: str) -> None:
        self._run("xdotool", *arguments)

    def _run(self, *arguments: str | Path) -> None:
        command = self.machine.command(arguments)
        environment = self.machine.environment(self.home, self.display)
        done = subprocess.run(
            command, env=environment, cwd="/", capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False
        )
        if done.returncode != 0:
            raise BuildError(f"{arguments[0]} failed on display {self.display}: {done.stderr.strip()}")


def _around(modifier: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """xdotool's words before and after what is done while a key is held; none without a key."""
    return (("keydown", modifier), ("keyup", modifier)) if modifier else ((), ())
