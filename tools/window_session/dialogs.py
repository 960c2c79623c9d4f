# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's file dialog, worked with the mouse. It fills the window, as the user can choose in the preferences."""

from __future__ import annotations

import time
from pathlib import Path

from .session import Session

BROWSER = "FILE_BROWSER"
_SECONDS, _SETTLE_SECONDS = 20.0, 1.0
#: Where the field of the file's name is clicked, as a fraction of its region's width; clicks on the button at most.
_INTO_NAME, _CLICKS = 0.25, 2
#: Pixels at interface scale 1: from the top of the dialog's settings to the middle of the first line; between lines.
_FIRST_LINE, _LINE = 18, 25
#: The region of the operator's own settings.
SETTINGS = "TOOL_PROPS"


def is_open(session: Session) -> bool:
    """The window shows a file dialog."""
    return any(region["area"] == BROWSER for region in session.pilot.window.about()["regions"])


def wait_open(session: Session) -> None:
    """Wait until it is there.

    Raises:
        BuildError: it does not come.
    """
    session.pilot.wait_for("The file dialog", lambda: is_open(session), _SECONDS)
    time.sleep(_SETTLE_SECONDS)


def setting(session: Session, line: int, across: float) -> tuple[int, int]:
    """Screen pixel of an operator's setting in the dialog: the ``line`` from the top, ``across`` as a fraction of the
    width. Blender does not tell what lies there: whoever clicks looks at what has come of it."""
    left, top, right, _bottom = session.pilot.window.box(BROWSER, SETTINGS)
    row = top + (_FIRST_LINE + _LINE * line) * session.pilot.window.scale()
    return round(left + across * (right - left)), round(row)


def accept(session: Session, path: Path) -> None:
    """Type folder and name into their fields and click the button that ends the dialog.

    Raises:
        BuildError: a field or the button is not found, or the dialog stays.
    """
    pilot = session.pilot
    button = pilot.find_in("file.execute", BROWSER, "EXECUTE")
    left, top, right, bottom = pilot.window.box(BROWSER, "EXECUTE")
    pilot.write_at(pilot.find_in(".directory", BROWSER, "UI"), f"{path.parent}/")
    time.sleep(_SETTLE_SECONDS)
    # The name's field has no property that Blender would tell; it begins where the region does.
    pilot.write_at((round(left + _INTO_NAME * (right - left)), (top + bottom) // 2), path.name)
    for _attempt in range(_CLICKS):
        time.sleep(_SETTLE_SECONDS)
        if not is_open(session):
            return
        # A field in which Blender has completed a name takes the first click as the end of typing.
        pilot.screen.click(*button)
    pilot.wait_for("The end of the file dialog", lambda: not is_open(session), _SECONDS)
