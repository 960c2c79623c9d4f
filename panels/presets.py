# SPDX-License-Identifier: GPL-3.0-or-later
"""The lists of presets that open from panels' headers."""

from __future__ import annotations

import bpy
from bl_ui.utils import PresetPanel

from ..operators import mapping_presets, presets


class DDFA_PT_presets(PresetPanel, bpy.types.Panel):
    """Presets of clean-up and head settings"""

    bl_label = "Face Capture Presets"
    bl_space_type = "VIEW_3D"
    bl_region_type = "HEADER"
    preset_subdir = presets.SUBFOLDER
    preset_operator = presets.DDFA_OT_preset_apply.bl_idname
    preset_add_operator = presets.DDFA_OT_preset_add.bl_idname


class DDFA_PT_mapping_presets(PresetPanel, bpy.types.Panel):
    """Presets of mappings and recorded poses"""

    bl_label = "Mapping Presets"
    bl_space_type = "VIEW_3D"
    bl_region_type = "HEADER"
    preset_subdir = mapping_presets.SUBFOLDER
    preset_operator = mapping_presets.DDFA_OT_mapping_preset_apply.bl_idname
    preset_add_operator = mapping_presets.DDFA_OT_mapping_preset_add.bl_idname


classes = (DDFA_PT_presets, DDFA_PT_mapping_presets)
