# SPDX-License-Identifier: GPL-3.0-or-later
"""The extension's panels in the sidebar: where they are, opened and closed by clicks on their headers."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..project import BuildError
from .screen import Screen
from .window import Window

#: Where a header is clicked, as a fraction of its width: between a tick at its left and a menu at its right.
_SPOT = 0.45
_STILL_SECONDS, _WAIT_SECONDS, _ATTEMPTS = 0.06, 60.0, 4


@dataclass(frozen=True)
class Panel:
    """Where a panel is, screen pixels: ``top`` to ``header`` its header, to ``bottom`` what belongs to it."""

    name: str
    parent: str
    is_open: bool
    left: int
    top: int
    right: int
    header: int
    bottom: int

    @property
    def spot(self) -> tuple[int, int]:
        """Where to click to open or close it."""
        return round(self.left + _SPOT * (self.right - self.left)), (self.top + self.header) // 2


Panels = Mapping[str, Panel]


def body(panels: Panels, name: str) -> tuple[int, int]:
    """Screen rows, from and to, of what a panel draws itself, below its header and above its sub-panels."""
    own = panels[name]
    below = [panel.top for panel in panels.values() if panel.parent == name]
    return own.header, min(below, default=own.bottom)


class Sidebar:
    """Hands and eyes for the panels of the tab that is shown."""

    def __init__(self, screen: Screen, window: Window) -> None:
        self._screen = screen
        self._window = window
        self._remote = window.remote

    def panels(self) -> dict[str, Panel]:
        """Every panel with a header in the sidebar, in view or scrolled out of it, by class, from the top down, once
        they stand still: Blender opens and closes them in an animation, in which it takes no clicks.

        Raises:
            BuildError: they keep moving.
        """
        deadline, before = time.monotonic() + _WAIT_SECONDS, None
        while time.monotonic() < deadline:
            self._remote.ask("redraw")
            time.sleep(_STILL_SECONDS)
            now = self._remote.ask("panel_places")
            if now == before and now:
                height = self._window.about()["height"]
                return {place["name"]: _on_screen(place, height) for place in now}
            before = now
        raise BuildError("The panels in the sidebar do not come to rest; look at the last picture.")

    def edges(self) -> tuple[int, int]:
        """Screen rows between which the sidebar shows panels."""
        _left, top, _right, bottom = self._window.box()
        return top, bottom

    def scroll(self, rows: int) -> bool:
        """Move what the sidebar shows up by so many pixels, down by negative ones; whether anything moved.

        With the operator that the wheel has: over a list, a wheel would turn the list.
        """
        before = self.panels()
        self._remote.ask("call", operator="view2d.pan", area="VIEW_3D", region="UI", deltax=0, deltay=-rows)
        return self.panels() != before

    def set_open(self, name: str, is_open: bool) -> None:
        """Open or close a panel, which must have a header, by a click on it.

        Raises:
            BuildError: it has none, or does not follow.
        """
        for _attempt in range(_ATTEMPTS):
            panel = self.in_view(name)
            if panel.is_open == is_open:
                return
            self._screen.click(*panel.spot)
        raise BuildError(f"The panel {name} does not {'open' if is_open else 'close'}; look at the last picture.")

    def in_view(self, name: str) -> Panel:
        """The panel, scrolled so that its header is to be seen.

        Raises:
            BuildError: there is no such panel, or it cannot be scrolled to.
        """
        for _attempt in range(_ATTEMPTS):
            panels, (top, bottom) = self.panels(), self.edges()
            if name not in panels:
                raise BuildError(f"The sidebar has no panel {name}; it has {', '.join(panels)}.")
            panel = panels[name]
            if top <= panel.top and panel.header <= bottom:
                return panel
            self.scroll(panel.top - top)
        raise BuildError(f"The panel {name} cannot be scrolled to; look at the last picture.")

    def whole(self, name: str) -> Panel:
        """The panel, scrolled so that all of it is to be seen.

        Raises:
            BuildError: it is longer than the sidebar.
        """
        panel, (top, bottom) = self.in_view(name), self.edges()
        if panel.bottom > bottom:
            self.scroll(panel.top - top)
            panel = self.in_view(name)
        if panel.bottom > bottom:
            raise BuildError(f"The panel {name} has {panel.bottom - panel.top} rows, the sidebar {bottom - top}.")
        return panel

    def only(self, *names: str) -> dict[str, Panel]:
        """Open these panels, what holds them and what they hold, and close all others; where they all are then.

        The outermost panel alone counts as what holds the others: everything in it is closed.

        Raises:
            BuildError: there is no such panel.
        """
        parents = {panel: about["parent"] for panel, about in self._remote.ask("panels").items()}
        wanted = opened_with(parents, names)
        while (spare := _lowest_open(self.panels(), wanted)) is not None:
            self.set_open(spare, False)
        for name in wanted:
            self.set_open(name, True)
        return self.panels()


def opened_with(parents: Mapping[str, str], names: Sequence[str]) -> list[str]:
    """What is open with these panels, the outer ones before the inner: what holds them; what they hold, unless they
    are outermost."""
    wanted: dict[str, None] = {}
    for name in names:
        line = _line(parents, name)
        held = [panel for panel in parents if len(line) > 1 and name in _line(parents, panel)]
        wanted |= dict.fromkeys([*reversed(line), *sorted(held, key=lambda panel: len(_line(parents, panel)))])
    return list(wanted)


def _line(parents: Mapping[str, str], name: str) -> list[str]:
    """The panel and those that hold it, the outermost last."""
    line = []
    while name in parents:
        line.append(name)
        name = parents[name]
    return line


def _lowest_open(panels: Panels, wanted: Sequence[str]) -> str | None:
    opened = [panel for panel in panels.values() if panel.is_open and panel.name not in wanted]
    return max(opened, key=lambda panel: panel.top).name if opened else None


def _on_screen(place: Mapping[str, Any], height: int) -> Panel:
    """From Blender's rows, counted up, to the screen's, counted down, for a window of this height."""
    rows = {edge: height - place[edge] for edge in ("top", "header", "bottom")}
    return Panel(place["name"], place["parent"], place["open"], left=place["left"], right=place["right"], **rows)
