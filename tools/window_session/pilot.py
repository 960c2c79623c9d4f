# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds buttons and panels by asking Blender what is beneath the mouse, and works them (see the package's text)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..project import BuildError
from . import pictures
from .remote import Remote
from .screen import Rectangle, Screen, to_screen

SIDEBAR = ("VIEW_3D", "UI")
#: Pixels at interface scale 1: less than half a button's height; a header's height; from the right edge to the tabs.
_STEP, _HEADER, TABS = 9, 20, 10
#: Folded headers lie no further apart than this many of their heights.
_FAR = 4
#: Across the sidebar, as fractions of its width: where buttons are looked for; where panel headers have their names.
_COLUMNS, _HEADER_COLUMN = (0.5, 0.78, 0.3), 0.22
_UNFOLD_SECONDS, _RESIZE_SECONDS = 0.35, 20.0
_PAGES, _WHEEL_STEPS = 4, 12


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


def header_of(changed: Set[str], parents: Mapping[str, str]) -> str | None:
    """The panel whose header was clicked when these opened or closed: the one whose parent did not."""
    outermost = [panel for panel in sorted(changed) if parents.get(panel, "") not in changed and panel in parents]
    return outermost[0] if outermost else None


class Pilot:
    """Hands and eyes of the session in Blender's main window."""

    def __init__(self, screen: Screen, remote: Remote, scratch: Path) -> None:
        self.screen = screen
        self.remote = remote
        self._scratch = scratch
        self._known: dict[str, tuple[int, int]] = {}

    def region(self, area: str = SIDEBAR[0], region: str = SIDEBAR[1]) -> Rectangle:
        """Where a region is now.

        Raises:
            BuildError: it is not shown.
        """
        found = self._region(self.remote.ask("window"), area, region)
        return Rectangle(found["x"], found["y"], found["width"], found["height"])

    def modal(self) -> list[str]:
        """The operators that run modally."""
        return list(self.remote.ask("window")["modal"])

    def wait_for(self, what: str, test: Callable[[], bool], seconds: float) -> None:
        """Ask again and again.

        Raises:
            BuildError: ``what`` did not happen in time.
        """
        deadline = time.monotonic() + seconds
        while not test():
            if time.monotonic() > deadline:
                raise BuildError(f"{what} did not happen within {seconds:.0f} s.")
            time.sleep(0.1)

    def open_tab(self, name: str) -> None:
        """Show a tab of the sidebar by clicking down the row of tabs until it is the one.

        Raises:
            BuildError: there is no such tab.
        """
        self.remote.ask("show_sidebar")
        time.sleep(_UNFOLD_SECONDS)
        window = self.remote.ask("window")
        place = self._region(window, *SIDEBAR)
        x = place["x"] + place["width"] - TABS * window["scale"]
        for y in self._rows(window, place):
            if self._region(self.remote.ask("window"), *SIDEBAR)["tab"] == name:
                break
            self.screen.click(*to_screen(x, y, window["height"]))
        else:
            raise BuildError(f"The sidebar has no tab {name!r}; is the extension enabled?")
        self.rest()
        time.sleep(_UNFOLD_SECONDS)

    def find(self, wanted: str) -> tuple[int, int]:
        """Screen pixel of a button in the sidebar, scrolled to if need be; the mouse is left on it.

        Raises:
            BuildError: the mouse meets it nowhere.
        """
        if wanted in self._known and self._is_at(wanted, self._known[wanted]):
            return self._known[wanted]
        self._scroll(-_PAGES * _WHEEL_STEPS)
        for _page in range(_PAGES):
            for place in self._places():
                if self._is_at(wanted, place):
                    self._known[wanted] = place
                    return place
            if not self._scroll(_WHEEL_STEPS):
                break
        raise BuildError(f"The mouse finds no button for {wanted!r} in the sidebar; look at the last picture.")

    def click(self, wanted: str) -> None:
        """Click the button in the sidebar."""
        self.screen.click(*self.find(wanted))

    def enter(self, wanted: str, text: str) -> None:
        """Type into a text field of the sidebar, in the place of what is there."""
        self.screen.click(*self.find(wanted), count=2)
        time.sleep(_UNFOLD_SECONDS)
        self.screen.key("ctrl+a")
        self.screen.write(text)
        self.screen.key("Return")
        self.settle()

    def rest(self) -> None:
        """Take the mouse to an empty place in the viewport, so that it lights up nothing and keys reach the scene."""
        place = self.region("VIEW_3D", "WINDOW")
        window = self.remote.ask("window")
        self.screen.move(*to_screen(place.x + place.width * 0.3, place.y + place.height * 0.15, window["height"]))

    def fold_all(self) -> dict[str, int]:
        """Close every panel but the outermost; screen y of their headers, by class, from the top down.

        Panels inside sub-panels have no header then, and are missing.

        Raises:
            BuildError: a panel's header is not found.
        """
        self._scroll(-_PAGES * _WHEEL_STEPS)
        parents = self._parents()
        (top,) = (name for name, parent in parents.items() if not parent)
        headers = self._find_headers({top}, parents, from_y=0)
        spot = (self._header_x(), headers[top])
        folded = self._toggle_all(spot, {top})
        # Where the first sub-panel's arrow turns, the row of headers begins: nothing above needs to be tried.
        first, _end = self.sidebar_change(folded, self._toggle_all(spot, None))
        self._toggle_all(spot, {top})
        subs = {name for name, parent in parents.items() if parent == top}
        headers.update(self._find_headers(subs, parents, from_y=first))
        self.rest()
        return headers

    def unfold(self, panel: str, headers: Mapping[str, int]) -> None:
        """Open a panel by its header, where :meth:`fold_all` found it, and the panels in it."""
        self._toggle((self._header_x(), headers[panel]))
        parents = self._parents()
        children = {name for name, parent in parents.items() if parent == panel}
        if not children <= self.drawn():
            found = self._find_headers(children, parents, from_y=headers[panel] + _HEADER)
            for child in sorted(found, key=lambda name: -found[name]):
                self._toggle((self._header_x(), found[child]))
        self.rest()
        self.settle()

    def fold(self, panel: str, headers: Mapping[str, int]) -> None:
        """Close it again."""
        self._toggle((self._header_x(), headers[panel]))
        self.rest()
        self.settle()

    def _parents(self) -> dict[str, str]:
        return {name: about["parent"] for name, about in self.remote.ask("panels").items()}

    def _header_x(self) -> int:
        place = self.region()
        return round(place.x + place.width * _HEADER_COLUMN)

    def _toggle_all(self, spot: tuple[int, int], wanted: set[str] | None) -> pictures.Picture:
        """Ctrl-click on the outermost panel's header, which folds or unfolds all inside, until only ``wanted`` are
        open, or once; what the screen shows then."""
        for _attempt in range(3):
            if wanted is None or self.drawn() != wanted:
                self.screen.click(*spot, modifier="ctrl")
                time.sleep(_UNFOLD_SECONDS)
            if wanted is None or self.drawn() == wanted:
                break
        else:
            raise BuildError("The sub-panels do not close with Ctrl-click on the outermost panel's header.")
        self.rest()
        self.settle()
        return self.look()

    def _find_headers(self, wanted: Set[str], parents: Mapping[str, str], *, from_y: int) -> dict[str, int]:
        """Screen y of the headers of these panels, looked for from ``from_y`` down, and once more for what a busy
        machine missed."""
        window = self.remote.ask("window")
        height = _HEADER * window["scale"]
        place = self._region(window, *SIDEBAR)
        headers: dict[str, int] = {}
        opened = self.drawn()
        for y in [*self._rows(window, place)] * 2:
            spot = (self._header_x(), to_screen(0, y, window["height"])[1])
            if wanted <= headers.keys():
                return dict(sorted(headers.items(), key=lambda item: item[1]))
            # Below the last panel a click would go through to the viewport.
            below = bool(headers) and spot[1] > max(headers.values()) + _FAR * height
            if spot[1] < from_y or below or any(abs(spot[1] - known) < height for known in headers.values()):
                continue
            self.screen.move(*spot)
            if self._hovered() == Button("", ""):
                found, opened = self._try_header(spot, parents, opened)
                headers.update(found)
        missing = ", ".join(sorted(wanted - headers.keys()))
        raise BuildError(f"The headers of {missing} are not found in the sidebar; look at the last picture.")

    def _try_header(
        self, spot: tuple[int, int], parents: Mapping[str, str], before: set[str]
    ) -> tuple[dict[str, int], set[str]]:
        """Click there; if that opened or closed a panel, its class and y, and what is open now.

        Sub-panels are left closed, others open.
        """
        after = self._toggle(spot)
        panel = header_of(before ^ after, parents)
        if panel is None:
            return {}, after
        if (panel in after) == bool(parents[panel]):
            after = self._toggle(spot)
        return {panel: spot[1]}, after

    def drawn(self) -> set[str]:
        """The extension's panels that are open."""
        self.settle()
        return set(self.remote.ask("drawn_panels"))

    def settle(self) -> None:
        """Let Blender draw what has changed: answers come from the event loop that draws."""
        self.remote.ask("redraw")
        for _turn in range(3):
            self.remote.ask("window")

    def look(self) -> pictures.Picture:
        """What the window shows."""
        return pictures.read(self.save_picture(self._scratch / "look.png"))

    def save_picture(self, path: Path) -> Path:
        """Save what the window shows."""
        window = self.remote.ask("window")
        return self.screen.picture(path, (window["width"], window["height"]))

    def resize(self, width: int, height: int) -> None:
        """Give the window another size, in which nothing is where it was."""
        self.screen.resize_window(width, height)
        self.wait_for("The window's new size", lambda: self.remote.ask("window")["height"] == height, _RESIZE_SECONDS)
        self._known.clear()
        self.settle()

    def look_at(self, area: str = SIDEBAR[0], region: str = SIDEBAR[1]) -> pictures.Picture:
        """What a region shows."""
        height = self.remote.ask("window")["height"]
        return pictures.cut(self.look(), self.region(area, region).on_screen(height))

    def sidebar_change(self, a: pictures.Picture, b: pictures.Picture) -> tuple[int, int]:
        """First screen row in which two pictures differ within the sidebar, and the row below the last."""
        box = self.region().on_screen(self.remote.ask("window")["height"])
        first, end = pictures.rows_of_change(pictures.cut(a, box), pictures.cut(b, box))
        return first + box[1], end + box[1]

    def _toggle(self, spot: tuple[int, int]) -> set[str]:
        self.screen.click(*spot)
        time.sleep(_UNFOLD_SECONDS)
        return self.drawn()

    def _hovered(self) -> Button:
        return Button(**self.remote.ask("hovered", area=SIDEBAR[0], region=SIDEBAR[1]))

    def _is_at(self, wanted: str, place: tuple[int, int]) -> bool:
        self.screen.move(*place)
        return self._hovered().matches(wanted)

    def _places(self) -> Iterator[tuple[int, int]]:
        """Down the sidebar, column by column."""
        window = self.remote.ask("window")
        place = self._region(window, *SIDEBAR)
        for column in _COLUMNS:
            for y in self._rows(window, place):
                yield to_screen(place["x"] + place["width"] * column, y, window["height"])

    @staticmethod
    def _rows(window: dict[str, Any], place: dict[str, Any]) -> Iterator[float]:
        """Window y from the region's top to its bottom."""
        step = _STEP * window["scale"]
        y = place["y"] + place["height"] - step
        while y > place["y"]:
            yield y
            y -= step

    def _scroll(self, steps: int) -> bool:
        """Turn the wheel over the sidebar; whether anything moved."""
        window = self.remote.ask("window")
        place = self.region()
        before = self.look_at()
        # Near the top, where a panel is: where there is none, the wheel goes through to the viewport and zooms it.
        y = place.y + place.height - 2 * _STEP * window["scale"]
        self.screen.move(*to_screen(place.x + place.width * _HEADER_COLUMN, y, window["height"]))
        self.screen.scroll(steps)
        time.sleep(_UNFOLD_SECONDS)
        return pictures.difference(before, self.look_at()) > 0.01

    @staticmethod
    def _region(window: dict[str, Any], area: str, region: str) -> dict[str, Any]:
        for found in window["regions"]:
            if (found["area"], found["region"]) == (area, region):
                return dict(found)
        raise BuildError(f"Blender shows no region {region} in {area}; look at the last picture.")
