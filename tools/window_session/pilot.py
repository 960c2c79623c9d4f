# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds buttons by asking Blender what is beneath the mouse, and works them (see the package's text)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..project import BuildError
from . import pictures
from .remote import Remote
from .screen import Screen, to_screen
from .sidebar import Sidebar, body
from .window import SIDEBAR, Box, Window, region_in, wait_for

MAIN = "DDFA_PT_capture"
#: Pixels at interface scale 1: less than half a button's height; from the sidebar's right edge to the tabs.
_STEP, TABS = 9, 10
#: Across a panel, as fractions of its width: where buttons are looked for.
_COLUMNS = (0.5, 0.78, 0.3, 0.93, 0.86)
_UNFOLD_SECONDS, _RESIZE_SECONDS, _ARRIVE_SECONDS = 0.35, 20.0, 10.0
_PAGES = 6


@dataclass(frozen=True)
class Button:
    """What a button does: the call of its operator, or the path of its property."""

    operator: str
    property: str

    def matches(self, wanted: str) -> bool:
        """``ddfa.capture`` names an operator, ``.video`` a property by the end of its path."""
        if wanted.startswith("."):
            return self.property.endswith(wanted)
        return self.operator.startswith(f"bpy.ops.{wanted}(")


class Pilot:
    """Hands and eyes of the session in Blender's main window."""

    def __init__(self, screen: Screen, remote: Remote, scratch: Path) -> None:
        self.screen = screen
        self.remote = remote
        self.window = Window(remote)
        self.sidebar = Sidebar(screen, self.window)
        self._scratch = scratch

    def wait_for(self, what: str, test: Callable[[], bool], seconds: float) -> None:
        """Ask again and again.

        Raises:
            BuildError: ``what`` did not happen in time.
        """
        wait_for(what, test, seconds)

    def open_tab(self, name: str) -> None:
        """Show a tab of the sidebar by clicking down the row of tabs until it is the one.

        Raises:
            BuildError: there is no such tab.
        """
        self.remote.ask("show_sidebar")
        time.sleep(_UNFOLD_SECONDS)
        scale = self.window.scale()
        _left, top, right, bottom = self.window.box()
        for y in _rows(top, bottom, scale):
            if region_in(self.window.about(), *SIDEBAR)["tab"] == name:
                break
            self.screen.click(round(right - TABS * scale), y)
        else:
            raise BuildError(f"The sidebar has no tab {name!r}; is the extension enabled?")
        self.rest()
        time.sleep(_UNFOLD_SECONDS)

    def find(self, wanted: str, panel: str = MAIN, columns: Sequence[float] = _COLUMNS) -> tuple[int, int]:
        """Screen pixel of a button in an open panel of the sidebar, scrolled to if need be; the mouse is left on it.

        ``columns``: where across the panel it is looked for, as fractions of the width.

        Raises:
            BuildError: the mouse meets it nowhere.
        """
        self.sidebar.in_view(panel)
        for _page in range(_PAGES):
            panels, (top, bottom) = self.sidebar.panels(), self.sidebar.edges()
            first, end = body(panels, panel) if panel == MAIN else (panels[panel].header, panels[panel].bottom)
            box = (panels[panel].left, max(first, top), panels[panel].right, min(end, bottom))
            spot = self._meet(wanted, box, SIDEBAR, columns)
            if spot is not None:
                return spot
            if end <= bottom or not self.sidebar.scroll((bottom - top) * 2 // 3):
                break
        raise BuildError(f"The mouse finds no button for {wanted!r} in the panel {panel}; look at the last picture.")

    def find_in(self, wanted: str, area: str, region: str) -> tuple[int, int]:
        """Screen pixel of a button in any region of the window; the mouse is left on it.

        Raises:
            BuildError: the mouse meets it nowhere.
        """
        spot = self._meet(wanted, self.window.box(area, region), (area, region))
        if spot is None:
            raise BuildError(f"The mouse finds no button for {wanted!r} in {area} {region}; look at the last picture.")
        return spot

    def click(self, wanted: str, panel: str = MAIN) -> None:
        """Click the button in the sidebar."""
        self.screen.click(*self.find(wanted, panel))

    def enter(self, wanted: str, text: str, panel: str = MAIN) -> None:
        """Type into a text field of the sidebar, in the place of what is there."""
        self.write_at(self.find(wanted, panel), text)

    def write_at(self, spot: tuple[int, int], text: str) -> None:
        """Type into the text field at a screen pixel, in the place of what is there."""
        self.screen.click(*spot, count=2)
        time.sleep(_UNFOLD_SECONDS)
        self.screen.key("ctrl+a")
        self.screen.write(text)
        self.screen.key("Return")
        self.window.settle()

    def rest(self) -> None:
        """Take the mouse to an empty place in the viewport, so that it lights up nothing and keys reach the scene."""
        place = self.window.region("VIEW_3D", "WINDOW")
        height = self.window.about()["height"]
        self.screen.move(*to_screen(place.x + place.width * 0.3, place.y + place.height * 0.15, height))

    def look(self) -> pictures.Picture:
        """What the window shows."""
        return pictures.read(self.save_picture(self._scratch / "look.png"))

    def save_picture(self, path: Path) -> Path:
        """Save what the window shows."""
        window = self.window.about()
        return self.screen.picture(path, (window["width"], window["height"]))

    def resize(self, width: int, height: int) -> None:
        """Give the window another size, in which nothing is where it was."""
        self.screen.resize_window(width, height)
        self.wait_for("The window's new size", lambda: self.window.about()["height"] == height, _RESIZE_SECONDS)
        self.window.settle()

    def look_at(self, area: str = SIDEBAR[0], region: str = SIDEBAR[1]) -> pictures.Picture:
        """What a region shows."""
        return pictures.cut(self.look(), self.window.box(area, region))

    def _meet(
        self, wanted: str, box: Box, place: tuple[str, str], columns: Sequence[float] = _COLUMNS
    ) -> tuple[int, int] | None:
        """Where in a box on the screen the mouse meets a button, column by column."""
        left, top, right, bottom = box
        about = self.window.about()
        for column in columns:
            for y in _rows(top, bottom, float(about["scale"])):
                spot = round(left + column * (right - left)), y
                if self._at(spot, place, about["height"]).matches(wanted):
                    return spot
        return None

    def _at(self, spot: tuple[int, int], place: tuple[str, str], height: int) -> Button:
        """The button at a screen pixel, once Blender has seen the mouse there, in a window of this height."""
        self.screen.move(*spot)

        def arrived() -> bool:
            x, y = self.remote.ask("mouse")
            return to_screen(x, y, height) == spot

        self.wait_for("That Blender sees the mouse", arrived, _ARRIVE_SECONDS)
        return Button(**self.remote.ask("hovered", area=place[0], region=place[1]))


def _rows(top: int, bottom: int, scale: float) -> Iterator[int]:
    """Screen rows to try, from top to bottom."""
    step = _STEP * scale
    count = max(int((bottom - top) / step), 1)
    return (top + round((bottom - top) * (i + 0.5) / count) for i in range(count))
