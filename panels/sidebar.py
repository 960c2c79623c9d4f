# SPDX-License-Identifier: GPL-3.0-or-later
"""The tab "Face Capture" in the 3D viewport's sidebar."""

import textwrap
from typing import Any

import bpy

from ..operators import capture, export_fbx, state
from ..operators.job import Job

#: Pixels at interface scale 1: a letter of the interface font on average; tabs, borders and icon beside a text.
_CHARACTER_WIDTH, _MARGIN = 6.3, 70


class _SidebarPanel:
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Face Capture"


class _SubPanel(_SidebarPanel):
    bl_parent_id = "DDFA_PT_capture"
    layout: bpy.types.UILayout

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """Each sub-panel's own properties."""
        raise NotImplementedError

    def draw(self, context: bpy.types.Context) -> None:
        """One column of aligned properties."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        self.draw_settings(layout, context)


class DDFA_PT_capture(_SidebarPanel, bpy.types.Panel):
    """Footage in, Capture, and how it went."""

    bl_idname = "DDFA_PT_capture"
    bl_label = "Face Capture"

    def draw(self, context: bpy.types.Context) -> None:
        """The picker, then the button or the running capture's progress."""
        layout = self.layout
        row = layout.row()
        row.enabled = state.job is None
        row.prop(context.scene.ddfa, "video", text="", placeholder="Footage")
        if state.job is None:
            column = layout.column()
            column.scale_y = 1.4
            column.operator("ddfa.capture", icon="REC")
            _draw_reason(layout, context, capture.disabled_reason(context))
        else:
            _draw_progress(layout, state.job)
        _draw_message(layout, context)


class DDFA_PT_timing(_SubPanel, bpy.types.Panel):
    """Which part of the footage, and where on the timeline."""

    bl_label = "Timing"
    bl_options = {"DEFAULT_CLOSED"}

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """In and out point, start frame, keys."""
        settings = context.scene.ddfa
        layout.prop(settings, "clip_start")
        row = layout.row(heading="Out")
        row.prop(settings, "use_clip_end", text="")
        value = row.row()
        value.active = settings.use_clip_end
        value.prop(settings, "clip_end", text="")
        layout.separator()
        layout.prop(settings, "frame_start")
        layout.prop(settings, "key_placement")
        layout.prop(settings, "set_scene_range")


class DDFA_PT_cleanup(_SubPanel, bpy.types.Panel):
    """Gaps and smoothing."""

    bl_label = "Clean-up"
    bl_options = {"DEFAULT_CLOSED"}

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """Lost frames, then one smoothing per group of channels."""
        settings = context.scene.ddfa
        layout.prop(settings, "min_confidence")
        layout.prop(settings, "gaps")
        column = layout.column(align=True)
        column.prop(settings, "smooth_head", text="Smooth Head")
        column.prop(settings, "smooth_expression", text="Expression")
        column.prop(settings, "smooth_eyes", text="Eyes")
        column.prop(settings, "smooth_face", text="ARKit Face")


class DDFA_PT_head(_SubPanel, bpy.types.Panel):
    """How the head is driven."""

    bl_label = "Head"
    bl_options = {"DEFAULT_CLOSED"}

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """Shape keys, neck, translation."""
        settings = context.scene.ddfa
        layout.prop(settings, "driving")
        layout.prop(settings, "neck_share")
        layout.prop(settings, "use_translation")
        layout.prop(settings, "field_of_view")


class DDFA_PT_export(_SubPanel, bpy.types.Panel):
    """Out of Blender."""

    bl_label = "Export"

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """Which head, and the button."""
        layout.prop(context.scene.ddfa, "head")
        layout.operator("ddfa.export_fbx", icon="EXPORT")
        _draw_reason(layout, context, export_fbx.disabled_reason(context))


def _draw_progress(layout: bpy.types.UILayout, job: Job[Any]) -> None:
    progress = job.progress
    row = layout.row(align=True)
    text = "Cancelling…" if job.cancelling else progress.text
    row.progress(factor=progress.factor, type="BAR", text=text)
    row.operator("ddfa.cancel_capture", text="", icon="CANCEL")


def _draw_reason(layout: bpy.types.UILayout, context: bpy.types.Context, reason: str | None) -> None:
    """A grey control says why, not only in its tooltip."""
    if reason:
        column = layout.column(align=True)
        column.active = False
        _draw_text(column, context, reason, "INFO")


def _draw_message(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """How the last capture or export went."""
    if state.message:
        column = layout.column(align=True)
        column.alert = state.failed
        _draw_text(column, context, state.message, "ERROR" if state.failed else "CHECKMARK")


def _draw_text(column: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str) -> None:
    """In as many lines as the sidebar's width needs: labels do not wrap by themselves."""
    scale = context.preferences.system.ui_scale
    width = int((context.region.width / scale - _MARGIN) / _CHARACTER_WIDTH)
    for line in textwrap.wrap(text, max(width, 16)):
        column.label(text=line, icon=icon)
        icon = "BLANK1"


classes = (DDFA_PT_capture, DDFA_PT_timing, DDFA_PT_cleanup, DDFA_PT_head, DDFA_PT_export)
