# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Blender's own menus lead here. Menu search (F3) finds only what a menu shows."""

from __future__ import annotations

import bpy

from ..operators.footage import DDFA_OT_open_footage


class DDFA_MT_object(bpy.types.Menu):
    """What can be done with footage and captured heads"""

    bl_idname = "DDFA_MT_object"
    bl_label = "Face Capture"

    def draw(self, _context: bpy.types.Context) -> None:
        """The buttons of the tab that need no further choice."""
        layout = self.layout
        layout.operator("ddfa.capture", icon="REC")
        layout.operator("ddfa.bake_again")
        layout.operator("ddfa.use_active_head")
        layout.separator()
        layout.operator("ddfa.neutral_from_frame")
        layout.operator("ddfa.neutral_from_range")
        layout.operator("ddfa.set_scene_rate")
        layout.operator("ddfa.add_footage_camera")
        layout.separator()
        layout.operator("ddfa.use_selection", text="Use Selection as Character")
        layout.operator("ddfa.retarget")
        layout.separator()
        layout.operator("ddfa.bake_actor_texture")
        layout.operator("ddfa.export_fbx")


def _draw_in_object_menu(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    self.layout.separator()
    self.layout.menu(DDFA_MT_object.bl_idname)


def _draw_in_import_menu(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    self.layout.operator(DDFA_OT_open_footage.bl_idname, text="Face from Footage (.mp4, .mov …)")


def register() -> None:
    """Add the entries."""
    bpy.types.VIEW3D_MT_object.append(_draw_in_object_menu)
    bpy.types.TOPBAR_MT_file_import.append(_draw_in_import_menu)


def unregister() -> None:
    """Take them away."""
    bpy.types.TOPBAR_MT_file_import.remove(_draw_in_import_menu)
    bpy.types.VIEW3D_MT_object.remove(_draw_in_object_menu)


classes = (DDFA_MT_object,)
