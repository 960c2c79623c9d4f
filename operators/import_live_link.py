# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings of the app Live Link Face as takes."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as rpt_
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, StringProperty
from bpy_extras.io_utils import ImportHelper

from ..ddfa_blender.errors import CaptureError
from ..scene import recordings, view
from ..translations import CONTEXT
from . import state
from .polling import is_interactive, may_run, scene_reason
from .reporting import Reporting

_ANGLES = (
    ("RADIANS", "Radians", "As the app writes them"),
    ("DEGREES", "Degrees", "As some other programs write them"),
)
_INVERTED = (
    ("YAW", "Yaw", "Left and right change places"),
    ("PITCH", "Pitch", "Up and down change places"),
    ("ROLL", "Roll", "Leaning left and leaning right change places"),
)


def disabled_reason(context: bpy.types.Context) -> str | None:
    """Why nothing can be imported; None when it can."""
    return state.busy_reason() or scene_reason(context)


class DDFA_OT_import_live_link_face(Reporting, bpy.types.Operator, ImportHelper):
    """Make takes of recordings of Epic's app Live Link Face, to be cleaned and baked like any other"""

    bl_idname = "ddfa.import_live_link_face"
    bl_label = "Import Live Link Face"
    # Not in Adjust Last Operation: every change there would leave another take's file behind, as undo deletes none.
    bl_options = {"UNDO", "PRESET"}
    topic = "takes"

    filename_ext = ".csv"
    filter_glob: StringProperty(default="*.csv", options={"HIDDEN"})
    files: CollectionProperty(type=bpy.types.OperatorFileListElement, options={"HIDDEN", "SKIP_SAVE"})
    directory: StringProperty(subtype="DIR_PATH", options={"HIDDEN", "SKIP_SAVE"})
    use_head: BoolProperty(
        name="New Head",
        description="Also make a head of the mean actor, animated by the recording through its ARKit keys",
        default=True,
    )
    angles: EnumProperty(
        name="Angles",
        description="Unit of the head's and the eyes' angles",
        items=_ANGLES,
        translation_context=CONTEXT,
    )
    inverted: EnumProperty(
        name="Invert",
        description="Angles of the head that come the wrong way round, as from a phone held sideways or other programs",
        items=_INVERTED,
        options={"ENUM_FLAG"},
        translation_context=CONTEXT,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Grey with a reason when it cannot run."""
        return may_run(cls, disabled_reason(context))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask which files; those that were dropped are known, and only their settings are asked for."""
        result: set[str] = self.invoke_popup(context)
        return result

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Read them one after another; what was made before one that fails stays."""
        made: list[str] = []
        try:
            for file in self._chosen():
                take = recordings.import_live_link_face(context.scene, file, self.angles, self.inverted)
                made.append(take.stem)
                if self.use_head:
                    recordings.new_head(context, take)
                    if is_interactive(context):
                        view.face_selected(context)
        except CaptureError as error:
            failed = self.fail(error)
            return {"FINISHED"} if made else failed
        imported = rpt_("Imported {names} as takes") if len(made) > 1 else rpt_("Imported {names} as a take")
        return self.succeed(imported.format(names=", ".join(made)))

    def _chosen(self) -> list[Path]:
        folder = Path(bpy.path.abspath(self.directory)) if self.directory else None
        several = [folder / item.name for item in self.files if item.name] if folder is not None else []
        return several or [Path(bpy.path.abspath(self.filepath))]


class DDFA_FH_live_link_face(bpy.types.FileHandler):
    """Recordings dropped on a viewport."""

    bl_idname = "DDFA_FH_live_link_face"
    bl_label = "Live Link Face"
    bl_import_operator = "ddfa.import_live_link_face"
    bl_file_extensions = ".csv"

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """In the 3D viewport, where the tab is."""
        return context.area is not None and context.area.type == "VIEW_3D"


classes = (DDFA_OT_import_live_link_face, DDFA_FH_live_link_face)
