# SPDX-License-Identifier: GPL-3.0-or-later
"""What the interface says: tooltips, menu search, preferences, and a slider dragged while the head follows."""

from __future__ import annotations

import time

from . import judging
from .capture_scenario import CAPTURE, capture, empty_scene, pick
from .session import Session

_TOOLTIP_SECONDS, _MENU_SECONDS, _BAKE_SECONDS = 2.5, 1.0, 120.0
_BAKE = "DDFA_OT_bake_actor_texture"
_LOOK, _HEAD = "DDFA_PT_look", "DDFA_PT_head"
#: A slider of the clean-up that moves every curve of its group, and its panel; pixels to drag, and from where the mouse
#: first meets the field to its middle, for the arrows at its ends do not drag.
_SLIDER, _PANEL, _DRAG, _INTO_FIELD = ".gain_mouth", "DDFA_PT_gains", 160, 20
_VALUE = "scene.ddfa.head.ddfa.settings.cleanup.gain_mouth"
#: Frames between two looks at the curves; seconds within which they have to follow.
_EVERY, _FOLLOW_SECONDS = 8, 30.0


def run(session: Session) -> None:
    """The whole scenario.

    Raises:
        BuildError: a step did not happen; the message says which.
    """
    pilot = session.pilot
    session.install()
    overruled = session.remote.ask("overruled_words")
    session.require(not overruled, f"Blender's own words win: {'; '.join(overruled)}.")
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
    session.remote.ask("show_preferences", on=True)
    time.sleep(_MENU_SECONDS * 2)
    session.step("preferences")
    session.remote.ask("show_preferences", on=False)


def _bake_skin(session: Session) -> None:
    """Click Bake Texture and look at the head with it."""
    pilot = session.pilot
    pilot.sidebar.only(_LOOK)
    pilot.click("ddfa.bake_actor_texture", _LOOK)
    pilot.rest()
    pilot.wait_for("The start of the baking", lambda: _BAKE in pilot.window.modal(), _BAKE_SECONDS)
    session.step("baking the skin")
    pilot.wait_for("The end of the baking", lambda: _BAKE not in pilot.window.modal(), _BAKE_SECONDS)
    session.remote.ask("shade", kind="SOLID", colour="TEXTURE")
    session.remote.ask("call", operator="view3d.view_axis", area="VIEW_3D", type="FRONT")
    session.remote.ask("call", operator="view3d.view_selected", area="VIEW_3D")
    time.sleep(_MENU_SECONDS)
    session.step("skin baked")


def _add_camera(session: Session) -> None:
    """Click Add Camera with Footage: the head has to cover the face behind it."""
    pilot = session.pilot
    pilot.sidebar.only(_HEAD)
    pilot.click("ddfa.add_footage_camera", _HEAD)
    pilot.rest()
    time.sleep(_MENU_SECONDS * 2)
    session.step("camera with footage")


def _drag_slider(session: Session) -> None:
    """Drag, with the mouse, what bakes the head again: its curves have to follow while the button is still held."""
    pilot, remote = session.pilot, session.remote
    pilot.sidebar.only(_PANEL)
    before, still = remote.ask("snapshot"), remote.ask("played", every=_EVERY)
    held: list[float] = []

    def look() -> None:
        what = "That the head's curves follow the slider while it is held"
        pilot.wait_for(what, lambda: remote.ask("played", every=_EVERY) != still, _FOLLOW_SECONDS)
        held.append(remote.ask("value", path=_VALUE))

    x, y = pilot.find(_SLIDER, _PANEL)
    x += _INTO_FIELD
    pilot.screen.drag((x, y), (x + _DRAG, y), halfway=look)
    pilot.window.settle()
    found = judging.changes(before, remote.ask("snapshot"), users=False)
    pilot.rest()
    session.step("slider dragged", changes=found, followed_at=held)
    session.require(any(_SLIDER in change for change in found), "Dragging the slider did not change its setting.")
