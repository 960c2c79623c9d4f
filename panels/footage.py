# SPDX-License-Identifier: GPL-3.0-or-later
"""The main panel: footage in, Capture, and how it went."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import bpy
from bpy.app.translations import pgettext_iface as iface_

from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.footage.footage_info import FootageFacts
from ..ddfa_blender.footage.frame_rate import rate_text
from ..operators import capture, head, state
from ..operators.job import Job
from ..scene import footage as footage_reader
from ..scene import footage_sources, hand_edits, live
from ..scene.footage_sources import Source
from ..scene.properties.footage import FootageSettings
from . import preview
from .common import SidebarPanel, draw_message, draw_problem, draw_reason, draw_text
from .presets import DDFA_PT_presets

#: Suffixes of pictures, of which footage may consist: numbered pictures need a frame rate.
_PICTURES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"}
#: Between a number and its unit.
_NO_BREAK = "\N{NO-BREAK SPACE}"


class DDFA_PT_capture(SidebarPanel, bpy.types.Panel):
    """Footage in, Capture, and how it went."""

    bl_idname = "DDFA_PT_capture"
    bl_label = "Face Capture"

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        """The presets' button."""
        DDFA_PT_presets.draw_panel_header(self.layout)

    def draw(self, context: bpy.types.Context) -> None:
        """The picker, the button or the running capture's progress, then whose settings the panels below show."""
        layout, running = self.layout, state.job is not None
        footage = context.scene.ddfa.footage
        column = layout.column()
        column.enabled = not running
        _draw_source(column, footage)
        source = _draw_facts(column, context, footage)
        if source is not None and not running:
            preview.draw(column, context, footage, source)
        _draw_part(column, context, footage, source)
        _draw_target(column, context)
        column.prop(footage, "high_quality")
        if state.job is None:
            button = layout.column()
            button.scale_y = 1.4
            button.operator("ddfa.capture", icon="REC")
            draw_reason(layout, context, capture.disabled_reason(context))
        else:
            _draw_progress(layout, context, state.job)
        draw_message(layout, context)
        _draw_head(layout, context)


def _draw_source(layout: bpy.types.UILayout, footage: FootageSettings) -> None:
    """Where the footage is."""
    layout.row(align=True).prop(footage, "source", expand=True)
    row = layout.row(align=True)
    if footage.source == "CLIP":
        row.prop(footage, "clip", text="")
        row.operator("ddfa.use_open_clip", text="", icon="EYEDROPPER")
    elif footage.source == "STRIP":
        row.prop(footage, "strip", text="", icon="SEQUENCE")
        row.operator("ddfa.use_active_strip", text="", icon="EYEDROPPER")
    else:
        row.prop(footage, "video", text="", placeholder="Footage")
        if PurePath(footage.video).suffix.lower() in _PICTURES:
            layout.prop(footage, "sequence_rate")


def _draw_facts(layout: bpy.types.UILayout, context: bpy.types.Context, footage: FootageSettings) -> Source | None:
    """What the footage is like, or why it cannot be read; gives it if it can."""
    try:
        source = footage_sources.source_of(footage)
    except CaptureError:
        return None  # the grey button says it
    reading = footage_reader.peek(source)
    column = layout.column(align=True)
    if reading is None:
        column.active = False
        draw_text(column, context, "Reading the footage…", "TIME")
        return None
    if reading.facts is None:
        draw_problem(layout, context, reading.problem)
        return None
    column.active = False
    draw_text(column, context, facts_text(reading.facts), "FILE_MOVIE")
    return source


def facts_text(facts: FootageFacts) -> str:
    """``1920 × 1080, 29.97 fps, variable, 12.5 s, H.264``."""
    parts = [f"{facts.width} × {facts.height}", iface_("{} fps").format(rate_text(facts.fps))]
    if facts.is_variable:
        parts.append(iface_("variable"))
    if facts.duration > 0.0:
        parts.append(iface_("{} s").format(f"{facts.duration:.1f}"))
    if facts.codec:
        parts.append(facts.codec)
    if facts.is_sequence:
        parts.append(iface_("numbered pictures"))
    if facts.is_rotated:
        parts.append(iface_("turned upright"))
    return ", ".join(part.replace(" ", _NO_BREAK) for part in parts)


def _draw_part(
    layout: bpy.types.UILayout, context: bpy.types.Context, footage: FootageSettings, source: Source | None
) -> None:
    """In and out point; a strip brings its own."""
    if footage.source == "STRIP":
        _draw_strip_part(layout, context, source)
        return
    column = layout.column(align=True)
    row = column.row(align=True)
    row.prop(footage, "clip_start")
    row.operator("ddfa.set_clip_point", text="", icon="TRIA_DOWN_BAR").point = "IN"
    row = column.row(align=True)
    row.prop(footage, "use_clip_end", text="")
    value = row.row(align=True)
    value.active = footage.use_clip_end
    value.prop(footage, "clip_end")
    row.operator("ddfa.set_clip_point", text="", icon="TRIA_DOWN_BAR").point = "OUT"
    draw_problem(layout, context, part_problem(footage))


def part_problem(footage: FootageSettings) -> str:
    """What is wrong with the in and out point; "" = nothing."""
    if footage.use_clip_end and footage.clip_end <= footage.clip_start:
        return "The out point must lie behind the in point; move one of them."
    duration = footage_reader.known_duration(footage)
    if 0.0 < duration <= footage.clip_start:
        return "The in point lies at the footage's end; move it to an earlier second."
    return ""


def _draw_strip_part(layout: bpy.types.UILayout, context: bpy.types.Context, source: Source | None) -> None:
    reading = footage_reader.peek(source) if source is not None else None
    if source is None or reading is None or reading.facts is None:
        return
    try:
        start, end = footage_sources.part_of(source, reading.facts)
    except CaptureError as error:
        draw_problem(layout, context, str(error))
        return
    column = layout.column(align=True)
    column.active = False
    text = iface_("Seconds {} to {}, as the strip is trimmed").format(f"{start:.2f}", f"{end or 0.0:.2f}")
    draw_text(column, context, text, "SEQUENCE")


def _draw_target(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """What is animated."""
    target = context.scene.ddfa.target
    column = layout.column(align=True)
    column.row(align=True).prop(target, "kind", expand=True)
    if target.kind == "HEAD":
        column.prop(target, "use_shape")


def _draw_head(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Whose settings the panels below show, and why it might not be the head that the user means."""
    row = layout.row(align=True)
    row.use_property_split, row.use_property_decorate = True, False
    row.enabled = state.job is None
    row.prop(context.scene.ddfa, "head")
    row.operator("ddfa.use_active_head", text="", icon="RESTRICT_SELECT_OFF")
    current, active = context.scene.ddfa.head, head.active_head(context)
    if current is not None:
        draw_problem(layout, context, current.ddfa.problem)
        draw_reason(layout, context, live.read_only_reason(current))
        kept = hand_edits.kept(current)
        if kept:
            text = iface_("Keys that were edited by hand were baked over; the action {action} keeps them")
            row = layout.row(align=True)
            draw_reason(row.column(), context, text.format(action=kept))
            row.operator("ddfa.dismiss_kept_edits", text="", icon="X", emboss=False)
    if active is not None and active != current:
        draw_reason(layout, context, iface_("{head} is selected, but not the current head").format(head=active.name))
    elif current is None and any(obj.type == "ARMATURE" and obj.ddfa.take for obj in context.scene.objects):
        draw_reason(layout, context, "No head is chosen: the panels below are for the next capture")


def _draw_progress(layout: bpy.types.UILayout, context: bpy.types.Context, job: Job[Any]) -> None:
    if state.live is not None:
        state.live.ask()
        preview.draw_picture(layout, context, state.LIVE_PICTURE)
    row = layout.row(align=True)
    row.progress(factor=job.progress.factor, type="BAR", text=state.progress_text())
    row.operator("ddfa.cancel_capture", text="", icon="CANCEL")


classes = (DDFA_PT_capture,)
