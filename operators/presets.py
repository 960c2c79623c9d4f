# SPDX-License-Identifier: GPL-3.0-or-later
"""Presets of what can be changed after a capture, kept and listed the way Blender keeps its own."""

from __future__ import annotations

from pathlib import Path

import bpy
from bl_operators.presets import AddPresetBase
from bpy.app.translations import pgettext_rpt as rpt_
from bpy.props import StringProperty

from ..ddfa_blender.errors import CaptureError
from ..scene import live
from ..scene.properties import PerformanceSettings
from . import state

#: Folder of the presets below each of Blender's preset folders, and the panel that lists them.
SUBFOLDER, PANEL = "ddfa_face_capture", "DDFA_PT_presets"

#: Groups that a preset leaves alone: where on the timeline one clip begins, how one actor looks at rest.
NOT_IN_PRESETS = frozenset({"timing", "neutral"})


def preset_paths() -> list[str]:
    """Paths of the groups that a preset holds, such as ``settings.cleanup``."""
    groups = [prop.identifier for prop in PerformanceSettings.bl_rna.properties if prop.type == "POINTER"]
    return [f"settings.{name}" for name in groups if name not in NOT_IN_PRESETS | {"rna_type"}]


class DDFA_OT_preset_add(AddPresetBase, bpy.types.Operator):
    """Keep the clean-up and head settings under a name, or remove the chosen preset"""

    bl_idname = "ddfa.preset_add"
    bl_label = "Add Face Capture Preset"
    preset_menu = PANEL
    preset_subdir = SUBFOLDER
    preset_defines = ("settings = bpy.context.scene.ddfa.current()",)

    @property
    def preset_values(self) -> list[str]:
        """Blender writes all that is in these groups."""
        return preset_paths()


class DDFA_OT_preset_apply(bpy.types.Operator):
    """Take over the settings of a preset"""

    bl_idname = "ddfa.preset_apply"
    bl_label = "Apply Face Capture Preset"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    menu_idname: StringProperty(options={"SKIP_SAVE", "HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set all values, then bake once."""
        path = Path(self.filepath)
        try:
            with live.paused():
                bpy.utils.execfile(str(path))
            _bake(context)
        except Exception as error:  # noqa: BLE001 (a preset is a script: whatever it raises, the user must hear of it)
            message = rpt_("The preset {preset} does not fit: {error}").format(preset=path.stem, error=error)
            if isinstance(error, CaptureError):
                message = str(error)
            state.tell(message, is_error=True)
            self.report({"ERROR"}, message)
            return {"CANCELLED"}
        # Blender shows the last choice as the menu's title.
        getattr(bpy.types, PANEL).bl_label = bpy.path.display_name(path.stem, title_case=False)
        return {"FINISHED"}


def _bake(context: bpy.types.Context) -> None:
    armature = context.scene.ddfa.head
    if armature is not None:
        live.rebake(context.scene, armature)


classes = (DDFA_OT_preset_add, DDFA_OT_preset_apply)
