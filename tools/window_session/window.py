# SPDX-License-Identifier: GPL-3.0-or-later
"""What Blender tells of its main window."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ..project import BuildError
from .remote import Remote
from .screen import Rectangle

SIDEBAR = ("VIEW_3D", "UI")
Box = tuple[int, int, int, int]


class Window:
    """Blender's main window, in the top left corner of the screen."""

    def __init__(self, remote: Remote) -> None:
        self.remote = remote

    def about(self) -> dict[str, Any]:
        """All that it tells at once."""
        return dict(self.remote.ask("window"))

    def scale(self) -> float:
        """Pixels for one of an interface at scale 1."""
        return float(self.about()["scale"])

    def modal(self) -> list[str]:
        """The operators that run modally."""
        return list(self.about()["modal"])

    def region(self, area: str = SIDEBAR[0], region: str = SIDEBAR[1]) -> Rectangle:
        """Where a region is, window pixels.

        Raises:
            BuildError: it is not shown.
        """
        found = region_in(self.about(), area, region)
        return Rectangle(found["x"], found["y"], found["width"], found["height"])

    def box(self, area: str = SIDEBAR[0], region: str = SIDEBAR[1]) -> Box:
        """Where a region is: left, top, right, bottom on the screen, right and bottom exclusive."""
        return self.region(area, region).on_screen(self.about()["height"])

    def settle(self) -> None:
        """Let Blender draw what has changed: answers come from the event loop that draws."""
        self.remote.ask("redraw")
        for _turn in range(3):
            self.about()


def region_in(window: dict[str, Any], area: str, region: str) -> dict[str, Any]:
    """One region of what the window tells.

    Raises:
        BuildError: it is not shown.
    """
    for found in window["regions"]:
        if (found["area"], found["region"]) == (area, region):
            return dict(found)
    raise BuildError(f"Blender shows no region {region} in {area}; look at the last picture.")


def wait_for(what: str, test: Callable[[], bool], seconds: float) -> None:
    """Ask again and again.

    Raises:
        BuildError: ``what`` did not happen in time.
    """
    deadline = time.monotonic() + seconds
    while not test():
        if time.monotonic() > deadline:
            raise BuildError(f"{what} did not happen within {seconds:.0f} s.")
        time.sleep(0.1)
