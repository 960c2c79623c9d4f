# SPDX-License-Identifier: GPL-3.0-or-later
"""Gaps, smoothing and the other repairs."""

from __future__ import annotations

import bpy

from ..scene.properties import current
from .common import SubPanel


class DDFA_PT_cleanup(SubPanel, bpy.types.Panel):
    """Gaps and smoothing."""

    bl_label = "Clean-up"
    bl_options = {"DEFAULT_CLOSED"}
    bl_order = 2

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """Lost frames, then one smoothing per group of channels."""
        settings = current(context.scene).cleanup
        layout.prop(settings, "min_confidence")
        layout.prop(settings, "gaps")
        column = layout.column(align=True)
        column.prop(settings, "smooth_head", text="Smooth Head")
        column.prop(settings, "smooth_expression", text="Expression")
        column.prop(settings, "smooth_eyes", text="Eyes")
        column.prop(settings, "smooth_face", text="ARKit Face")


classes = (DDFA_PT_cleanup,)
