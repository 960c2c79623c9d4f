# SPDX-License-Identifier: GPL-3.0-or-later
"""What modal operators have in common whose work is a job on a thread: start it, watch it, stop it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy

from ..ddfa_blender.footage.live_preview import LivePreview
from . import state
from .job import Job, Progress

_POLL_SECONDS = 0.1
#: How long Blender waits for the thread when it ends the operator itself.
_STOP_SECONDS = 5.0


def start(
    operator: bpy.types.Operator,
    context: bpy.types.Context,
    job: Job[Any],
    doing: str,
    face: LivePreview | None = None,
    told: Callable[[Progress, Callable[[str], str]], str] = Progress.text,
) -> set[str]:
    """Start ``job``, as :func:`state.begin`, and have Blender call the operator's ``modal``; ``invoke``'s answer."""
    state.begin(context, job, _POLL_SECONDS, doing, face, told)
    context.window_manager.modal_handler_add(operator)
    return {"RUNNING_MODAL"}


def watch(job: Job[Any] | None, context: bpy.types.Context, event: bpy.types.Event) -> set[str] | None:
    """What ``modal`` returns while the job runs; None once it is done, so that its result can be taken.

    ESC cancels the job; every other event goes on to the rest of Blender.
    """
    if job is None or state.job is not job:  # the extension was disabled while it ran
        return {"CANCELLED"}
    if event.type == "ESC" and event.value == "PRESS":
        job.cancel()
        return {"RUNNING_MODAL"}
    if event.type != "TIMER":
        return {"PASS_THROUGH"}
    state.refresh()
    if not job.done:
        return {"PASS_THROUGH"}
    state.end(context)
    return None


def stop(job: Job[Any] | None, context: bpy.types.Context) -> None:
    """For ``cancel``: Blender ends the operator itself, because another file is opened, or Blender quits."""
    if job is not None:
        job.cancel()
        # A thread that is in the middle of a frame must not outlive Blender's own tidying up.
        job.wait(_STOP_SECONDS)
        state.end(context)
