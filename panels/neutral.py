# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the actor's faces is the neutral one."""

from __future__ import annotations

import bpy

from ..operators import neutral
from ..scene.properties import current
from .common import SubPanel, draw_reason


class DDFA_PT_neutral(SubPanel, bpy.types.Panel):
    """The actor's resting face."""

    bl_label = "Neutral"
    bl_options = {"DEFAULT_CLOSED"}
    bl_order = 3

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """Where the neutral face comes from, then what it is used for."""
        settings = current(context.scene).neutral
        mode = settings.neutral_mode
        layout.prop(settings, "neutral_mode")
        column = layout.column()
        column.active = mode == "time"
        column.prop(settings, "neutral_time")
        column = layout.column(align=True)
        column.active = mode == "range"
        column.prop(settings, "neutral_start")
        column.prop(settings, "neutral_end")
        column = layout.column(align=True)
        column.operator("ddfa.neutral_from_frame", icon="EYEDROPPER")
        column.operator("ddfa.neutral_from_range", icon="PREVIEW_RANGE")
        draw_reason(layout, context, neutral.disabled_reason(context))
        column = layout.column(align=True, heading="Apply to")
        column.active = mode != "off"
        column.prop(settings, "neutral_face")
        column.prop(settings, "neutral_eyelids")
        column.prop(settings, "neutral_gaze")


classes = (DDFA_PT_neutral,)
