# SPDX-License-Identifier: GPL-3.0-or-later
"""Gaps, spikes, smoothing, gains and balance."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_n as n_

from ..operators import gains
from ..scene import redraw, repairs
from ..scene.properties import PerformanceSettings, current
from ..translations import CONTEXT
from .common import SubPanel, draw_reason

_LIST_ROWS = 8
#: The panel's own name says what is set of them.
_GROUPS = (("head", n_("Head")), ("brows", n_("Brows")), ("eyes", n_("Eyes")), ("mouth", n_("Mouth")))


class DDFA_UL_channels(bpy.types.UIList):
    """One shape key a line, with its gain; Blender's own filter below the list searches by name."""

    def draw_item(self, _context, layout, _data, item, _icon, _active_data, _active_property, _index):
        """Blender asks for each line that is to be seen."""
        row = layout.split(factor=0.62)
        row.label(text=item.name, translate=False)
        value = row.row()
        value.prop(item, "gain", text="", emboss=False)


class DDFA_PT_cleanup(SubPanel, bpy.types.Panel):
    """Which frames count as lost; the rest lies in panels below."""

    bl_label = "Clean-up"
    bl_options = {"DEFAULT_CLOSED"}
    bl_order = 2

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """Lost frames and how they are filled, spikes, blinks."""
        settings = current(context.scene).cleanup
        layout.prop(settings, "min_confidence")
        layout.prop(settings, "gaps")
        column = layout.column(align=True)
        column.active = settings.gaps == "ease"
        column.prop(settings, "gap_wait")
        column.prop(settings, "gap_ease")
        layout.prop(settings, "use_spikes")
        column = layout.column(align=True)
        column.active = settings.use_spikes
        column.prop(settings, "spike_threshold")
        column.prop(settings, "spike_longest")
        if settings.use_spikes:
            frames = repairs.spike_frames(context.scene, context.scene.ddfa.head)
            draw_reason(layout, context, repairs.spike_text(frames))
        layout.prop(settings, "full_blinks")


class _CleanUpPanel(SubPanel):
    """Below the panel Clean-up."""

    bl_parent_id = "DDFA_PT_cleanup"
    bl_options = {"DEFAULT_CLOSED"}


class DDFA_PT_smoothing(_CleanUpPanel, bpy.types.Panel):
    """One smoothing for each group of channels."""

    bl_label = "Smoothing"
    bl_order = 1

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """Reaches, then what comes back."""
        settings = current(context.scene).cleanup
        column = layout.column(align=True)
        for group, text in _GROUPS:
            column.prop(settings, f"smooth_{group}", text=text, text_ctxt=CONTEXT)
        layout.prop(settings, "keep_peaks")


class DDFA_PT_gains(_CleanUpPanel, bpy.types.Panel):
    """How strong groups and single shape keys are."""

    bl_label = "Gains"
    bl_order = 2

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """Groups, then the list of all shape keys."""
        settings = current(context.scene).cleanup
        column = layout.column(align=True)
        for group, text in _GROUPS:
            column.prop(settings, f"gain_{group}", text=text, text_ctxt=CONTEXT)
        _list_channels_after_drawing(settings)
        layout.template_list(
            "DDFA_UL_channels", "", settings, "channel_gains", settings, "active_channel", rows=_LIST_ROWS
        )
        draw_reason(layout, context, _drive_note(current(context.scene)))
        layout.operator("ddfa.reset_gains", icon="LOOP_BACK")
        draw_reason(layout, context, gains.disabled_reason(context))


class DDFA_PT_balance(_CleanUpPanel, bpy.types.Panel):
    """The two halves of the face."""

    bl_label = "Balance"
    bl_order = 3

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """Left against right, then both made alike."""
        settings = current(context.scene).cleanup
        for kind in ("balance", "even"):
            column = layout.column(align=True)
            for group in ("brows", "eyes", "mouth"):
                column.prop(settings, f"{kind}_{group}")


def _drive_note(settings: PerformanceSettings) -> str | None:
    """Which gains of single shape keys do nothing to the head itself."""
    if settings.head.driving != "EXPRESSION":
        return None
    return (
        "Drive is set to Expression: of the ARKit shape keys only eyelids, gaze and tongue move; "
        "gains of the others count on other characters and in exports"
    )


def _list_channels_after_drawing(settings: bpy.types.PropertyGroup) -> None:
    """A new scene's or head's list is empty, and drawing must not change that."""
    if not settings.channel_gains and settings.id_data.is_editable and not bpy.app.timers.is_registered(_list_channels):
        bpy.app.timers.register(_list_channels, first_interval=0.0)


def _list_channels() -> None:
    current(bpy.context.scene).cleanup.list_channels()
    redraw.sidebars()


classes = (DDFA_UL_channels, DDFA_PT_cleanup, DDFA_PT_smoothing, DDFA_PT_gains, DDFA_PT_balance)
