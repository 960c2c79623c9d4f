# SPDX-License-Identifier: GPL-3.0-or-later
"""Choosing footage, a part of it and the person in it."""

from __future__ import annotations

import bpy
import numpy as np
from bpy.app.translations import pgettext_rpt as rpt_
from bpy.app.translations import pgettext_tip as tip_
from bpy.props import EnumProperty, IntProperty, StringProperty
from bpy_extras.io_utils import ImportHelper

from ..ddfa_blender.errors import CaptureError
from ..scene import footage, footage_sources, view
from ..scene.clock import scene_rate
from ..scene.properties import current
from ..scene.timebase import Timebase
from . import state
from .polling import may_run, scene_reason

_POINTS = (
    ("IN", "In Point", "Begin with the frame that is shown"),
    ("OUT", "Out Point", "Stop after the frame that is shown"),
)
#: What the file browser shows when footage is to be picked; any other file can be typed.
_VIDEO_GLOB = ";".join(f"*{suffix}" for suffix in (*bpy.path.extensions_movie, *bpy.path.extensions_image))


def open_clip(context: bpy.types.Context) -> bpy.types.MovieClip | None:
    """The clip that is open in an editor of the window, else the scene's, else the only one of the file."""
    spaces = [area.spaces.active for area in context.screen.areas] if context.screen is not None else []
    shown = [space.clip for space in spaces if space.type == "CLIP_EDITOR" and space.clip is not None]
    if shown:
        return shown[0]
    clips = bpy.data.movieclips
    return context.scene.active_clip or (clips[0] if len(clips) == 1 else None)


def active_strip(context: bpy.types.Context) -> bpy.types.Strip | None:
    """The sequencer's active strip if it shows footage, else the only one that does."""
    found = footage_sources.strips(context.scene)
    editor = context.scene.sequence_editor
    active = editor.active_strip if editor is not None else None
    if active is not None and active.name in found:
        return active
    return next(iter(found.values())) if len(found) == 1 else None


class _FootageOperator:
    """Changes the scene's footage settings; grey with a reason while that is impossible."""

    bl_options = {"UNDO", "INTERNAL"}

    @classmethod
    def reason(cls, context: bpy.types.Context) -> str | None:
        """Why it cannot run; None when it can."""
        raise NotImplementedError

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Grey with a reason when it cannot run."""
        return may_run(cls, _busy_reason(context) or cls.reason(context))


def _busy_reason(context: bpy.types.Context) -> str | None:
    return state.busy_reason() or scene_reason(context)


def _view_reason(context: bpy.types.Context) -> str | None:
    view = footage.shown(context.scene.ddfa.footage)
    return None if view is not None and view.frame is not None else "No frame of the footage is shown"


class DDFA_OT_open_footage(_FootageOperator, bpy.types.Operator, ImportHelper):
    """Pick a video of a face for the tab Face Capture in the 3D viewport's sidebar"""

    bl_idname = "ddfa.open_footage"
    bl_label = "Face from Footage"
    bl_options = {"UNDO"}

    filter_glob: StringProperty(default=_VIDEO_GLOB, options={"HIDDEN"})

    @classmethod
    def reason(cls, _context: bpy.types.Context) -> str | None:
        """See the base class."""
        return None

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Make the file the scene's footage, and show the tab."""
        settings = context.scene.ddfa.footage
        settings.source, settings.video = "FILE", self.filepath
        view.show_tab(context)
        return {"FINISHED"}


class DDFA_OT_use_open_clip(_FootageOperator, bpy.types.Operator):
    """Capture the movie clip that is open in the Movie Clip Editor"""

    bl_idname = "ddfa.use_open_clip"
    bl_label = "Use Open Clip"

    @classmethod
    def reason(cls, context: bpy.types.Context) -> str | None:
        """There must be a clip to take."""
        return None if open_clip(context) is not None else "No movie clip is open"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Make it the source."""
        chosen = context.scene.ddfa.footage
        chosen.clip, chosen.source = open_clip(context), "CLIP"
        return {"FINISHED"}


class DDFA_OT_use_active_strip(_FootageOperator, bpy.types.Operator):
    """Capture the sequencer's active movie strip, as it is trimmed and where it lies"""

    bl_idname = "ddfa.use_active_strip"
    bl_label = "Use Active Strip"

    @classmethod
    def reason(cls, context: bpy.types.Context) -> str | None:
        """There must be a strip to take."""
        return None if active_strip(context) is not None else "No movie strip is active in this scene's sequencer"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Make it the source."""
        chosen, strip = context.scene.ddfa.footage, active_strip(context)
        if strip is None:  # poll() sees to that; a script can call past it
            return {"CANCELLED"}
        chosen.strip, chosen.source = strip.name, "STRIP"
        return {"FINISHED"}


class DDFA_OT_set_clip_point(_FootageOperator, bpy.types.Operator):
    """Set the in or out point to the frame that the preview shows"""

    bl_idname = "ddfa.set_clip_point"
    bl_label = "Set from Preview"

    point: EnumProperty(name="Point", items=_POINTS)

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Which of the two."""
        return tip_(next(text for identifier, _, text in _POINTS if identifier == properties.point))

    @classmethod
    def reason(cls, context: bpy.types.Context) -> str | None:
        """There must be a frame."""
        return _view_reason(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Take the frame's own time."""
        chosen = context.scene.ddfa.footage
        view = footage.shown(chosen)
        if view is None or view.frame is None:  # poll() sees to that; a script can call past it
            return {"CANCELLED"}
        if self.point == "IN":
            chosen.clip_start = view.frame.time
        else:
            chosen.clip_end, chosen.use_clip_end = view.frame.time, True
        return {"FINISHED"}


class DDFA_OT_preview_current_frame(_FootageOperator, bpy.types.Operator):
    """Show the frame of the footage that belongs to the scene's current frame"""

    bl_idname = "ddfa.preview_current_frame"
    bl_label = "Show Current Frame"

    @classmethod
    def reason(cls, context: bpy.types.Context) -> str | None:
        """The footage must be known."""
        try:
            reading = footage.peek(footage_sources.source_of(context.scene.ddfa.footage))
        except CaptureError as error:
            return str(error)
        return None if reading is not None and reading.facts is not None else "The footage is not read yet"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """By the timing of the strip, or of the head that is shown."""
        chosen, scene = context.scene.ddfa.footage, context.scene
        try:
            source = footage_sources.source_of(chosen)
            facts = footage.facts_now(source)
        except CaptureError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        timing, rate = footage_sources.timing_of(source, facts), scene_rate(scene)
        if timing is None:
            settings = current(scene).bake_settings()
            frame_start, mode, stretch = settings.frame_start, settings.timing, settings.stretch
        else:
            frame_start, mode, stretch = timing.frame_start, timing.mode, timing.stretch
        samples = np.arange(max(facts.frame_count, 1)) / facts.fps if mode == "FRAMES" else None
        timebase = Timebase(frame_start, rate, stretch if mode == "STRETCH" else 1.0, samples)
        chosen.preview_time = max(float(timebase.seconds_at(scene.frame_current)), 0.0)
        return {"FINISHED"}


class DDFA_OT_pick_face(_FootageOperator, bpy.types.Operator):
    """Track this person, from wherever the person is at the in point"""

    bl_idname = "ddfa.pick_face"
    bl_label = "Pick Face"

    number: IntProperty(name="Number", description="As drawn in the preview, from 1", default=1, min=1)

    @classmethod
    def reason(cls, context: bpy.types.Context) -> str | None:
        """There must be a frame."""
        return _view_reason(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Keep where and when the face was seen."""
        chosen = context.scene.ddfa.footage
        view = footage.shown(chosen)
        if view is None or view.frame is None or self.number > view.face_count:
            text = rpt_("The preview shows no face number {number}; pick one of those it shows.")
            self.report({"ERROR"}, text.format(number=self.number))
            return {"CANCELLED"}
        chosen.pick_face(view.frame.middle(self.number - 1), view.frame.time)
        return {"FINISHED"}


class DDFA_OT_forget_face(_FootageOperator, bpy.types.Operator):
    """Track the largest, most central face again"""

    bl_idname = "ddfa.forget_face"
    bl_label = "Any Face"

    @classmethod
    def reason(cls, context: bpy.types.Context) -> str | None:
        """One must be picked."""
        return None if context.scene.ddfa.footage.has_face else "No face is picked"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Forget it."""
        context.scene.ddfa.footage.forget_face()
        return {"FINISHED"}


classes = (
    DDFA_OT_open_footage,
    DDFA_OT_use_open_clip,
    DDFA_OT_use_active_strip,
    DDFA_OT_set_clip_point,
    DDFA_OT_preview_current_frame,
    DDFA_OT_pick_face,
    DDFA_OT_forget_face,
)
