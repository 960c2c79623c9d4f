# SPDX-License-Identifier: GPL-3.0-or-later
"""Capture: from the picked footage to an animated head in the scene, as one undo step."""

from pathlib import Path

import bpy

from ..ddfa_blender.errors import CaptureCancelled, CaptureError
from ..scene.pipeline import CaptureResult, apply_performance
from ..scene.properties import copy_values, current
from . import state
from .job import Job
from .task import Captured, CaptureTask, take_file_name

#: The extension's own package, ``bl_ext.<repository>.ddfa_face_capture``.
_EXTENSION = __package__.rpartition(".")[0]
_POLL_SECONDS = 0.1


def disabled_reason(context: bpy.types.Context) -> str | None:
    """Why Capture cannot start now, for the grey button's tooltip; None when it can."""
    if state.job is not None:
        return "A capture is running"
    if not context.scene.ddfa.footage.video.strip():
        return "Pick the footage first"
    if not context.scene.is_editable:
        return "The scene is linked from another file and cannot be changed"
    return None


class DDFA_OT_capture(bpy.types.Operator):
    """Track the face in the footage and make an animated head of the actor"""

    bl_idname = "ddfa.capture"
    bl_label = "Capture"
    bl_options = {"REGISTER", "UNDO"}

    _job: Job[Captured] | None = None

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Grey with a reason when it cannot run."""
        reason = disabled_reason(context)
        if reason is not None:
            cls.poll_message_set(reason)
        return reason is None

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Run to the end at once: scripts and Blender without a window."""
        state.tell("")
        try:
            self._prepare(context)
            captured = self._task(lambda _done, _total: None, lambda: False)
            return self._write(context, captured)
        except CaptureError as error:
            return self._fail(error)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Run on a thread while the user goes on working."""
        if not _is_interactive(context):
            return self.execute(context)
        state.tell("")
        try:
            self._prepare(context)
        except CaptureError as error:
            return self._fail(error)
        self._job = Job(self._task)
        state.begin(context, self._job, _POLL_SECONDS)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Watch the thread; everything but ESC goes on to the rest of Blender."""
        job = self._job
        if job is None:  # disabled while it ran
            return {"CANCELLED"}
        if event.type == "ESC" and event.value == "PRESS":
            job.cancel()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        state.redraw(context)
        if not job.done:
            return {"PASS_THROUGH"}
        state.end(context)
        try:
            return self._write(context, job.result())
        except CaptureCancelled:
            self.report({"INFO"}, "Capture cancelled")
            return {"CANCELLED"}
        except CaptureError as error:
            return self._fail(error)

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator itself: another file is opened, or Blender quits."""
        if self._job is not None:
            self._job.cancel()
            state.end(context)

    def _prepare(self, context: bpy.types.Context) -> None:
        """Take down what the user chose: the settings may change while the capture runs."""
        footage, settings = context.scene.ddfa.footage, current(context.scene)
        video = footage.video_path()
        if not video.is_file():
            raise CaptureError(f"There is no video at {video}; check the path.")
        self._scene_name = context.scene.name
        self._name = video.stem
        self._task = CaptureTask(
            video, _takes_folder() / take_file_name(video), footage.capture_settings(), settings.solve_settings()
        )

    def _write(self, context: bpy.types.Context, captured: Captured) -> set[str]:
        scene = context.scene
        if scene.name != self._scene_name:
            raise CaptureError(f"The scene {self._scene_name} is no longer open; go back to it and capture again.")
        settings = current(scene)
        result = apply_performance(context, captured.model, captured.performance, settings.bake_settings(), self._name)
        armature = result.head.armature
        armature.ddfa.take = str(captured.take_file)
        copy_values(settings, armature.ddfa.settings)
        scene.ddfa.head = armature
        self._report_result(result, captured)
        return {"FINISHED"}

    def _report_result(self, result: CaptureResult, captured: Captured) -> None:
        performance = captured.performance
        frames, lost = len(performance), int((~performance.tracked).sum())
        message = f"Captured {frames} frame{'s' if frames != 1 else ''}"
        if lost:
            message += f", {lost} of them without a visible face (filled in)"
        state.tell(message)
        self.report({"INFO"}, f"{message}: frames {result.frame_start:g} to {result.frame_end:g}")

    def _fail(self, error: CaptureError) -> set[str]:
        state.tell(str(error), is_error=True)
        self.report({"ERROR"}, str(error))
        return {"CANCELLED"}


class DDFA_OT_cancel_capture(bpy.types.Operator):
    """Stop the capture and leave everything as it was (Esc)"""

    bl_idname = "ddfa.cancel_capture"
    bl_label = "Cancel"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Grey with a reason when it cannot run."""
        if state.job is None:
            cls.poll_message_set("No capture is running")
        return state.job is not None

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Ask the thread to stop; its own operator tidies up."""
        if state.job is not None:
            state.job.cancel()
        return {"FINISHED"}


def _is_interactive(context: bpy.types.Context) -> bool:
    """There is a window whose timer can wake a modal operator."""
    return not bpy.app.background and context.window is not None


def _takes_folder() -> Path:
    """Where the extension may keep files of its own; made if missing.

    Raises:
        CaptureError: it cannot be made.
    """
    try:
        return Path(bpy.utils.extension_path_user(_EXTENSION, path="takes", create=True))
    except OSError as error:
        raise CaptureError(
            f"The folder for takes cannot be made ({error.strerror}); check the permissions of Blender's user folder."
        ) from error


classes = (DDFA_OT_capture, DDFA_OT_cancel_capture)
