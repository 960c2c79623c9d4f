# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the neutral face from the scene's current frame or from its frame range."""

from __future__ import annotations

from typing import Any

import bpy

from ..ddfa_blender import solutions
from ..ddfa_blender.errors import CaptureError
from ..scene import live, takes
from ..scene.clock import scene_of, scene_rate
from ..scene.timebase import Timebase
from .polling import head_reason, may_run
from .reporting import Reporting


def disabled_reason(context: bpy.types.Context) -> str | None:
    """Why there is no head whose neutral face could be set, for the grey buttons; None when there is."""
    return head_reason(context) or live.read_only_reason(context.scene.ddfa.head)


def footage_seconds(scene: bpy.types.Scene, armature: bpy.types.Object, frame: float) -> float:
    """Second of the footage that shows at a frame of the scene.

    Raises:
        CaptureError: the take of the head is missing or damaged.
    """
    time = solutions.take_at(takes.of_head(armature)).time
    baking = armature.ddfa.settings.bake_settings()
    return float(Timebase.of(baking, scene_rate(scene_of(armature, scene)), time).seconds_at(frame))


class _NeutralOperator(Reporting):
    """Changes the neutral face of the current head and bakes it once, or changes nothing."""

    def values(self, scene: bpy.types.Scene, armature: bpy.types.Object) -> dict[str, Any]:
        """The properties to set."""
        raise NotImplementedError

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Grey with a reason when it cannot run."""
        return may_run(cls, disabled_reason(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set and bake."""
        armature = context.scene.ddfa.head
        settings = armature.ddfa.settings.neutral
        before: dict[str, Any] = {}
        try:
            values = self.values(context.scene, armature)
            before = {name: getattr(settings, name) for name in values}
            _set(settings, values)
            live.rebake(context.scene, armature)
        except CaptureError as error:
            _set(settings, before)
            return self.fail(error)
        armature.ddfa.problem = ""
        return {"FINISHED"}


def _set(settings: bpy.types.PropertyGroup, values: dict[str, Any]) -> None:
    with live.paused():
        for name, value in values.items():
            setattr(settings, name, value)


class DDFA_OT_neutral_from_frame(_NeutralOperator, bpy.types.Operator):
    """Make the actor's face in the scene's current frame the neutral one"""

    bl_idname = "ddfa.neutral_from_frame"
    bl_label = "Neutral from Current Frame"
    bl_options = {"REGISTER", "UNDO"}

    def values(self, scene: bpy.types.Scene, armature: bpy.types.Object) -> dict[str, Any]:
        """The moment that shows now."""
        return {
            "neutral_mode": "time",
            "neutral_time": max(footage_seconds(scene, armature, scene.frame_current_final), 0.0),
        }


class DDFA_OT_neutral_from_range(_NeutralOperator, bpy.types.Operator):
    """Make the actor's usual face within the scene's preview range the neutral one; without one, its frame range"""

    bl_idname = "ddfa.neutral_from_range"
    bl_label = "Neutral from Range"
    bl_options = {"REGISTER", "UNDO"}

    def values(self, scene: bpy.types.Scene, armature: bpy.types.Object) -> dict[str, Any]:
        """The range's two ends; half a frame more on each side, so that what shows in the last frame counts."""
        first, last = scene.frame_start, scene.frame_end
        if scene.use_preview_range:
            first, last = scene.frame_preview_start, scene.frame_preview_end
        start, end = (footage_seconds(scene, armature, frame) for frame in (first - 0.5, last + 0.5))
        return {"neutral_mode": "range", "neutral_start": max(start, 0.0), "neutral_end": max(end, 0.0)}


classes = (DDFA_OT_neutral_from_frame, DDFA_OT_neutral_from_range)
