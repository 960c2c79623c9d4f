# SPDX-License-Identifier: GPL-3.0-or-later
"""Out of Blender."""

from __future__ import annotations

import bpy

from ..operators import export as operators
from ..scene.exports import hint
from .common import SubPanel, draw_message, draw_reason


class DDFA_PT_export(SubPanel, bpy.types.Panel):
    """The captured head as a file."""

    bl_label = "Export"
    bl_options = {"DEFAULT_CLOSED"}
    bl_order = 7

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """In which format, for which program, and the button."""
        choice = context.scene.ddfa.export
        layout.prop(choice, "format")
        layout.prop(choice, "target")
        draw_reason(layout, context, hint(choice.format, choice.target))
        layout.operator(operators.OPERATOR_IDS[choice.format], icon="EXPORT")
        draw_reason(layout, context, operators.disabled_reason(context, choice.format))
        draw_message(layout, context, "export")


classes = (DDFA_PT_export,)
