# SPDX-License-Identifier: GPL-3.0-or-later
"""What the interface says: tooltips, menu search, preferences, and a slider dragged while the head follows."""

from __future__ import annotations

import time

from . import judging
from .capture_scenario import CAPTURE, capture, pick
from .session import Session

_TOOLTIP_SECONDS, _MENU_SECONDS = 2.5, 1.0
#: A slider of the clean-up that moves every curve of its group, its panels from the outside in, and how far to drag.
_SLIDER, _PANELS, _DRAG = ".smooth_mouth", ("DDFA_PT_cleanup",), 60


def run(session: Session) -> None:
    """The whole scenario.

    Raises:
        BuildError: a step did not happen; the message says which.
    """
    pilot = session.pilot
    session.install()
    pilot.find(CAPTURE)
    time.sleep(_TOOLTIP_SECONDS)
    session.step("why Capture is grey")
    pilot.rest()
    pilot.screen.key("F3")
    time.sleep(_MENU_SECONDS)
    pilot.screen.write("capture")
    time.sleep(_MENU_SECONDS)
    session.step("menu search")
    pilot.screen.key("Escape")
    pick(session, str(session.clip))
    capture(session)
    _drag_slider(session)
    session.remote.ask("show_preferences")
    time.sleep(_MENU_SECONDS * 2)
    session.step("preferences")


def _drag_slider(session: Session) -> None:
    """Drag, with the mouse, what re-bakes the head."""
    pilot = session.pilot
    headers = pilot.fold_all()
    for panel in _PANELS:
        pilot.unfold(panel, headers)
    before = session.remote.ask("snapshot")
    x, y = pilot.find(_SLIDER)
    began = time.monotonic()
    pilot.screen.drag((x, y), (x + _DRAG, y))
    pilot.settle()
    seconds = time.monotonic() - began
    found = judging.changes(before, session.remote.ask("snapshot"), users=False)
    pilot.rest()
    session.step("slider dragged", seconds_to_drag=round(seconds, 2), changes=found)
