# SPDX-License-Identifier: GPL-3.0-or-later
"""How the head is driven."""

from __future__ import annotations

import bpy

from ..operators import head as operators
from ..scene import camera, head
from ..scene.properties import current
from .common import SubPanel, draw_reason, draw_text


class DDFA_PT_head(SubPanel, bpy.types.Panel):
    """Shape keys, neck and the head's movement."""

    bl_label = "Head"
    bl_options = {"DEFAULT_CLOSED"}
    bl_order = 4

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """Shape keys, their source and neck, then what the rotation is measured against, the movement, the camera."""
        settings = current(context.scene).head
        layout.prop(settings, "driving")
        layout.prop(settings, "arkit_source")
        layout.prop(settings, "neck_share")
        layout.prop(settings, "reference")
        column = layout.column(align=True)
        for name in ("level_yaw", "level_pitch", "level_roll"):
            column.prop(settings, name)
        row = layout.row(align=True)
        for source, text in (("FRAME", "This Frame"), ("AVERAGE", "Average"), ("RESET", "Reset")):
            row.operator("ddfa.level_head", text=text).source = source
        layout.prop(settings, "use_translation")
        column = layout.column(align=True)
        column.active = settings.use_translation
        column.prop(settings, "translation_amount")
        row = column.row(align=True)
        for name in ("move_sideways", "move_up", "move_depth"):
            row.prop(settings, name, toggle=True)
        layout.prop(settings, "field_of_view")
        layout.operator("ddfa.add_footage_camera", icon="VIEW_CAMERA")
        draw_reason(layout, context, operators.disabled_reason(context))
        if head.of_armature(context.scene.ddfa.head) is not None:
            problem = camera.lines_up(context.scene.ddfa.head)
            if problem:
                draw_text(layout.column(align=True), context, problem, "INFO")


classes = (DDFA_PT_head,)
