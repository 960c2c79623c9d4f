# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes: those of this file's heads first, then all others in the folder."""

from __future__ import annotations

import time
from pathlib import Path

import bpy
from bpy.app.translations import pgettext_iface as iface_

from ..operators import takes as operators
from ..scene import take_heads, take_list, takes
from .common import SubPanel, draw_message, draw_problem, draw_reason, draw_text

#: Seconds between two looks at the disk while the panel is drawn.
_LOOK_AGAIN = 1.0


class DDFA_UL_takes(bpy.types.UIList):
    """One take a line: an icon for its state, its name, how long it is and how much of it was lost."""

    def draw_item(self, _context, layout, _data, item, _picture, _active_data, _active_property, _index):
        """Blender asks for each line that is to be seen."""
        row = layout.row(align=True)
        row.label(text=item.name, icon=_icon(item), translate=False)
        values = row.row()
        values.alignment = "RIGHT"
        values.active = False
        length = item.length.partition(",")[0]
        if item.lost_share:
            length = iface_("{length}, {share} lost").format(length=length, share=item.lost_share)
        values.label(text=length, translate=False)


class DDFA_PT_takes(SubPanel, bpy.types.Panel):
    """Captured takes, what can be done with them, and where new ones go."""

    bl_label = "Takes"
    bl_options = {"DEFAULT_CLOSED"}
    bl_order = 8

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """The list, the chosen take, the folder."""
        _follow_disk(context)
        row = layout.row()
        row.template_list("DDFA_UL_takes", "", context.window_manager.ddfa_takes, "items",
                          context.window_manager.ddfa_takes, "active", rows=4)  # fmt: skip
        buttons = row.column(align=True)
        buttons.operator("ddfa.rename_take", text="", icon="GREASEPENCIL")
        buttons.operator("ddfa.delete_take", text="", icon="TRASH")
        buttons.operator("ddfa.reveal_takes", text="", icon="FILE_FOLDER")
        buttons.operator("ddfa.refresh_takes", text="", icon="FILE_REFRESH")
        _draw_take(layout, context)
        _draw_place(layout, context)


def _draw_take(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The chosen take and its buttons."""
    column = layout.column()
    column.operator("ddfa.head_from_take", icon="ADD")
    column.operator("ddfa.apply_take", icon="CHECKMARK")
    column.operator("ddfa.import_live_link_face", icon="IMPORT")
    draw_message(layout, context, "takes")
    item = take_list.active_item()
    if item is None:
        draw_reason(layout, context, operators.take_reason(context))
        return
    if item.problem:
        draw_problem(layout, context, item.problem)
        if item.is_used:
            layout.operator("ddfa.relink_take", icon="LINKED")
    else:
        draw_reason(layout, context, operators.head_reason(context))
    column = layout.column(align=True)
    column.active = False
    for index, text in enumerate(_facts(item)):
        draw_text(column, context, text, "BLANK1" if index else "INFO")


def _facts(item: bpy.types.PropertyGroup) -> list[str]:
    """What is worth knowing of a take, a line for each."""
    facts = [item.captured, item.length]
    if item.heads:
        facts.append(iface_("Animates {heads}").format(heads=item.heads))
    if item.model:
        facts.append(iface_("Captured with the model {model}").format(model=item.model))
    footage = Path(item.footage)
    if footage.is_absolute() and not footage.is_file():
        gone = iface_("Its footage is no longer at {file}; the take does not need it")
        facts.append(gone.format(file=footage))
    elif item.footage:
        facts.append(iface_("From {file}").format(file=footage.name))
    return [fact for fact in facts if fact]


def _draw_place(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Where this scene's takes go, and those that lie elsewhere."""
    own = context.scene.ddfa.takes
    layout.prop(own, "location")
    folder = layout.column()
    folder.active = own.location == "FOLDER"
    folder.prop(own, "folder")
    place = takes.place(context.scene)
    draw_reason(layout, context, place.note)
    if operators.gather_reason(context) is None:
        count = len(take_heads.elsewhere(context.scene))
        if count == 1:
            text = iface_("The take of one head lies in another folder")
        else:
            text = iface_("The takes of {count} heads lie in another folder").format(count=count)
        draw_reason(layout, context, text)
        layout.operator("ddfa.gather_takes", icon="DUPLICATE")


def _icon(item: bpy.types.PropertyGroup) -> str:
    if item.problem:
        return "ERROR"
    return "ARMATURE_DATA" if item.is_used else "FILE_MOVIE"


_looked_at, _seen = 0.0, None


def _follow_disk(context: bpy.types.Context) -> None:
    """Have the list made anew, after drawing, when takes or heads came or went."""
    global _looked_at, _seen  # drawing has no other memory
    now = time.monotonic()
    if now - _looked_at < _LOOK_AGAIN:
        return
    signature, before = take_list.signature(context.scene), _seen
    _looked_at, _seen = now, signature
    if signature != before and not bpy.app.timers.is_registered(_refresh):
        bpy.app.timers.register(_refresh, first_interval=0.0)


def _refresh() -> None:
    take_list.refresh()
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()


classes = (DDFA_UL_takes, DDFA_PT_takes)
