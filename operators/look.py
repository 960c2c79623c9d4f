# SPDX-License-Identifier: GPL-3.0-or-later
"""Give a captured head its actor's skin, and make position maps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_n as n_
from bpy.app.translations import pgettext_rpt as rpt_
from bpy.props import StringProperty

from ..ddfa_blender.errors import CaptureError
from ..scene import head, live, look, takes
from ..scene.head_take import footage_of
from . import modal_job, state
from .job import Job, Progress
from .modal_job import JobOperator
from .polling import check, head_reason, is_interactive, may_run
from .reporting import Reporting
from .texture_task import TextureTask

if TYPE_CHECKING:
    from ..ddfa_blender.texture.actor_texture import ActorTexture

_DOING = "The actor's texture is being baked"


def disabled_reason(context: bpy.types.Context) -> str | None:
    """Why no texture can be made now, for the grey buttons; None when one can."""
    return head_reason(context) or state.busy_reason() or live.read_only_reason(context.scene.ddfa.head)


#: The job that bakes a texture, if one does; ``state.job`` may be a capture.
_baking: Job[ActorTexture] | None = None


def is_baking() -> bool:
    """The running job makes a texture, not a capture."""
    return state.job is not None and state.job is _baking


def progress_factor() -> float:
    """0…1, for the panel, while a texture is baked."""
    return state.job.progress.factor if state.job is not None else 0.0


def _told(progress: Progress, translate: Callable[[str], str]) -> str:
    return translate("Painting the texture…") if progress.is_complete else progress.text(translate)


class _LookOperator(Reporting):
    """Works on the current head."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Grey with a reason when it cannot run."""
        return may_run(cls, disabled_reason(context))


class DDFA_OT_bake_actor_texture(_LookOperator, JobOperator, bpy.types.Operator):
    """Read the footage once more and paint the head's skin with the actor's"""

    bl_idname = "ddfa.bake_actor_texture"
    bl_label = "Bake Texture"
    bl_options = {"REGISTER", "UNDO"}
    stopped = n_("Baking cancelled")

    filepath: StringProperty(
        name="Footage",
        description="The video that the head was captured from",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Take the footage that the take names; ask where it is if it has moved."""
        if not self.filepath and footage_of(context.scene.ddfa.head) is None:
            context.window_manager.fileselect_add(self)
            return {"RUNNING_MODAL"}
        return self.execute(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Run on a thread while the user goes on working; to the end at once where there is no window."""
        state.tell("")
        try:
            self._prepare(context)
            if not is_interactive(context):
                return self._write(self._task(lambda _done, _total: None, lambda: False))
        except CaptureError as error:
            return self.fail(error)
        global _baking  # noqa: PLW0603 (the panel must know which job it shows)
        _baking = Job(self._task)
        return modal_job.start(self, context, _baking, _DOING, told=_told)

    def finish(self, _context: bpy.types.Context, result: ActorTexture) -> set[str]:
        """Paint the head."""
        return self._write(result)

    def _prepare(self, context: bpy.types.Context) -> None:
        """Take down what the user chose: the settings may change while the texture is baked."""
        check(disabled_reason(context))
        armature = context.scene.ddfa.head
        trouble = takes.problem(armature)
        if trouble:
            raise CaptureError(trouble)
        footage = Path(bpy.path.abspath(self.filepath)) if self.filepath else footage_of(armature)
        if footage is None:
            raise CaptureError("The footage of the take is not where it was; choose the file where it is now.")
        take_file = takes.of_head(armature)
        model = live.model_of(take_file)
        look.check_wearable(_captured(armature), model)
        # By name: references die with undo and file loads.
        self._head_name = armature.name
        self._task = TextureTask(footage, take_file, model, int(context.scene.ddfa.look.texture_size))

    def _write(self, texture: ActorTexture) -> set[str]:
        captured = _captured(bpy.data.objects.get(self._head_name), self._head_name)
        look.wear(captured, self._task.model, texture.pixels, f"{self._head_name} Actor")
        count = len(texture.frames)
        one = rpt_("Baked the actor's texture from {count} frame")
        many = rpt_("Baked the actor's texture from {count} frames")
        return self.succeed((one if count == 1 else many).format(count=count))


def _captured(armature: bpy.types.Object | None, name: str = "") -> head.Head:
    captured = head.of_armature(armature)
    if captured is None:
        raise CaptureError(f"The head {name} is gone; choose another one and bake again.")
    return captured


class DDFA_OT_wear_generated_skin(_LookOperator, bpy.types.Operator):
    """Give the head the plain skin that it was made with"""

    bl_idname = "ddfa.wear_generated_skin"
    bl_label = "Plain Skin"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Paint it."""
        armature = context.scene.ddfa.head
        try:
            captured, model = _captured(armature), live.model_of(takes.of_head(armature))
            look.wear_generated(captured, model, f"{armature.name} Skin")
        except CaptureError as error:
            return self.fail(error)
        return self.succeed("The head has its plain skin again")


class DDFA_OT_make_position_map(_LookOperator, bpy.types.Operator):
    """Make an image whose pixels hold where each point of the skin lies, in the texture's layout"""

    bl_idname = "ddfa.make_position_map"
    bl_label = "Make Position Map"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Make or renew the image."""
        armature, settings = context.scene.ddfa.head, context.scene.ddfa.look
        try:
            captured, model = _captured(armature), live.model_of(takes.of_head(armature))
            size = int(settings.texture_size)
            image = look.make_position_map(
                context, captured, model, size, settings.posture, f"{armature.name} Position"
            )
        except CaptureError as error:
            return self.fail(error)
        return self.succeed(rpt_("Made the image {image}").format(image=image.name))


classes = (DDFA_OT_bake_actor_texture, DDFA_OT_wear_generated_skin, DDFA_OT_make_position_map)
