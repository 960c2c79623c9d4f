# SPDX-License-Identifier: GPL-3.0-or-later
"""Presets of what can be changed after a capture, kept and listed the way Blender keeps its own."""

from __future__ import annotations

from pathlib import Path

import bpy
from bl_operators.presets import AddPresetBase
from bpy.app.translations import pgettext_rpt as rpt_
from bpy.props import StringProperty

from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.formats.reading import read_text
from ..ddfa_blender.preset_text import LARGEST_FILE, Step, read_preset
from ..scene import live, take_heads
from ..scene.properties import PerformanceSettings, current, set_values, values_of
from .polling import may_run
from .reporting import Reporting

#: Folder of the presets below each of Blender's preset folders, and the panel that lists them.
SUBFOLDER, PANEL = "ddfa_face_capture", "DDFA_PT_presets"

#: Groups that a preset leaves alone: where on the timeline one clip begins, how one actor looks at rest.
NOT_IN_PRESETS = frozenset({"timing", "neutral"})
#: What is written with the groups, and yet about one clip.
_LEFT_ALONE = frozenset(name for names in take_heads.OF_ONE_TAKE.values() for name in names)


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


class DDFA_OT_preset_apply(Reporting, bpy.types.Operator):
    """Take over the settings of a preset"""

    bl_idname = "ddfa.preset_apply"
    bl_label = "Apply Face Capture Preset"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    menu_idname: StringProperty(options={"SKIP_SAVE", "HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Grey with a reason when it cannot run."""
        return may_run(cls, live.read_only_reason(context.scene.ddfa.head))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set all values, then bake once; or none of them."""
        path, settings = Path(self.filepath), current(context.scene)
        before = values_of(settings)
        try:
            steps = read_preset(read_text(path, "preset", LARGEST_FILE))
            with live.paused():
                _take_over(steps, settings, path.stem)
            _bake(context)
        except CaptureError as error:
            set_values(settings, before)
            return self.fail(error)
        # Blender shows the last choice as the menu's title.
        getattr(bpy.types, PANEL).bl_label = bpy.path.display_name(path.stem, title_case=False)
        return {"FINISHED"}


def _take_over(steps: list[Step], settings: bpy.types.PropertyGroup, preset: str) -> None:
    """Do what a ``preset`` says; settings that this version does not have are passed over.

    Raises:
        CaptureError: a value does not fit its setting.
    """
    try:
        _do(steps, settings)
    except (TypeError, ValueError, OverflowError, AttributeError) as error:
        text = rpt_("The preset {preset} does not fit: {error}").format(preset=preset, error=error)
        raise CaptureError(text) from error


def _do(steps: list[Step], settings: bpy.types.PropertyGroup) -> None:
    items: dict[str | None, bpy.types.PropertyGroup] = {None: settings}
    for step in steps:
        owner = items.get(step.item)
        for name in step.path[: len(step.path) - (step.kind == "set")]:
            owner = getattr(owner, name, None) if _has(owner, name) else None
        if step.kind == "set":
            if step.path and step.path[-1] not in _LEFT_ALONE and _has(owner, step.path[-1]):
                setattr(owner, step.path[-1], step.value)
        elif isinstance(owner, bpy.types.bpy_prop_collection):
            if step.kind == "clear":
                owner.clear()
            else:
                items[str(step.value)] = owner.add()


def _has(owner: object, name: str) -> bool:
    return isinstance(owner, bpy.types.bpy_struct) and name in owner.bl_rna.properties


def _bake(context: bpy.types.Context) -> None:
    armature = context.scene.ddfa.head
    if armature is not None:
        live.rebake(context.scene, armature)


classes = (DDFA_OT_preset_add, DDFA_OT_preset_apply)
