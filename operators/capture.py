# SPDX-License-Identifier: GPL-3.0-or-later
"""Capture: from the picked footage to an animated head in the scene, as one undo step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import bpy
from bpy.app.translations import pgettext_n as n_
from bpy.app.translations import pgettext_rpt as rpt_
from bpy.app.translations import pgettext_tip as tip_

from ..ddfa_blender import solutions
from ..ddfa_blender.cleaning.cleanup import CleanUpSettings
from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.footage.live_preview import LivePreview
from ..ddfa_blender.morphable_model import MorphableModel
from ..ddfa_blender.paths import is_file
from ..ddfa_blender.performance import Performance
from ..ddfa_blender.solve import SolveSettings
from ..scene import capture_target, footage_sources, frame_range, take_list, takes, view
from ..scene.preferences import preferences
from . import modal_job, state
from .job import Job, Progress
from .modal_job import JobOperator
from .polling import is_interactive, may_run, scene_reason
from .task import Captured, CaptureTask

_DOING = "A capture is running"


def disabled_reason(context: bpy.types.Context) -> str | None:
    """Why Capture cannot start now, for the grey button's tooltip; None when it can."""
    busy = state.busy_reason()
    if busy is not None:
        return busy
    linked = scene_reason(context)
    if linked is not None:
        return linked
    try:
        footage_sources.source_of(context.scene.ddfa.footage)
    except CaptureError as error:
        return str(error)
    return capture_target.disabled_reason(context.scene)


class DDFA_OT_capture(JobOperator, bpy.types.Operator):
    """Track the face in the footage and make an animated head of the actor"""

    bl_idname = "ddfa.capture"
    bl_label = "Capture"
    bl_options = {"REGISTER", "UNDO"}
    stopped = n_("Capture cancelled")

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Grey with a reason when it cannot run."""
        return may_run(cls, disabled_reason(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Run to the end at once: scripts and Blender without a window."""
        state.tell("")
        try:
            self._prepare(context, None)
            with _progress_shown(context) as progress:
                captured = self._task(progress, lambda: False)
            return self._write(context, captured)
        except CaptureError as error:
            return self.fail(error)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Run on a thread while the user goes on working."""
        if not is_interactive(context):
            return self.execute(context)
        state.tell("")
        face = LivePreview(partial(solutions.face_model, preferences().model_folder))
        try:
            self._prepare(context, face)
        except CaptureError as error:
            return self.fail(error)
        return modal_job.start(self, context, Job(self._task), _DOING, face, _told)

    def finish(self, context: bpy.types.Context, result: Captured) -> set[str]:
        """Write it, and look at it."""
        finished = self._write(context, result)
        if isinstance(self._target, capture_target.NewHead):
            view.face_selected(context)
        return finished

    def _prepare(self, context: bpy.types.Context, face: LivePreview | None) -> None:
        """Take down what the user chose: the settings may change while the capture runs."""
        scene, chosen = context.scene, preferences()
        footage = scene.ddfa.footage
        source = footage_sources.source_of(footage)
        if not is_file(source.path):
            raise CaptureError(f"There is no video at {source.path}; check the path.")
        self._target = capture_target.chosen(scene)
        solving, cleaning = self._wishes(scene)
        self._task = CaptureTask(
            source.path,
            takes.place(scene).folder,
            footage.capture_settings(),
            solving,
            cleaning,
            chosen.model_folder,
            face,
            chosen.workers,
        )

    def _wishes(self, scene: bpy.types.Scene) -> tuple[SolveSettings, CleanUpSettings]:
        """How what is captured is solved and cleaned, as the settings are now."""
        with self._target.settings(scene) as settings:
            return settings.solve_settings(), settings.clean_up()

    def _performance(
        self, scene: bpy.types.Scene, take_file: Path, model: MorphableModel, captured: Performance
    ) -> Performance:
        """What was captured, with the settings as they are now: those that a new head gets, and shows."""
        solving, cleaning = self._wishes(scene)
        if (solving, cleaning) == (self._task.solve, self._task.clean):
            return captured
        return solutions.performance_of(take_file, model, solving, cleaning)

    def _write(self, context: bpy.types.Context, captured: Captured) -> set[str]:
        scene = self._target.scene()
        if captured.model is None or captured.performance is None:
            take_list.refresh(scene)
            raise CaptureError("The take is kept, but its model has no head to animate: choose another model folder.")
        performance = self._performance(scene, captured.take_file, captured.model, captured.performance)
        with _at_work_in(context, scene) as there:
            armature = self._target.animate(there, captured.model, performance, captured.take_file)
        for note in self._task.notes:
            self.report({"INFO"}, note)
        baked = armature.ddfa.baked
        frames, lost = len(performance), int((~performance.tracked).sum())
        message = _summary(frames, lost)
        place = rpt_("{captured}: frames {first:g} to {last:g}")
        place = place.format(captured=message, first=baked.first_frame, last=baked.last_frame)
        if not frame_range.holds(scene, armature):
            message = place = rpt_("{place}; the scene has {start} to {end}, see Timing").format(
                place=place, start=scene.frame_start, end=scene.frame_end
            )
        state.tell(message)
        self.report({"INFO"}, place)
        return {"FINISHED"}


class DDFA_OT_cancel_capture(bpy.types.Operator):
    """Stop what is running and leave everything as it was (Esc)"""

    bl_idname = "ddfa.cancel_capture"
    bl_label = "Cancel"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Grey with a reason when it cannot run."""
        if state.job is None:
            cls.poll_message_set(tip_("Nothing is running"))
        return state.job is not None

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Ask the thread to stop; its own operator tidies up."""
        if state.job is not None:
            state.job.cancel()
        return {"FINISHED"}


def _told(progress: Progress, translate: Callable[[str], str]) -> str:
    return translate("Making the animation…") if progress.is_complete else progress.text(translate)


def _summary(frames: int, lost: int) -> str:
    """For the panel and the report."""
    captured = rpt_("Captured {count} frame") if frames == 1 else rpt_("Captured {count} frames")
    captured = captured.format(count=frames)
    if not lost:
        return captured
    return rpt_("{captured}, {lost} of them without a visible face (filled in)").format(captured=captured, lost=lost)


@contextmanager
def _progress_shown(context: bpy.types.Context) -> Iterator[Callable[[int, int], None]]:
    """Blender's own progress, at the mouse, while a script captures and nothing else is drawn."""
    manager = context.window_manager
    manager.progress_begin(0.0, 1.0)
    try:
        yield lambda done, total: manager.progress_update(Progress(done, total).factor)
    finally:
        manager.progress_end()


@contextmanager
def _at_work_in(context: bpy.types.Context, scene: bpy.types.Scene) -> Iterator[bpy.types.Context]:
    """A context of the scene, which need not be the one that is shown where the operator was started."""
    if context.scene == scene:
        yield context
        return
    windows = context.window_manager.windows
    window = next((window for window in windows if window.scene == scene), None) or context.window or windows[0]
    # Blender's operators work on what a window shows.
    before, window.scene = window.scene, scene
    try:
        with bpy.context.temp_override(window=window):
            yield bpy.context
    finally:
        window.scene = before


classes = (DDFA_OT_capture, DDFA_OT_cancel_capture)
