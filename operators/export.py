# SPDX-License-Identifier: GPL-3.0-or-later
"""Export the captured head, an operator for each format."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_rpt as rpt_
from bpy.props import EnumProperty, StringProperty
from bpy_extras.io_utils import ExportHelper

from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.take_library import file_stem
from ..scene import head, takes
from ..scene.exports import FORMATS
from . import state
from .polling import head_reason, may_run
from .reporting import Reporting

#: Formats that hold the take's performance rather than what Blender plays.
_OF_THE_TAKE = ("CSV", "BVH", "PERFORMANCE")


def disabled_reason(context: bpy.types.Context, format_id: str = "FBX") -> str | None:
    """Why there is nothing to export, for the grey button's tooltip; None when there is."""
    missing = head_reason(context)
    if missing is not None:
        return missing
    if format_id in _OF_THE_TAKE and takes.problem(context.scene.ddfa.head):
        return "The take of the head is missing; find it in the panel Takes"
    return FORMATS[format_id].missing()


class _Export(Reporting, ExportHelper):
    """What the operators share; ``format_id`` is the format's key."""

    topic = "export"
    format_id: str
    #: Where the last file of this session went.
    folder = ""
    if TYPE_CHECKING:  # Blender would take an annotation for a property
        filepath: str

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Grey with a reason when it cannot run."""
        return may_run(cls, disabled_reason(context, cls.format_id))

    @property
    def suffix(self) -> str:
        """What the file's name ends in, as the dialog is set."""
        return self.filename_ext

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Propose the head's name, where the last file went."""
        if not self.filepath:
            name = file_stem(context.scene.ddfa.head.name)
            self.filepath = str(Path(_Export.folder, f"{name}{self.suffix}"))
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def check(self, _context: bpy.types.Context) -> bool:
        """The name follows the choice of the container."""
        stem, suffix = os.path.splitext(self.filepath)  # noqa: PTH122 (a path that ends in / names no file yet)
        if not stem or stem.endswith(("/", "\\")) or suffix == self.suffix:
            return False
        known = suffix.lower() in FORMATS[self.format_id].suffixes
        self.filepath = (stem if known else self.filepath) + self.suffix
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write the file."""
        captured = head.of_armature(context.scene.ddfa.head)
        if captured is None:  # it went while the dialog was open
            return self.fail(CaptureError(f"{head_reason(context)}."))
        chosen = FORMATS[self.format_id]
        name = self.filepath
        if not name.lower().endswith(chosen.suffixes):
            name += self.suffix
        try:
            path = chosen.write(context, captured, name)
        except CaptureError as error:
            return self.fail(error)
        _Export.folder = str(path.parent)
        exported = rpt_("Exported {file}")
        state.tell(exported.format(file=path.name), about=self.topic)
        self.report({"INFO"}, exported.format(file=path))
        return {"FINISHED"}


class DDFA_OT_export_fbx(_Export, bpy.types.Operator):
    """Write the head, its armature and its animation to an FBX file for a game engine"""

    bl_idname = "ddfa.export_fbx"
    bl_label = "Export FBX"
    format_id = "FBX"
    filename_ext = ".fbx"
    filter_glob: StringProperty(default="*.fbx", options={"HIDDEN"})


class DDFA_OT_export_gltf(_Export, bpy.types.Operator):
    """Write the head, its armature and its animation to a binary glTF file"""

    bl_idname = "ddfa.export_gltf"
    bl_label = "Export glTF"
    format_id = "GLTF"
    filename_ext = ".glb"
    filter_glob: StringProperty(default="*.glb", options={"HIDDEN"})


class DDFA_OT_export_usd(_Export, bpy.types.Operator):
    """Write the head, its skeleton and its animation to a USD file"""

    bl_idname = "ddfa.export_usd"
    bl_label = "Export USD"
    bl_options = {"PRESET"}
    format_id = "USD"
    filename_ext = ".usdc"
    filter_glob: StringProperty(default="*.usdc;*.usdz;*.usda", options={"HIDDEN"})
    container: EnumProperty(
        name="Container",
        description="How the file is packed",
        items=(
            (".usdc", "Binary (.usdc)", "Small and quick to read, without textures"),
            (".usdz", "Packed (.usdz)", "One file with its textures inside"),
            (".usda", "Text (.usda)", "Readable, without textures"),
        ),
    )

    @property
    def suffix(self) -> str:
        """As chosen."""
        return str(self.container)


class DDFA_OT_export_live_link_face(_Export, bpy.types.Operator):
    """Write the 52 ARKit channels, head and eyes of the take as Epic's app Live Link Face records them"""

    bl_idname = "ddfa.export_live_link_face"
    bl_label = "Export Live Link Face"
    format_id = "CSV"
    filename_ext = ".csv"
    filter_glob: StringProperty(default="*.csv", options={"HIDDEN"})


class DDFA_OT_export_bvh(_Export, bpy.types.Operator):
    """Write the movement of head and neck as motion capture data"""

    bl_idname = "ddfa.export_bvh"
    bl_label = "Export BVH"
    format_id = "BVH"
    filename_ext = ".bvh"
    filter_glob: StringProperty(default="*.bvh", options={"HIDDEN"})


class DDFA_OT_export_performance(_Export, bpy.types.Operator):
    """Write all cleaned channels of the take for scripts and pipelines"""

    bl_idname = "ddfa.export_performance"
    bl_label = "Export Performance"
    bl_options = {"PRESET"}
    format_id = "PERFORMANCE"
    filename_ext = ".json"
    filter_glob: StringProperty(default="*.json;*.npz", options={"HIDDEN"})
    container: EnumProperty(
        name="Container",
        description="How the channels are written",
        items=((".json", "JSON", "Text for people and scripts"), (".npz", "NPZ", "Arrays for numpy")),
    )

    @property
    def suffix(self) -> str:
        """As chosen."""
        return str(self.container)


_OPERATORS = (
    DDFA_OT_export_fbx,
    DDFA_OT_export_gltf,
    DDFA_OT_export_usd,
    DDFA_OT_export_live_link_face,
    DDFA_OT_export_bvh,
    DDFA_OT_export_performance,
)
#: The operator of each format.
OPERATOR_IDS = {cls.format_id: cls.bl_idname for cls in _OPERATORS}
classes = _OPERATORS
