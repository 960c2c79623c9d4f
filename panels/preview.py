# SPDX-License-Identifier: GPL-3.0-or-later
"""A frame of the footage with its faces, and who of them is to be tracked."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface as iface_

from ..scene import footage as footage_reader
from ..scene import previews
from ..scene.footage import View
from ..scene.footage_sources import Source
from ..scene.properties.footage import FootageSettings
from .common import draw_problem, draw_text

#: Pixels at interface scale 1: Blender's unit of height, and what borders and scroll bar take of the sidebar's width.
_UNIT, _BORDERS = 20.0, 46.0
#: Largest pictures, in units.
_LARGEST, _LARGEST_FACE = 24.0, 4.0


def draw(layout: bpy.types.UILayout, context: bpy.types.Context, footage: FootageSettings, source: Source) -> None:
    """The frame at the preview's second, which can be folded away, and the picker if there are several faces."""
    row = layout.row(align=True)
    icon = "DISCLOSURE_TRI_DOWN" if footage.show_preview else "DISCLOSURE_TRI_RIGHT"
    row.prop(footage, "show_preview", text="", icon=icon, emboss=False)
    row.prop(footage, "preview_time")
    row.operator("ddfa.preview_current_frame", text="", icon="TIME")
    reading = footage_reader.peek(source)
    if not footage.show_preview or reading is None:
        return
    view = footage_reader.view(footage, source, reading)
    if view is None:
        column = layout.column()
        column.active = False
        draw_text(column, context, "Looking for faces…", "TIME")
        return
    if view.problem:
        draw_problem(layout, context, view.problem)
        return
    draw_picture(layout, context, footage_reader.FRAME_PICTURE)
    _draw_faces(layout, context, footage, view)


def draw_picture(layout: bpy.types.UILayout, context: bpy.types.Context, name: str) -> None:
    """A picture as large as the sidebar is wide."""
    if previews.exists(name):
        layout.template_icon(previews.icon(name), scale=min(_units(context), _LARGEST))


def _draw_faces(layout: bpy.types.UILayout, context: bpy.types.Context, footage: FootageSettings, view: View) -> None:
    count = view.face_count
    if count == 0:
        column = layout.column(align=True)
        column.active = False
        draw_text(column, context, "No face in this frame", "INFO")
    elif count > 1:
        row = layout.row(align=True)
        scale = min(max(_units(context) / count, 1.0), _LARGEST_FACE)
        for i in range(count):
            column = row.column(align=True)
            if not view.has_close_ups:
                column.template_icon(previews.icon(footage_reader.FACE_PICTURE.format(i + 1)), scale=scale)
            button = column.operator("ddfa.pick_face", text=str(i + 1), depress=i == view.chosen)
            button.number = i + 1
    picked = footage.picked()
    if picked is not None:
        row = layout.row(align=True)
        row.label(
            text=iface_("Face picked at {} s").format(f"{picked[1]:.2f}"), icon="RESTRICT_SELECT_OFF", translate=False
        )
        row.operator("ddfa.forget_face", text="", icon="X")


def _units(context: bpy.types.Context) -> float:
    """Width of the sidebar in Blender's units of height."""
    return max((context.region.width / context.preferences.system.ui_scale - _BORDERS) / _UNIT, 4.0)
