# SPDX-License-Identifier: GPL-3.0-or-later
"""The scene's frame rate and the footage's."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface as iface_
from bpy.app.translations import pgettext_rpt as rpt_
from bpy.app.translations import pgettext_tip as tip_

from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.footage.frame_rate import FrameRate, nearest_rate, rate_text
from ..scene import frame_range, head, live
from ..scene.clock import scene_of, scene_rate
from ..scene.properties import current
from .polling import head_reason, may_run, scene_reason


def footage_rate(scene: bpy.types.Scene) -> FrameRate | None:
    """The rate of the current head's footage as a scene has it, None without a head or of a photo."""
    armature = scene.ddfa.head
    if head.of_armature(armature) is None or armature.ddfa.baked.footage_rate <= 0.0:
        return None
    baked = armature.ddfa.baked
    return nearest_rate(baked.footage_rate, baked.footage_seconds)


def disabled_reason(context: bpy.types.Context) -> str | None:
    """Why the scene cannot take the footage's rate, for the grey button's tooltip; None when it can."""
    missing = head_reason(context)
    if missing is not None:
        return missing
    rate = footage_rate(context.scene)
    if rate is None:
        return "A photo has no frame rate"
    linked = scene_reason(context)
    if linked is not None:
        return linked
    same = abs(scene_rate(context.scene) / rate.value - 1.0) < 1e-6
    return "The scene has the footage's rate already" if same else None


def range_note(scene: bpy.types.Scene) -> str:
    """What becomes of the scene's frame range, "" where it follows the animation or need not."""
    armature = scene.ddfa.head if head.of_armature(scene.ddfa.head) is not None else None
    if not current(scene).timing.set_scene_range or not frame_range.is_set_by_hand(scene):
        return ""
    found = frame_range.of_head(armature) if armature is not None else None
    if found is None:
        return iface_("The scene's range was set by hand and stays")
    text = iface_("The scene's range was set by hand and stays; switch it off and on to get {first} to {last}")
    return text.format(first=found[0], last=found[1])


def baked_at_another_rate(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """Heads in the scene whose keys lie where they belonged before its rate was changed."""
    now = scene_rate(scene)
    rates = ((armature, armature.ddfa.baked.scene_rate) for armature in _heads(scene))
    # What an earlier release baked has no rate noted.
    return [armature for armature, rate in rates if rate > 0.0 and abs(rate / now - 1.0) > 1e-6]


class DDFA_OT_set_scene_rate(bpy.types.Operator):
    """Give the scene exactly the footage's frame rate, and bake the heads in it again"""

    bl_idname = "ddfa.set_scene_rate"
    bl_label = "Set Scene Rate to Footage"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Grey with a reason when it cannot run."""
        return may_run(cls, disabled_reason(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set it."""
        rate = footage_rate(context.scene)
        if rate is None:  # poll() sees to that; a script can call past it
            return {"CANCELLED"}
        render = context.scene.render
        render.fps, render.fps_base = rate.fps, rate.base
        _bake_again(self, context.scene)
        text = rpt_("The scene has {rate} frames per second now")
        self.report({"INFO"}, text.format(rate=rate_text(rate.value)))
        return {"FINISHED"}


class DDFA_OT_bake_again(bpy.types.Operator):
    """Bake the captured heads of this scene again, at its present frame rate"""

    bl_idname = "ddfa.bake_again"
    bl_label = "Bake Again"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Grey with a reason when it cannot run."""
        found = bool(_heads(context.scene))
        if not found:
            cls.poll_message_set(tip_("There is no captured head in the scene"))
        return found

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Bake them."""
        return {"FINISHED"} if _bake_again(self, context.scene) else {"CANCELLED"}


def _heads(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """The captured heads that follow this scene's clock and have a take."""
    return [
        obj for obj in scene.objects
        if obj.type == "ARMATURE" and obj.ddfa.take and head.of_armature(obj) and scene_of(obj, scene) == scene
    ]  # fmt: skip


def _bake_again(operator: bpy.types.Operator, scene: bpy.types.Scene) -> bool:
    """Bake all heads of a scene; what goes wrong stands on the head and is told. Whether any was baked."""
    baked = False
    for armature in _heads(scene):
        try:
            live.rebake(scene, armature)
        except CaptureError as error:
            operator.report({"WARNING"}, f"{armature.name}: {error}")
            if armature.is_editable:
                armature.ddfa.problem = str(error)
        else:
            armature.ddfa.problem = ""
            baked = True
    return baked


classes = (DDFA_OT_set_scene_rate, DDFA_OT_bake_again)
