# SPDX-License-Identifier: GPL-3.0-or-later
"""What modal operators have in common whose work is a job on a thread: start it, watch it, stop it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy
from bpy.app.translations import pgettext_rpt as rpt_

from ..ddfa_blender.errors import CaptureCancelled, CaptureError
from ..ddfa_blender.footage.live_preview import LivePreview
from . import state
from .job import Job, Progress
from .reporting import Reporting

_POLL_SECONDS = 0.1
#: How long Blender waits for the thread when it ends the operator itself, or the extension is disabled.
_STOP_SECONDS = 5.0


class JobOperator(Reporting):
    """An operator that was started by :func:`start`."""

    #: What it says when the user stopped it, untranslated.
    stopped = ""
    _job: Job[Any] | None = None

    def finish(self, context: bpy.types.Context, result: Any) -> set[str]:
        """Write what the work returned, as one undo step; ``execute``'s answer.

        Raises:
            CaptureError: it fits no more what the file holds.
        """
        raise NotImplementedError

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Watch the thread. ESC cancels the job; every other event goes on to the rest of Blender."""
        job = self._job
        if job is None or state.job is not job:  # the extension was disabled while it ran
            return {"CANCELLED"}
        if event.type == "ESC" and event.value == "PRESS":
            job.cancel()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        state.refresh()
        if not job.done or state.is_waiting():
            return {"PASS_THROUGH"}
        state.end(context)
        try:
            return self.finish(context, job.result())
        except CaptureCancelled:
            self.report({"INFO"}, rpt_(self.stopped))
            return {"CANCELLED"}
        except CaptureError as error:
            return self.fail(error)

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator itself, because another file is opened, or Blender quits."""
        if self._job is not None:
            stop(self._job, context)


def start(
    operator: JobOperator,
    context: bpy.types.Context,
    job: Job[Any],
    doing: str,
    face: LivePreview | None = None,
    told: Callable[[Progress, Callable[[str], str]], str] = Progress.text,
) -> set[str]:
    """Start ``job``, as :func:`state.begin`, and have Blender call the operator's ``modal``; ``invoke``'s answer."""
    operator._job = job  # noqa: SLF001 (its own module)
    state.begin(context, job, _POLL_SECONDS, doing, face, told)
    context.window_manager.modal_handler_add(operator)
    return {"RUNNING_MODAL"}


def stop(job: Job[Any], context: bpy.types.Context) -> None:
    """End a job that nobody waits for any more, and what shows it."""
    job.cancel()
    # A thread that is in the middle of a frame must not outlive Blender's own tidying up; a stuck decoder may.
    job.wait(_STOP_SECONDS)
    state.end(context)
