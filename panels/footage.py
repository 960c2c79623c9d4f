# SPDX-License-Identifier: GPL-3.0-or-later
"""The main panel: footage in, Capture, and how it went."""

from __future__ import annotations

from typing import Any

import bpy

from ..operators import capture, state
from ..operators.job import Job
from .common import SidebarPanel, draw_problem, draw_reason, draw_text
from .presets import DDFA_PT_presets


class DDFA_PT_capture(SidebarPanel, bpy.types.Panel):
    """Footage in, Capture, and how it went."""

    bl_idname = "DDFA_PT_capture"
    bl_label = "Face Capture"

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        """The presets' button."""
        DDFA_PT_presets.draw_panel_header(self.layout)

    def draw(self, context: bpy.types.Context) -> None:
        """The picker, then the button or the running capture's progress."""
        layout = self.layout
        footage = context.scene.ddfa.footage
        column = layout.column()
        column.enabled = state.job is None
        column.prop(footage, "video", text="", placeholder="Footage")
        row = column.row(align=True)
        row.prop(footage, "clip_start")
        row.prop(footage, "use_clip_end", text="")
        value = row.row(align=True)
        value.active = footage.use_clip_end
        value.prop(footage, "clip_end")
        if state.job is None:
            button = layout.column()
            button.scale_y = 1.4
            button.operator("ddfa.capture", icon="REC")
            draw_reason(layout, context, capture.disabled_reason(context))
        else:
            _draw_progress(layout, state.job)
        _draw_message(layout, context)
        if context.scene.ddfa.head is not None:
            draw_problem(layout, context, context.scene.ddfa.head.ddfa.problem)


def _draw_progress(layout: bpy.types.UILayout, job: Job[Any]) -> None:
    progress = job.progress
    row = layout.row(align=True)
    text = "Cancelling…" if job.cancelling else progress.text
    row.progress(factor=progress.factor, type="BAR", text=text)
    row.operator("ddfa.cancel_capture", text="", icon="CANCEL")


def _draw_message(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """How the last capture or export went."""
    if state.message and not state.failed:
        draw_text(layout.column(align=True), context, state.message, "CHECKMARK")
    elif state.message:
        draw_problem(layout, context, state.message)


classes = (DDFA_PT_capture,)
