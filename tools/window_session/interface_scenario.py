# SPDX-License-Identifier: GPL-3.0-or-later
"""What the interface says: tooltips, menu search, preferences, and a slider dragged while the head follows."""

from __future__ import annotations

import time

from . import judging
from .capture_scenario import CAPTURE, capture, empty_scene, pick
from .session import Session

_TOOLTIP_SECONDS, _MENU_SECONDS, _BAKE_SECONDS = 2.5, 1.0, 120.0
_BAKE = "DDFA_OT_bake_actor_texture"
#: A slider of the clean-up that moves every curve of its group, and its panel; pixels to drag, and from where the mouse
#: first meets the field to its middle, for the arrows at its ends do not drag.
_SLIDER, _PANEL, _DRAG, _INTO_FIELD = ".smooth_mouth", "DDFA_PT_cleanup", 80, 40


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
    session.remote.ask("search_menus")
    time.sleep(_MENU_SECONDS)
    pilot.screen.write("capture")
    time.sleep(_MENU_SECONDS)
    session.step("menu search")
    pilot.screen.key("Escape")
    empty_scene(session)
    pick(session, str(session.clip))
    capture(session)
    _drag_slider(session)
    _bake_skin(session)
    _add_camera(session)
    session.remote.ask("show_preferences")
    time.sleep(_MENU_SECONDS * 2)
    session.step("preferences")


def _bake_skin(session: Session) -> None:
    """Click Bake Texture and look at the head with it."""
    pilot = session.pilot
    headers = pilot.fold_all()
    pilot.unfold("DDFA_PT_look", headers)
    pilot.click("ddfa.bake_actor_texture")
    pilot.rest()
    pilot.wait_for("The start of the baking", lambda: _BAKE in pilot.modal(), _BAKE_SECONDS)
    session.step("baking the skin")
    pilot.wait_for("The end of the baking", lambda: _BAKE not in pilot.modal(), _BAKE_SECONDS)
    session.remote.ask("shade", kind="SOLID", colour="TEXTURE")
    session.remote.ask("call", operator="view3d.view_axis", area="VIEW_3D", type="FRONT")
    session.remote.ask("call", operator="view3d.view_selected", area="VIEW_3D")
    time.sleep(_MENU_SECONDS)
    session.step("skin baked")
    pilot.fold("DDFA_PT_look", headers)


def _add_camera(session: Session) -> None:
    """Click Add Camera with Footage: the head has to cover the face behind it."""
    pilot = session.pilot
    headers = pilot.fold_all()
    pilot.unfold("DDFA_PT_head", headers)
    pilot.click("ddfa.add_footage_camera")
    pilot.rest()
    time.sleep(_MENU_SECONDS * 2)
    session.step("camera with footage")


def _drag_slider(session: Session) -> None:
    """Drag, with the mouse, what re-bakes the head."""
    pilot = session.pilot
    headers = pilot.fold_all()
    pilot.unfold(_PANEL, headers)
    before = session.remote.ask("snapshot")
    x, y = pilot.find(_SLIDER)
    x += _INTO_FIELD
    began = time.monotonic()
    pilot.screen.drag((x, y), (x + _DRAG, y))
    pilot.settle()
    seconds = time.monotonic() - began
    found = judging.changes(before, session.remote.ask("snapshot"), users=False)
    pilot.rest()
    session.step("slider dragged", seconds_to_drag=round(seconds, 2), changes=found)
    session.require(any(_SLIDER in change for change in found), "Dragging the slider did not change its setting.")
