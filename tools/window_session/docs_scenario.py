# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of the user docs: ``out/docs/``, to be copied to ``docs/images/`` after a look at them.

``window_*.jpg`` show the whole window, ``panel_*.png`` one panel of the sidebar each, named after its class.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import cv2
import numpy as np

from . import pictures
from .capture_scenario import capture, empty_scene, pick, start
from .footage import lengthen
from .pilot import MAIN
from .retarget_scenario import add_character, choose_character, find_mapping
from .session import Session
from .sidebar import body

#: Width of a whole window's picture, pixels; seconds of footage for the picture of the bar, and into the capture.
_WIDTH = 1200
_LONG, _INTO_CAPTURE = 60.0, 6.0
_CANCEL_SECONDS = 20.0
#: A window in which the longest panel can be seen as a whole; narrow, for Blender draws it without a graphics card.
_TALL = (1200, 1500)
#: The frame on which the captured head is shown, as a fraction of the scene's range.
_MOMENT = 0.35


def run(session: Session) -> None:
    """Take them.

    Raises:
        BuildError: a step did not happen; the message says which.
    """
    (session.out / "docs").mkdir(exist_ok=True)
    session.install()
    empty_scene(session)
    lengthen(session.clip, session.work / "long_take.mp4", _LONG)
    shutil.copyfile(session.clip, session.work / "performance.mp4")
    session.remote.ask("call", operator="wm.save_as_mainfile", filepath=str(session.work / "shot.blend"))
    pick(session, "//performance.mp4")
    _window_picture(session, "window_picked.jpg")
    pick(session, "//long_take.mp4")
    session.pilot.sidebar.only(MAIN)
    start(session)
    time.sleep(_INTO_CAPTURE)
    _main_picture(session, "panel_capturing.png")
    session.pilot.screen.key("Escape")
    session.pilot.wait_for("The end after ESC", lambda: not session.pilot.window.modal(), _CANCEL_SECONDS)
    pick(session, "//performance.mp4")
    capture(session)
    _frame_head(session)
    session.step("captured")
    _window_picture(session, "window_captured.jpg")
    add_character(session)
    choose_character(session)
    find_mapping(session)
    _every_panel(session)


def _frame_head(session: Session) -> None:
    """From the front, filling the viewport, at a moment with an expression."""
    remote = session.remote
    first, last = (remote.ask("value", path=f"scene.frame_{end}") for end in ("start", "end"))
    remote.ask("assign", path="scene.frame_current", to=round(first + _MOMENT * (last - first)))
    remote.ask("call", operator="view3d.view_axis", area="VIEW_3D", type="FRONT")
    time.sleep(1.0)
    remote.ask("call", operator="view3d.view_selected", area="VIEW_3D")
    time.sleep(1.5)
    session.pilot.rest()


def _every_panel(session: Session) -> None:
    """Each panel on its own, the others closed."""
    pilot = session.pilot
    pilot.resize(*_TALL)
    for name, panel in pilot.sidebar.only(MAIN).items():
        if panel.parent == MAIN:
            pilot.sidebar.only(name)
            place = pilot.sidebar.whole(name)
            pilot.rest()
            session.step(name, rows=(place.top, place.bottom))
            _strip(session, place.top, place.bottom, f"panel_{name.partition('_PT_')[2]}.png")
    pilot.sidebar.only(MAIN)
    _main_picture(session, "panel_main.png")


def _main_picture(session: Session, name: str) -> None:
    """The outermost panel, without those that it holds."""
    session.pilot.rest()
    panels = session.pilot.sidebar.panels()
    _strip(session, panels[MAIN].top, body(panels, MAIN)[1], name)


def _strip(session: Session, top: int, bottom: int, name: str) -> None:
    """The rows ``top`` to ``bottom`` of the sidebar, without its tabs."""
    pilot = session.pilot
    main = pilot.sidebar.panels()[MAIN]
    pilot.window.settle()
    picture = pictures.cut(pilot.look(), (main.left, top, main.right, bottom))
    pictures.save_for_docs(picture, _folder(session) / name)


def _window_picture(session: Session, name: str) -> None:
    session.pilot.window.settle()
    window = session.pilot.look()
    height = round(window.shape[0] * _WIDTH / window.shape[1])
    small = np.asarray(cv2.resize(window, (_WIDTH, height), interpolation=cv2.INTER_AREA), np.uint8)
    pictures.save_for_docs(small, _folder(session) / name)


def _folder(session: Session) -> Path:
    return session.out / "docs"
