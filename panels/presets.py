# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of presets that opens from the main panel's header."""

from __future__ import annotations

import bpy
from bl_ui.utils import PresetPanel

from ..operators import presets


class DDFA_PT_presets(PresetPanel, bpy.types.Panel):
    """Presets of clean-up and head settings"""

    bl_label = "Face Capture Presets"
    bl_space_type = "VIEW_3D"
    bl_region_type = "HEADER"
    preset_subdir = presets.SUBFOLDER
    preset_operator = presets.DDFA_OT_preset_apply.bl_idname
    preset_add_operator = presets.DDFA_OT_preset_add.bl_idname


classes = (DDFA_PT_presets,)
