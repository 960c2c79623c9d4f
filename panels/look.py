# SPDX-License-Identifier: GPL-3.0-or-later
"""What the captured head looks like."""

from __future__ import annotations

import bpy

from ..operators import look, state
from .common import SubPanel, draw_reason


class DDFA_PT_look(SubPanel, bpy.types.Panel):
    """The actor's texture and the position map."""

    bl_label = "Look"
    bl_options = {"DEFAULT_CLOSED"}
    bl_order = 6

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """Size, then the buttons and how far the baking has come."""
        settings = context.scene.ddfa.look
        layout.prop(settings, "texture_size")
        column = layout.column(align=True)
        column.operator("ddfa.bake_actor_texture", icon="TEXTURE")
        column.operator("ddfa.wear_generated_skin", icon="LOOP_BACK")
        if look.is_baking():
            layout.progress(factor=look.progress_factor(), type="BAR", text=state.progress_text())
        layout.separator()
        layout.prop(settings, "posture")
        layout.operator("ddfa.make_position_map", icon="IMAGE_DATA")
        draw_reason(layout, context, look.disabled_reason(context))


classes = (DDFA_PT_look,)
