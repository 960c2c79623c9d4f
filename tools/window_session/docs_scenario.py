# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of the user docs: ``out/docs/``, to be copied to ``docs/images/`` after a look at them.

``window_*.jpg`` show the whole window, ``panel_*.png`` one panel of the sidebar each, named after its class;
``panels.json`` is what ``panel_tables.py`` fills the tables of docs/panels.md from.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from . import pictures
from .capture_scenario import capture, empty_scene, pick, start
from .footage import lengthen
from .pilot import TABS
from .session import SCREEN, Session

#: Width of a whole window's picture, pixels; seconds of footage for the picture of the bar, and into the capture.
_WIDTH = 1200
_LONG, _INTO_CAPTURE = 60.0, 6.0
_CANCEL_SECONDS = 20.0
#: The frame on which the captured head is shown, as a fraction of the scene's range.
_MOMENT = 0.35
#: Pixels at interface scale 1: from a header's upper edge to its arrow, which changes when the panel opens; a folded
#: header's height; from the sidebar's edge to its panels.
_ABOVE_ARROW, _HEADER, _INSET = 8, 24, 4


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
    headers = session.pilot.fold_all()
    start(session)
    time.sleep(_INTO_CAPTURE)
    _sidebar_picture(session, "panel_capturing.png", headers)
    session.pilot.screen.key("Escape")
    session.pilot.wait_for("The end after ESC", lambda: not session.pilot.modal(), _CANCEL_SECONDS)
    pick(session, "//performance.mp4")
    capture(session)
    _frame_head(session)
    session.step("captured")
    _window_picture(session, "window_captured.jpg")
    contents = session.remote.ask("panel_contents")
    (_folder(session) / "panels.json").write_text(json.dumps(contents, indent=1) + "\n", encoding="utf-8")
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
    pilot.resize(*SCREEN)  # the longest panel has to fit without a scroll bar
    labels = session.remote.ask("panels")
    headers = pilot.fold_all()
    pilot.settle()
    folded = pilot.look()
    session.step("folded", headers=headers)
    unfolded, rows = {}, {}
    for panel in list(headers)[1:]:
        pilot.unfold(panel, headers)
        unfolded[panel] = pilot.look()
        rows[panel] = pilot.sidebar_change(folded, unfolded[panel])
        session.step(f"panel {labels[panel]['label']}", rows=rows[panel])
        pilot.fold(panel, headers)
    arrows = [arrow for arrow, _end in rows.values()]
    above = round(_ABOVE_ARROW * session.remote.ask("window")["scale"])
    for panel, (arrow, end) in rows.items():
        # What follows has moved down as a whole, so the panel ends as far above the end of all as before.
        bottom = end - (max(arrows) - arrow)
        _save_strip(session, unfolded[panel], arrow - above, bottom, f"panel_{panel.partition('_PT_')[2]}.png")
    _save_strip(session, folded, _top_of_sidebar(session), min(arrows) - above, "panel_main.png")


def _sidebar_picture(session: Session, name: str, headers: Mapping[str, int]) -> None:
    """All panels, the sub-panels closed."""
    session.pilot.settle()
    bottom = max(headers.values()) + round(_HEADER * session.remote.ask("window")["scale"])
    _save_strip(session, session.pilot.look(), _top_of_sidebar(session), bottom, name)


def _top_of_sidebar(session: Session) -> int:
    return session.pilot.region().on_screen(session.remote.ask("window")["height"])[1]


def _save_strip(session: Session, window: pictures.Picture, top: int, bottom: int, name: str) -> None:
    """The rows ``top`` to ``bottom`` of the sidebar, without its tabs."""
    scale = session.remote.ask("window")["scale"]
    place = session.pilot.region()
    box = (place.x + round(_INSET * scale), top, place.x + place.width - round(2 * TABS * scale), bottom)
    pictures.save_for_docs(pictures.cut(window, box), _folder(session) / name)


def _window_picture(session: Session, name: str) -> None:
    session.pilot.settle()
    window = session.pilot.look()
    height = round(window.shape[0] * _WIDTH / window.shape[1])
    small = np.asarray(cv2.resize(window, (_WIDTH, height), interpolation=cv2.INTER_AREA), np.uint8)
    pictures.save_for_docs(small, _folder(session) / name)


def _folder(session: Session) -> Path:
    return session.out / "docs"
