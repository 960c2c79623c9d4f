# SPDX-License-Identifier: GPL-3.0-or-later
"""Where on the timeline the animation goes, and with how many keys."""

from __future__ import annotations

import bpy

from ..ddfa_blender.footage.frame_rate import rate_text
from ..operators import timing as operators
from ..scene import head
from ..scene.pipeline import scene_rate
from ..scene.properties import current
from .common import SubPanel, draw_problem, draw_reason, draw_text

#: Durations that differ by less than this factor are the same to the eye.
_SAME = 1e-3


class DDFA_PT_timing(SubPanel, bpy.types.Panel):
    """Start frame, speed and keys."""

    bl_label = "Timing"
    bl_options = {"DEFAULT_CLOSED"}
    bl_order = 1

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """The two rates, how they are matched, where the animation begins, its keys."""
        scene = context.scene
        timing = current(scene).timing
        armature = scene.ddfa.head if head.of_armature(scene.ddfa.head) is not None else None
        _draw_rates(layout, context, armature)
        layout.prop(timing, "mode")
        row = layout.row()
        row.active = timing.mode == "STRETCH"
        row.prop(timing, "stretch")
        layout.prop(timing, "frame_start")
        column = layout.column()
        column.prop(timing, "set_scene_range")
        column.prop(timing, "mark_gaps")
        layout.prop(timing, "key_placement")
        _draw_thinning(layout, context, timing, armature)


def _draw_rates(layout: bpy.types.UILayout, context: bpy.types.Context, armature: bpy.types.Object | None) -> None:
    """The footage's rate beside the scene's, and what the difference does."""
    scene = context.scene
    now = rate_text(scene_rate(scene))
    if armature is None or armature.ddfa.baked.scene_rate <= 0.0:  # an earlier release noted nothing
        draw_text(layout.column(align=True), context, f"Scene {now} fps", "TIME")
    else:
        baked = armature.ddfa.baked
        rate = operators.footage_rate(scene)
        footage = "a photo" if rate is None else f"{rate_text(rate.value)} fps"
        varies = " (variable)" if baked.footage_varies else ""
        draw_text(layout.column(align=True), context, f"Footage {footage}{varies}, scene {now} fps", "TIME")
        if abs(baked.duration_factor - 1.0) > _SAME:
            text = f"The animation is {baked.duration_factor:.3g} times as long as the footage"
            draw_text(layout.column(align=True), context, text, "INFO")
    stale = operators.baked_at_another_rate(scene)
    if stale:
        draw_problem(layout, context, f"The scene's rate was changed after {stale[0].name} had been baked")
        layout.operator("ddfa.bake_again", icon="FILE_REFRESH")
    layout.operator("ddfa.set_scene_rate")
    draw_reason(layout, context, operators.disabled_reason(context))


def _draw_thinning(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    timing: bpy.types.PropertyGroup,
    armature: bpy.types.Object | None,
) -> None:
    layout.prop(timing, "use_thinning")
    column = layout.column(align=True)
    column.active = timing.use_thinning
    for name in ("thin_weight", "thin_rotation", "thin_location"):
        column.prop(timing, name)
    if armature is not None and timing.use_thinning:
        baked = armature.ddfa.baked
        text = (
            f"{baked.kept_keys} of {baked.all_keys} keys, off by at most {100.0 * baked.weight_error:.2g} %, "
            f"{baked.degrees_error:.2g}°, {baked.millimetres_error:.2g} mm"
        )
        draw_text(layout.column(align=True), context, text, "KEYFRAME")


classes = (DDFA_PT_timing,)
