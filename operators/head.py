# SPDX-License-Identifier: GPL-3.0-or-later
"""Set the head straight, and put the footage behind it."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.app.translations import pgettext_tip as tip_
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ..ddfa_blender.errors import CaptureError
from ..scene import camera, head, live
from ..scene.head_take import footage_of, sample_at, shot_of
from .polling import check, head_reason, may_run, scene_reason

_SOURCES = (
    ("FRAME", "Current Frame", "The head looks straight ahead in the scene's current frame"),
    ("AVERAGE", "Average", "The head looks straight ahead on average"),
    ("RESET", "Reset", "The head looks where it was captured"),
)


def disabled_reason(context: bpy.types.Context) -> str | None:
    """Why there is no head to work on, for the grey buttons' tooltip; None when there is."""
    return head_reason(context) or live.read_only_reason(context.scene.ddfa.head)


class DDFA_OT_level_head(bpy.types.Operator):
    """Turn the whole performance so that the head looks straight ahead in the current frame, or on average"""

    bl_idname = "ddfa.level_head"
    bl_label = "Level Head"
    bl_options = {"REGISTER", "UNDO"}

    source: EnumProperty(name="Straight In", description="Where the head is to look straight ahead", items=_SOURCES)

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Which of the buttons."""
        return tip_(next(text for identifier, _, text in _SOURCES if identifier == properties.source))

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Grey with a reason when it cannot run."""
        return may_run(cls, disabled_reason(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set the three angles."""
        scene, armature = context.scene, context.scene.ddfa.head
        try:
            shot = shot_of(scene, armature)
            seen = shot.performance.head_rotation, shot.performance.tracked
            level = (0.0, 0.0, 0.0)
            if self.source == "FRAME":
                level = shot.settings.head_motion.level_of(*seen, sample_at(shot, scene.frame_current_final))
            elif self.source == "AVERAGE":
                level = shot.settings.head_motion.level_of(*seen)
        except CaptureError as error:
            return _fail(self, error)
        armature.ddfa.settings.head.set_level(level)
        return {"FINISHED"}


def active_head(context: bpy.types.Context) -> bpy.types.Object | None:
    """The armature of the captured head that the active object belongs to, or None."""
    active = context.active_object
    if active is not None and active.type == "MESH":
        active = active.parent
    return active if head.of_armature(active) is not None else None


def other_head_reason(context: bpy.types.Context) -> str | None:
    """Why the active object cannot be made the current head; None when it can."""
    armature = active_head(context)
    if armature is None:
        return "Click a captured head in the viewport first"
    return "It is the current head already" if armature == context.scene.ddfa.head else scene_reason(context)


class DDFA_OT_use_active_head(bpy.types.Operator):
    """Make the captured head that is selected in the viewport the current one"""

    bl_idname = "ddfa.use_active_head"
    bl_label = "Use Active Head"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Grey with a reason when it cannot run."""
        return may_run(cls, other_head_reason(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Choose it."""
        context.scene.ddfa.head = active_head(context)
        return {"FINISHED"}


class DDFA_OT_dismiss_kept_edits(bpy.types.Operator):
    """Say no more of the edited keys; the action that keeps them stays in the file"""

    bl_idname = "ddfa.dismiss_kept_edits"
    bl_label = "Dismiss"
    bl_options = {"UNDO", "INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Grey with a reason when it cannot run."""
        return may_run(cls, disabled_reason(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Forget the action's name."""
        context.scene.ddfa.head.ddfa.baked.kept_edits = ""
        return {"FINISHED"}


class DDFA_OT_add_footage_camera(bpy.types.Operator):
    """Add a camera where the footage's camera stood, with the footage as its background: the head covers the face"""

    bl_idname = "ddfa.add_footage_camera"
    bl_label = "Add Camera with Footage"
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(
        name="Footage",
        description="The video that the head was captured from",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )
    set_resolution: BoolProperty(
        name="Set Resolution", description="Give the scene's renders the size of the footage", default=True
    )
    make_active: BoolProperty(
        name="Make Active", description="Make it the scene's camera and look through it", default=True
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Grey with a reason when it cannot run."""
        return may_run(cls, disabled_reason(context))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Take the footage that the take names; ask where it is if it has moved."""
        known = footage_of(context.scene.ddfa.head)
        if known is not None:
            self.filepath = str(known)
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Switch the head's movement on, then add the camera."""
        scene, armature = context.scene, context.scene.ddfa.head
        try:
            check(disabled_reason(context))
            footage = Path(bpy.path.abspath(self.filepath)) if self.filepath else footage_of(armature)
            shot = shot_of(scene, armature)
            made = camera.add(shot, footage)
        except CaptureError as error:
            return _fail(self, error)
        settings = armature.ddfa.settings.head
        with live.paused():
            settings.translation_amount = 1.0
            settings.move_sideways = settings.move_up = settings.move_depth = True
        settings.use_translation = True
        if self.set_resolution:
            size = shot.take.header
            scene.render.resolution_x, scene.render.resolution_y = size.width, size.height
            scene.render.pixel_aspect_x = scene.render.pixel_aspect_y = 1.0
        if self.make_active:
            scene.camera = made
            _look_through(context)
        return {"FINISHED"}


def _fail(operator: bpy.types.Operator, error: CaptureError) -> set[str]:
    operator.report({"ERROR"}, str(error))
    return {"CANCELLED"}


def _look_through(context: bpy.types.Context) -> None:
    """Let the viewport that the button is in show the camera's view."""
    view = getattr(context.space_data, "region_3d", None)
    if view is not None:
        view.view_perspective = "CAMERA"


classes = (
    DDFA_OT_level_head,
    DDFA_OT_use_active_head,
    DDFA_OT_dismiss_kept_edits,
    DDFA_OT_add_footage_camera,
)
