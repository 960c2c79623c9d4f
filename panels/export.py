# SPDX-License-Identifier: GPL-3.0-or-later
"""Out of Blender."""

from __future__ import annotations

import bpy

from ..operators import export_fbx
from .common import SubPanel, draw_reason


class DDFA_PT_export(SubPanel, bpy.types.Panel):
    """The captured head as a file."""

    bl_label = "Export"
    bl_order = 7

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """Which head, and the button."""
        layout.prop(context.scene.ddfa, "head")
        layout.operator("ddfa.export_fbx", icon="EXPORT")
        draw_reason(layout, context, export_fbx.disabled_reason(context))


classes = (DDFA_PT_export,)
