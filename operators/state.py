# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panels show about the running or last capture. Not saved, not undone, gone with Blender."""

from __future__ import annotations

from typing import Any

import bpy

from ..ddfa_blender.footage.live_preview import LivePreview
from ..scene import previews, redraw
from .job import Job

#: Name of the tracked face's picture in ``previews``.
LIVE_PICTURE = "live"

#: The running capture, if any; there is one at a time.
job: Job[Any] | None = None
#: What it does, as the reason why nothing else may start.
_doing = "A capture is running"
#: Where it shows the face.
live: LivePreview | None = None
#: What wakes its operator.
timer: bpy.types.Timer | None = None
#: One line about the last capture or export, and whether it is bad news.
message = ""
failed = False


def tell(text: str, *, is_error: bool = False) -> None:
    """Replace the panel's line."""
    global message, failed
    message, failed = text, is_error


def busy_reason() -> str | None:
    """Why nothing else may start now, for grey buttons; None when it may."""
    return _doing if job is not None else None


def begin(
    context: bpy.types.Context, new_job: Job[Any], seconds: float, doing: str, face: LivePreview | None = None
) -> None:
    """Start a job, which shows the face to ``face``, and wake the window's modal operators every few ``seconds``.

    ``doing`` is a sentence without its full stop, such as "A capture is running".
    """
    global job, timer, live, _doing  # noqa: PLW0603 (this module is the state)
    timer = context.window_manager.event_timer_add(seconds, window=context.window)
    job, live, _doing = new_job, face, doing
    job.start()


def end(context: bpy.types.Context) -> None:
    """Leave no timer and no job behind, whichever way out."""
    global job, timer, live  # noqa: PLW0603 (this module is the state)
    if timer is not None:
        context.window_manager.event_timer_remove(timer)
    job = timer = live = None
    previews.forget(LIVE_PICTURE)
    redraw.sidebars()


def refresh() -> None:
    """Show how far the capture has come, and the face if it has a new picture of it."""
    picture = live.take() if live is not None else None
    if picture is not None:
        previews.show(LIVE_PICTURE, picture)
    redraw.sidebars()


@bpy.app.handlers.persistent
def _forget_message(*_: object) -> None:
    """What the line tells of may not be there any more."""
    tell("")


def _moments() -> tuple[list[Any], ...]:
    handlers = bpy.app.handlers
    return handlers.undo_post, handlers.redo_post, handlers.load_post


def register() -> None:
    """Forget the line whenever undo, redo or another file changes what there is."""
    for moment in _moments():
        moment.append(_forget_message)


def unregister() -> None:
    """Stop that."""
    for moment in _moments():
        if _forget_message in moment:
            moment.remove(_forget_message)
