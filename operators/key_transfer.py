# SPDX-License-Identifier: GPL-3.0-or-later
"""ARKit's shape keys for heads that have none: make, look, keep or discard."""

from __future__ import annotations

from collections.abc import Callable

import bpy
from bpy.app.translations import pgettext_n as n_
from bpy.app.translations import pgettext_rpt as rpt_

from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.retarget.transfer.transfer import Transferred
from ..scene import character, key_transfer, landmarks, mapping_items
from ..scene.rollback import rollback_on_error
from . import modal_job, state
from .job import Job, Progress
from .key_transfer_task import KeyTransferTask
from .modal_job import JobOperator
from .polling import is_interactive
from .retarget import RetargetOperator

_DOING = "Shape keys are being made"


def make_reason(context: bpy.types.Context) -> str | None:
    """Why no keys can be made; None when they can."""
    return key_transfer.disabled_reason(context)


def preview_reason(context: bpy.types.Context) -> str | None:
    """Why there is nothing to keep or discard; None when there is."""
    return None if key_transfer.previewed(context.scene) else "No new shape keys are waiting"


def place_reason(context: bpy.types.Context) -> str | None:
    """Why no landmarks can be placed; None when they can."""
    return None if key_transfer.selected(context) else "Select the meshes of the character's head: face, eyes, teeth"


def landmarks_reason(context: bpy.types.Context) -> str | None:
    """Why there are no landmarks to remove; None when there are."""
    return None if landmarks.of_scene(context.scene) else "No landmarks are placed"


class DDFA_OT_make_keys(JobOperator, RetargetOperator, bpy.types.Operator):
    """Fit the 52 ARKit expressions to the selected neutral head as shape keys, to look at before you keep them"""

    bl_idname = "ddfa.make_keys"
    bl_label = "Make Shape Keys"
    bl_options = {"REGISTER", "UNDO"}
    reason = staticmethod(make_reason)
    topic = "keys"
    stopped = n_("Cancelled; no shape keys were made")

    def run(self, context: bpy.types.Context) -> str:
        """To the end at once, with Blender's own progress at the pointer: scripts and Blender without a window."""
        manager = context.window_manager
        manager.progress_begin(0.0, 1.0)
        try:
            task = self._task(context)
            return self._add(task(lambda done, most: manager.progress_update(done / most), lambda: False))
        finally:
            manager.progress_end()

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Run on a thread while the user goes on working."""
        if not is_interactive(context):
            return self.execute(context)
        state.tell("")
        try:
            task = self._task(context)
        except CaptureError as error:
            return self.fail(error)
        global _fitting  # noqa: PLW0603 (the panel must know which job it shows)
        _fitting = Job(task)
        return modal_job.start(self, context, _fitting, _DOING, told=_told)

    def finish(self, _context: bpy.types.Context, result: Transferred) -> set[str]:
        """Add them."""
        return self.succeed(self._add(result))

    def _task(self, context: bpy.types.Context) -> KeyTransferTask:
        """Take down what the user chose: all of it may change while the keys are made."""
        self._wanted = key_transfer.take_down(context)
        return KeyTransferTask(self._wanted.mesh, self._wanted.marks, self._wanted.eyes_and_teeth)

    def _add(self, made: Transferred) -> str:
        with rollback_on_error():
            fit = key_transfer.add(self._wanted, made)
        return rpt_("Made {keys} shape keys; look at them, then keep or discard them").format(keys=fit.keys)


#: The job that makes shape keys, if one does; ``state.job`` may be another.
_fitting: Job[Transferred] | None = None


def is_fitting() -> bool:
    """The running job makes shape keys."""
    return state.job is not None and state.job is _fitting


def progress() -> tuple[float, str]:
    """The part done, 0…1, and a text for the panel, while shape keys are made."""
    return (state.job.progress.factor, state.progress_text()) if state.job is not None else (0.0, "")


def _told(progress: Progress, translate: Callable[[str], str]) -> str:
    return translate("Fitting the head, {} %").format(round(100.0 * progress.factor))


class DDFA_OT_keep_keys(RetargetOperator, bpy.types.Operator):
    """Keep the new shape keys and make these meshes the character"""

    bl_idname = "ddfa.keep_keys"
    bl_label = "Keep"
    bl_options = {"REGISTER", "UNDO"}
    reason = staticmethod(preview_reason)
    topic = "keys"

    def run(self, context: bpy.types.Context) -> str:
        """Mapped at once; an armature that cannot be the character's is left out: the keys are kept all the same."""
        scene = context.scene
        meshes = key_transfer.keep(scene)
        landmarks.remove(scene)
        settings = scene.ddfa.retarget
        settings.face_meshes.clear()
        armatures = filter(None, map(character.armature_of, meshes))
        settings.character = next((rig for rig in armatures if character.armature_reason(scene, rig) is None), None)
        mapping_items.list_meshes(settings, meshes)
        mapping_items.find(scene)
        return rpt_("Kept the new shape keys")


class DDFA_OT_discard_keys(RetargetOperator, bpy.types.Operator):
    """Take the new shape keys away; the meshes are as they were"""

    bl_idname = "ddfa.discard_keys"
    bl_label = "Discard"
    bl_options = {"REGISTER", "UNDO"}
    reason = staticmethod(preview_reason)
    topic = "keys"

    def run(self, context: bpy.types.Context) -> str:
        """Landmarks stay, for another try."""
        key_transfer.discard(context.scene)
        return rpt_("Discarded the new shape keys")


class DDFA_OT_place_landmarks(RetargetOperator, bpy.types.Operator):
    """Put empties on the selected head for you to move to its eyes, nose, mouth and chin; only needed if it is not found by its shape"""  # noqa: E501 (Blender's tooltip)

    bl_idname = "ddfa.place_landmarks"
    bl_label = "Place Landmarks"
    bl_options = {"REGISTER", "UNDO"}
    reason = staticmethod(place_reason)
    topic = "keys"

    def run(self, context: bpy.types.Context) -> str:
        """Those that are there stay."""
        landmarks.place(context, key_transfer.selected(context))
        return rpt_("Move the landmarks onto the face, then make the shape keys")


class DDFA_OT_remove_landmarks(RetargetOperator, bpy.types.Operator):
    """Take the landmarks away"""

    bl_idname = "ddfa.remove_landmarks"
    bl_label = "Remove Landmarks"
    bl_options = {"REGISTER", "UNDO"}
    reason = staticmethod(landmarks_reason)
    topic = "keys"

    def run(self, context: bpy.types.Context) -> str:
        """All of them."""
        landmarks.remove(context.scene)
        return ""


classes = (
    DDFA_OT_make_keys,
    DDFA_OT_keep_keys,
    DDFA_OT_discard_keys,
    DDFA_OT_place_landmarks,
    DDFA_OT_remove_landmarks,
)
