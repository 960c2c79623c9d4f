# SPDX-License-Identifier: GPL-3.0-or-later
"""Where on the timeline the animation goes, and with how many keys."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface as iface_

from ..ddfa_blender.footage.frame_rate import FrameRate, rate_text
from ..operators import timing as operators
from ..scene import head
from ..scene.clock import scene_rate
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
        draw_reason(column, context, operators.range_note(scene))
        column.prop(timing, "mark_gaps")
        layout.prop(timing, "key_placement")
        _draw_thinning(layout, context, timing, armature)


def _draw_rates(layout: bpy.types.UILayout, context: bpy.types.Context, armature: bpy.types.Object | None) -> None:
    """The footage's rate beside the scene's, and what the difference does."""
    scene = context.scene
    now = rate_text(scene_rate(scene))
    if armature is None or armature.ddfa.baked.scene_rate <= 0.0:  # an earlier release noted nothing
        draw_text(layout.column(align=True), context, iface_("Scene {rate} fps").format(rate=now), "TIME")
    else:
        baked = armature.ddfa.baked
        draw_text(layout.column(align=True), context, _rates_text(operators.footage_rate(scene), baked, now), "TIME")
        if abs(baked.duration_factor - 1.0) > _SAME:
            text = iface_("The animation is {factor:.3g} times as long as the footage")
            draw_text(layout.column(align=True), context, text.format(factor=baked.duration_factor), "INFO")
    stale = operators.baked_at_another_rate(scene)
    if stale:
        text = iface_("The scene's rate was changed after {head} had been baked")
        draw_problem(layout, context, text.format(head=stale[0].name))
        layout.operator("ddfa.bake_again", icon="FILE_REFRESH")
    layout.operator("ddfa.set_scene_rate")
    draw_reason(layout, context, operators.disabled_reason(context))


def _rates_text(rate: FrameRate | None, baked: bpy.types.PropertyGroup, scene_rate: str) -> str:
    """The footage's rate beside the scene's."""
    if rate is None:
        return iface_("Footage a photo, scene {scene} fps").format(scene=scene_rate)
    if baked.footage_varies:
        text = iface_("Footage {footage} fps (variable), scene {scene} fps")
    else:
        text = iface_("Footage {footage} fps, scene {scene} fps")
    return text.format(footage=rate_text(rate.value), scene=scene_rate)


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
        text = iface_("{kept} of {all} keys, off by at most {weight:.2g} %, {degrees:.2g}°, {millimetres:.2g} mm")
        text = text.format(
            kept=baked.kept_keys,
            all=baked.all_keys,
            weight=100.0 * baked.weight_error,
            degrees=baked.degrees_error,
            millimetres=baked.millimetres_error,
        )
        draw_text(layout.column(align=True), context, text, "KEYFRAME")


classes = (DDFA_PT_timing,)
