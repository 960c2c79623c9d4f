# SPDX-License-Identifier: GPL-3.0-or-later
"""Where on the timeline the animation goes."""

from __future__ import annotations

import bpy

from ..scene.properties import current
from .common import SubPanel


class DDFA_PT_timing(SubPanel, bpy.types.Panel):
    """Start frame and keys."""

    bl_label = "Timing"
    bl_options = {"DEFAULT_CLOSED"}
    bl_order = 1

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """Start frame, keys, range."""
        timing = current(context.scene).timing
        layout.prop(timing, "frame_start")
        layout.prop(timing, "key_placement")
        layout.prop(timing, "set_scene_range")


classes = (DDFA_PT_timing,)
