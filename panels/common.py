# SPDX-License-Identifier: GPL-3.0-or-later
"""What all panels of the tab "Face Capture" share."""

from __future__ import annotations

import textwrap

import bpy

from ..operators import state
from ..scene.view import TAB

#: Pixels at interface scale 1: a letter of the interface font on average; tabs, borders and icon beside a text.
_CHARACTER_WIDTH, _MARGIN = 6.3, 70


class SidebarPanel:
    """In the 3D viewport's sidebar."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = TAB


class SubPanel(SidebarPanel):
    """Below the main panel: one column of aligned properties. ``bl_order`` is its place."""

    bl_parent_id = "DDFA_PT_capture"
    layout: bpy.types.UILayout

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """Each sub-panel's own properties."""
        raise NotImplementedError

    def draw(self, context: bpy.types.Context) -> None:
        """Names left, values right, no keyframe buttons."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        self.draw_settings(layout, context)


def draw_reason(layout: bpy.types.UILayout, context: bpy.types.Context, reason: str | None) -> None:
    """A grey control says why, not only in its tooltip."""
    if reason:
        column = layout.column(align=True)
        column.active = False
        draw_text(column, context, reason, "INFO")


def draw_problem(layout: bpy.types.UILayout, context: bpy.types.Context, problem: str) -> None:
    """A line in red, if there is something to say."""
    if problem:
        column = layout.column(align=True)
        column.alert = True
        draw_text(column, context, problem, "ERROR")


def draw_message(layout: bpy.types.UILayout, context: bpy.types.Context, topic: str = "") -> None:
    """How what was done last went; for a ``topic`` only if that is what it was about."""
    if topic and state.topic != topic:
        return
    if state.message and not state.failed:
        draw_text(layout.column(align=True), context, state.message, "CHECKMARK")
    elif state.message:
        draw_problem(layout, context, state.message)


def draw_text(column: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str) -> None:
    """In the interface's language, in as many lines as the sidebar's width needs: labels do not wrap by themselves."""
    text = bpy.app.translations.pgettext_iface(text)
    scale = context.preferences.system.ui_scale
    width = int((context.region.width / scale - _MARGIN) / _CHARACTER_WIDTH)
    for line in textwrap.wrap(text, max(width, 16)):
        column.label(text=line, icon=icon, translate=False)
        icon = "BLANK1"
