# SPDX-License-Identifier: GPL-3.0-or-later
"""How the head is driven."""

from __future__ import annotations

import bpy

from ..scene.properties import current
from .common import SubPanel


class DDFA_PT_head(SubPanel, bpy.types.Panel):
    """Shape keys, neck and the head's movement."""

    bl_label = "Head"
    bl_options = {"DEFAULT_CLOSED"}
    bl_order = 4

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """Shape keys, neck, translation."""
        settings = current(context.scene).head
        layout.prop(settings, "driving")
        layout.prop(settings, "neck_share")
        layout.prop(settings, "use_translation")
        layout.prop(settings, "field_of_view")


classes = (DDFA_PT_head,)
