# SPDX-License-Identifier: GPL-3.0-or-later
"""Export the captured head as FBX."""

import bpy
from bpy.app.translations import pgettext_rpt as rpt_
from bpy.app.translations import pgettext_tip as tip_
from bpy.props import StringProperty
from bpy_extras.io_utils import ExportHelper

from ..ddfa_blender.errors import CaptureError
from ..scene import fbx, head
from . import state


def disabled_reason(context: bpy.types.Context) -> str | None:
    """Why there is nothing to export, for the grey button's tooltip; None when there is."""
    if head.of_armature(context.scene.ddfa.head) is None:
        return "Capture some footage first, or choose a captured head"
    if getattr(bpy.types, "EXPORT_SCENE_OT_fbx", None) is None:
        return "Enable the add-on 'FBX format' in the preferences"
    return None


class DDFA_OT_export_fbx(bpy.types.Operator, ExportHelper):
    """Write the head, its armature and its animation to an FBX file for a game engine"""

    bl_idname = "ddfa.export_fbx"
    bl_label = "Export FBX"
    bl_options = {"PRESET"}

    filename_ext = ".fbx"
    filter_glob: StringProperty(default="*.fbx", options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Grey with a reason when it cannot run."""
        reason = disabled_reason(context)
        if reason is not None:
            cls.poll_message_set(tip_(reason))
        return reason is None

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Propose the head's name."""
        if not self.properties.filepath:
            self.properties.filepath = f"{context.scene.ddfa.head.name}.fbx"
        return super().invoke(context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write the file."""
        captured = head.of_armature(context.scene.ddfa.head)
        if captured is None:  # poll() sees to that; a script can call past it
            return {"CANCELLED"}
        try:
            path = fbx.export(context, captured, self.properties.filepath)
        except CaptureError as error:
            state.tell(str(error), is_error=True)
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        exported = rpt_("Exported {file}")
        state.tell(exported.format(file=path.name))
        self.report({"INFO"}, exported.format(file=path))
        return {"FINISHED"}


classes = (DDFA_OT_export_fbx,)
