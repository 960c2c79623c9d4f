# SPDX-License-Identifier: GPL-3.0-or-later
"""Mappings as presets, kept and listed the way Blender keeps its own; beside the JSON files, which travel."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import bpy
from bl_operators.presets import AddPresetBase
from bpy.app.translations import pgettext_rpt as rpt_
from bpy.props import StringProperty

from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.formats.reading import read_text
from ..scene import mapping_items
from . import state
from .mapping import mapping_reason
from .polling import check, may_run
from .reporting import Reporting
from .retarget import character_reason

#: Folder of the presets below each of Blender's preset folders, and the panel that lists them.
SUBFOLDER, PANEL = "ddfa_face_capture_mappings", "DDFA_PT_mapping_presets"
#: The property that holds a mapping as text, and the name under which a preset speaks of its owner.
_PROPERTY, _OWNER = "mapping_text", "settings"
#: The line that Blender writes: one text, as Python spells it. Nothing else of the script is even looked at.
_MAPPING = re.compile(
    rf"""^{_OWNER}\.{_PROPERTY} = ('[^'\\\n]*(?:\\.[^'\\\n]*)*'|"[^"\\\n]*(?:\\.[^"\\\n]*)*")\s*$""", re.MULTILINE
)
#: Bytes of a preset: a mapping of the largest size, spelled as text.
_LARGEST = 16 * 2**20


def mapping_in(text: str, name: str) -> str:
    """The mapping in a preset's script, which is read and never run: presets are handed around.

    Raises:
        CaptureError: there is none.
    """
    found = _MAPPING.search(text)
    if found is None:
        raise CaptureError(f"The preset {name} holds no mapping; choose another.")
    try:
        return str(ast.literal_eval(found[1]))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise CaptureError(f"The preset {name} is damaged and cannot be read; choose another.") from error


class DDFA_OT_mapping_preset_add(Reporting, AddPresetBase, bpy.types.Operator):
    """Keep the mapping and the recorded poses under a name, or remove the chosen preset"""

    bl_idname = "ddfa.mapping_preset_add"
    bl_label = "Add Mapping Preset"
    topic = "mapping"
    preset_menu = PANEL
    preset_subdir = SUBFOLDER
    preset_defines = (f"{_OWNER} = bpy.context.scene.ddfa.retarget",)
    preset_values = (f"{_OWNER}.{_PROPERTY}",)

    def pre_cb(self, context: bpy.types.Context) -> None:
        """Blender asks before it writes: what cannot be read back is not written."""
        if not self.remove_active and not self.remove_name:
            mapping_items.text_of(context.scene.ddfa.retarget)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write or remove it."""
        try:
            check(None if self.remove_active or self.remove_name else mapping_reason(context))
            done: set[str] = super().execute(context)
        except CaptureError as error:
            return self.fail(error)
        return done


class DDFA_OT_mapping_preset_apply(Reporting, bpy.types.Operator):
    """Use the mapping of a preset, and its poses, on this character; replaces the list"""

    bl_idname = "ddfa.mapping_preset_apply"
    bl_label = "Apply Mapping Preset"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}
    topic = "mapping"

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    menu_idname: StringProperty(options={"SKIP_SAVE", "HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Grey with a reason when it cannot run."""
        return may_run(cls, state.busy_reason() or character_reason(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """What the character does not have is named in the panel."""
        path = Path(self.filepath)
        try:
            mapping = mapping_in(read_text(path, "preset", _LARGEST), path.stem)
            mapping_items.load_text(context.scene, mapping, path.stem)
        except CaptureError as error:
            return self.fail(error)
        # Blender shows the last choice as the menu's title.
        getattr(bpy.types, PANEL).bl_label = bpy.path.display_name(path.stem, title_case=False)
        state.tell(rpt_("Loaded {}").format(path.stem), about=self.topic)
        return {"FINISHED"}


classes = (DDFA_OT_mapping_preset_add, DDFA_OT_mapping_preset_apply)
