# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panels show about the running or last capture. Not saved, not undone, gone with Blender."""

from __future__ import annotations

from typing import Any

import bpy

from .job import Job

#: The running capture, if any; there is one at a time.
job: Job[Any] | None = None
#: What wakes its operator.
timer: bpy.types.Timer | None = None
#: One line about the last capture or export, and whether it is bad news.
message = ""
failed = False


def tell(text: str, *, is_error: bool = False) -> None:
    """Replace the panel's line."""
    global message, failed
    message, failed = text, is_error


def begin(context: bpy.types.Context, new_job: Job[Any], seconds: float) -> None:
    """Start a job and wake the window's modal operators every few ``seconds``."""
    global job, timer  # noqa: PLW0603 (this module is the state)
    timer = context.window_manager.event_timer_add(seconds, window=context.window)
    job = new_job
    job.start()


def end(context: bpy.types.Context) -> None:
    """Leave no timer and no job behind, whichever way out."""
    global job, timer  # noqa: PLW0603 (this module is the state)
    if timer is not None:
        context.window_manager.event_timer_remove(timer)
    job = timer = None
    redraw(context)


def redraw(context: bpy.types.Context) -> None:
    """Show the progress in every 3D viewport's sidebar."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()
