# SPDX-License-Identifier: GPL-3.0-or-later
"""The lists of presets that open from panels' headers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bpy
from bl_ui.utils import PresetPanel

from ..operators import mapping_presets, presets


class _Presets(PresetPanel):
    """Blender's list of presets and the field for the name of a new one."""

    layout: bpy.types.UILayout

    def path_menu(self, searchpaths: Sequence[str], operator: str, **options: Any) -> None:
        """Blender asks to list the presets. Where none was ever kept there is no folder: it would complain of that."""
        if not searchpaths:
            self.layout.label(text="No presets yet; name the first one")
        bpy.types.Menu.path_menu(self, searchpaths or iter(()), operator, **options)


class DDFA_PT_presets(_Presets, bpy.types.Panel):
    """Presets of clean-up and head settings"""

    bl_label = "Face Capture Presets"
    bl_space_type = "VIEW_3D"
    bl_region_type = "HEADER"
    preset_subdir = presets.SUBFOLDER
    preset_operator = presets.DDFA_OT_preset_apply.bl_idname
    preset_add_operator = presets.DDFA_OT_preset_add.bl_idname


class DDFA_PT_mapping_presets(_Presets, bpy.types.Panel):
    """Presets of mappings and recorded poses"""

    bl_label = "Mapping Presets"
    bl_space_type = "VIEW_3D"
    bl_region_type = "HEADER"
    preset_subdir = mapping_presets.SUBFOLDER
    preset_operator = mapping_presets.DDFA_OT_mapping_preset_apply.bl_idname
    preset_add_operator = mapping_presets.DDFA_OT_mapping_preset_add.bl_idname


classes = (DDFA_PT_presets, DDFA_PT_mapping_presets)
