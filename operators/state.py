# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panels show about the running or last capture. Not saved, not undone, gone with Blender."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy
from bpy.app.translations import pgettext_iface as iface_

from ..ddfa_blender.footage.live_preview import LivePreview
from ..scene import previews, redraw
from . import status_bar
from .job import Job, Progress

#: Name of the tracked face's picture in ``previews``.
LIVE_PICTURE = "live"

#: The running capture, if any; there is one at a time.
job: Job[Any] | None = None
#: What it does, as the reason why nothing else may start.
_doing = "A capture is running"
#: What it says about how far it has come, with a function that translates.
_told: Callable[[Progress, Callable[[str], str]], str] = Progress.text
#: Where it shows the face.
live: LivePreview | None = None
#: What wakes its operator.
timer: bpy.types.Timer | None = None
#: One line about the last capture or export, and whether it is bad news.
message = ""
failed = False
#: What it is about, if a panel of its own shows it beside the button: "retarget", "mapping", "poses", "keys", "export",
#: "takes"; "" = the main panel alone.
topic = ""


def tell(text: str, *, is_error: bool = False, about: str = "") -> None:
    """Replace the panel's line; ``about`` is its topic."""
    global message, failed, topic
    message, failed, topic = text, is_error, about


def busy_reason() -> str | None:
    """Why nothing else may start now, for grey buttons; None when it may."""
    return _doing if job is not None else None


def is_rendering() -> bool:
    """Blender renders in the background of its interface."""
    return bool(bpy.app.is_job_running("RENDER"))


def is_waiting() -> bool:
    """The job has ended well, a render has not: what is written now would change the frame that is rendered next."""
    return is_rendering() and job is not None and job.done and not job.cancelling


def progress_text() -> str:
    """How far the running job has come, in the interface's language."""
    if job is None:
        return ""
    if is_waiting():
        return iface_("Waiting for the render's end…")
    return iface_("Cancelling…") if job.cancelling else _told(job.progress, iface_)


def begin(
    context: bpy.types.Context,
    new_job: Job[Any],
    seconds: float,
    doing: str,
    face: LivePreview | None = None,
    told: Callable[[Progress, Callable[[str], str]], str] = Progress.text,
) -> None:
    """Start a job, which shows the face to ``face``, and wake the window's modal operators every few ``seconds``.

    ``doing`` is a sentence without its full stop, such as "A capture is running"; ``told`` puts its progress in words,
    with a function that translates.
    """
    global job, timer, live, _doing, _told  # noqa: PLW0603 (this module is the state)
    new_job.start()  # first: where the system has no thread left, no button stays grey for a job that never ends
    timer = context.window_manager.event_timer_add(seconds, window=context.window)
    job, live, _doing, _told = new_job, face, doing, told
    status_bar.show(_status)


def end(context: bpy.types.Context) -> None:
    """Leave no timer and no job behind, whichever way out."""
    global job, timer, live, _told  # noqa: PLW0603 (this module is the state)
    if timer is not None:
        context.window_manager.event_timer_remove(timer)
    job = timer = live = None
    _told = Progress.text
    status_bar.hide()
    previews.forget(LIVE_PICTURE)
    redraw.sidebars()


def refresh() -> None:
    """Show how far the capture has come, and the face if it has a new picture of it."""
    picture = live.take() if live is not None else None
    if picture is not None:
        previews.show(LIVE_PICTURE, picture)
    status_bar.show(_status)
    redraw.sidebars()


def _status() -> tuple[float, str] | None:
    return (job.progress.factor, progress_text()) if job is not None else None


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
