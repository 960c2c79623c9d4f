# SPDX-License-Identifier: GPL-3.0-or-later
"""Install, pick footage, capture, cancel, capture again, undo, redo: what issue 4 asks of a real window."""

from __future__ import annotations

import time

from . import judging, pictures
from .footage import lengthen
from .session import Session

CAPTURE, FOOTAGE = "ddfa.capture", ".video"
_MODAL = "DDFA_OT_capture"
_PROGRESS_COLOUR = "preferences.themes[0].user_interface.wcol_progress.item"

#: Seconds of footage that leave time to look and to cancel; between looks at the bar; waits.
_LONG, _BETWEEN_LOOKS = 120.0, 1.0
_START_SECONDS, _CANCEL_SECONDS, _CAPTURE_SECONDS = 30.0, 20.0, 180.0
#: Looks at the bar, and how often it must have grown between them.
_LOOKS, _GROWTHS = 5, 2


def run(session: Session) -> None:
    """The whole scenario.

    Raises:
        BuildError: a step did not happen; the message says which.
    """
    session.install()
    long = lengthen(session.clip, session.work / "long.mp4", _LONG)
    pick(session, str(long))
    session.step("footage picked")
    _cancel_one(session)
    pick(session, str(session.clip))
    before = session.remote.ask("snapshot")
    capture(session)
    session.step("captured")
    after = session.remote.ask("snapshot")
    for kind in ("armatures", "meshes", "actions", "objects"):
        session.require(bool(judging.gained(before, after, kind)), f"The capture has left no new {kind}.")
    session.pilot.screen.key("ctrl+z")
    time.sleep(1.0)
    session.step("undone")
    session.require_unchanged(before, "Undo", users=False)
    session.pilot.screen.key("ctrl+shift+z")
    time.sleep(1.0)
    session.step("redone")
    session.require_unchanged(after, "Undo and redo", users=False)


def empty_scene(session: Session) -> None:
    """Delete what Blender's default file holds, as users do: the mouse over the viewport, A, X, Enter."""
    session.pilot.rest()
    for key in ("a", "x", "Return"):
        session.pilot.screen.key(key)
        time.sleep(0.3)
    session.step("emptied")


def pick(session: Session, path: str) -> None:
    """Type the footage's path into its field.

    Raises:
        BuildError: it did not get there.
    """
    pilot = session.pilot
    pilot.enter(FOOTAGE, path)
    pilot.rest()
    held = session.remote.ask("snapshot")["settings"]
    session.require(
        any(repr(path) == value for settings in held.values() for name, value in settings.items() if _is_footage(name)),
        f"The footage field does not hold {path} after typing it.",
    )


def capture(session: Session) -> None:
    """Click Capture and wait for its end.

    Raises:
        BuildError: it did not start, did not end in time, or has made no head.
    """
    before = session.remote.ask("snapshot")
    start(session)
    pilot = session.pilot
    pilot.wait_for("The end of the capture", lambda: _MODAL not in pilot.window.modal(), _CAPTURE_SECONDS)
    time.sleep(1.0)
    made = judging.gained(before, session.remote.ask("snapshot"), "armatures")
    session.require(bool(made), f"The capture has made no head; the panel says: {session.remote.ask('message')!r}.")


def start(session: Session) -> None:
    """Click Capture and see that it runs."""
    pilot = session.pilot
    pilot.click(CAPTURE)
    pilot.rest()
    pilot.wait_for("The start of the capture", lambda: _MODAL in pilot.window.modal(), _START_SECONDS)


def _cancel_one(session: Session) -> None:
    before = session.remote.ask("snapshot")
    start(session)
    looks, pauses = _watch_bar(session)
    session.require(judging.rises(looks, times=_GROWTHS), f"The progress bar did not move: its pixels were {looks}.")
    session.pilot.screen.key("Escape")
    session.pilot.wait_for("The end after ESC", lambda: _MODAL not in session.pilot.window.modal(), _CANCEL_SECONDS)
    time.sleep(1.0)
    session.step("cancelled", bar_pixels=looks, longest_answer_ms=round(max(pauses) * 1000))
    session.require_unchanged(before, "ESC")


def _watch_bar(session: Session) -> tuple[list[int], list[float]]:
    """Pixels of the bar's colour in the sidebar at each look; seconds that Blender took to answer in between."""
    colour = session.remote.ask("value", path=_PROGRESS_COLOUR)
    looks, pauses = [], []
    for number in range(_LOOKS):
        time.sleep(_BETWEEN_LOOKS)
        asked = time.monotonic()
        running = _MODAL in session.pilot.window.modal()
        pauses.append(time.monotonic() - asked)
        session.require(running, "The capture ended before it could be cancelled; it needs longer footage.")
        looks.append(pictures.count_colour(session.pilot.look_at(), colour))
        if number in (0, _LOOKS - 1):
            session.step(f"capturing {number + 1}", bar_pixels=looks[-1])
    return looks, pauses


def _is_footage(name: str) -> bool:
    return name.endswith(FOOTAGE)
