# SPDX-License-Identifier: GPL-3.0-or-later
"""What to capture: the footage, the part of it and the person in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy
from bpy.props import (
    BoolProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    PointerProperty,
    StringProperty,
)

from ...ddfa_blender.settings import SEQUENCE_RATE, CaptureSettings
from ...translations import CONTEXT
from .. import footage as footage_reader
from .. import footage_sources

#: 4.5+: shows the //-relative paths tick in the file browser; older Blenders always show it.
PATH_OPTIONS = {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5, 0) else set()
#: Seconds that Blender's single precision may be off.
_ROUNDING = 1e-3
#: Seconds around the in and the out point within which a frame lies at it; farther on it is what they are rounded by.
_AT_A_POINT = 1e-4
_SOURCES = (
    ("FILE", "File", "A video file, or the first of numbered pictures", "FILE_FOLDER", 0),
    ("CLIP", "Clip", "A movie clip of this .blend file", "TRACKER", 1),
    ("STRIP", "Strip", "A movie strip of this scene's sequencer: its trimming and place are kept", "SEQUENCE", 2),
)


def _is_footage(_settings: bpy.types.PropertyGroup, clip: bpy.types.MovieClip) -> bool:
    return clip.source in {"MOVIE", "SEQUENCE"}


def _strip_names(settings: FootageSettings, _context: bpy.types.Context, _typed: str) -> list[str]:
    return list(footage_sources.strips(settings.id_data))


def _other_footage(settings: FootageSettings, _context: bpy.types.Context) -> None:
    """A face that was picked in other footage is nobody here."""
    settings.forget_face()


def _clamped(name: str) -> bpy.types.FloatProperty:
    """Keep a time within the footage once its length is known."""

    def update(settings: FootageSettings, _context: bpy.types.Context) -> None:
        duration = footage_reader.known_duration(settings)
        if 0.0 < duration < getattr(settings, name) - _ROUNDING:
            setattr(settings, name, duration)

    return update


class FootageSettings(bpy.types.PropertyGroup):
    """The footage, its in and out point, and the face that was picked in it."""

    source: EnumProperty(
        name="Source", description="Where the footage is", items=_SOURCES, default="FILE", update=_other_footage
    )
    video: StringProperty(
        name="Footage",
        description="Video of a person's face, or the first of numbered pictures",
        subtype="FILE_PATH",
        options=PATH_OPTIONS,
        update=_other_footage,
    )
    clip: PointerProperty(
        name="Movie Clip",
        description="Movie clip whose footage is captured",
        type=bpy.types.MovieClip,
        poll=_is_footage,
        update=_other_footage,
    )
    strip: StringProperty(
        name="Strip",
        description="Movie strip whose footage is captured",
        search=_strip_names,
        search_options=set(),
        update=_other_footage,
    )
    sequence_rate: FloatProperty(
        name="Frame Rate",
        description="Pictures per second of the numbered pictures",
        default=SEQUENCE_RATE,
        min=0.1,
        soft_min=1.0,
        soft_max=120.0,
        max=1000.0,
        precision=3,
    )
    clip_start: FloatProperty(
        name="In",
        description="Where in the footage to begin",
        default=0.0,
        min=0.0,
        unit="TIME_ABSOLUTE",
        step=10,
        update=_clamped("clip_start"),
    )
    use_clip_end: BoolProperty(
        name="Out Point",
        description="Stop before the end of the footage",
        default=False,
        update=_clamped("clip_end"),
    )
    clip_end: FloatProperty(
        name="Out",
        description="Where in the footage to stop",
        translation_context=CONTEXT,
        default=10.0,
        min=0.0,
        unit="TIME_ABSOLUTE",
        step=10,
        update=_clamped("clip_end"),
    )
    high_quality: BoolProperty(
        name="High Quality",
        description="Measure each frame a second time, mirrored, and take the mean of both: steadier and closer to the "
        "face, but the capture takes half as long again",
        default=False,
    )
    show_preview: BoolProperty(
        name="Show Preview", description="Show a frame of the footage and the faces in it", default=True
    )
    preview_time: FloatProperty(
        name="Preview",
        description="Which second of the footage is shown",
        default=0.0,
        min=0.0,
        unit="TIME_ABSOLUTE",
        step=10,
        update=_clamped("preview_time"),
    )
    has_face: BoolProperty(name="Face Picked", description="A face was picked in the preview")
    face_point: FloatVectorProperty(
        name="Picked Point", description="Where the picked face is, in pixels of the footage", size=2
    )
    face_time: FloatProperty(name="Picked Time", description="Second of the footage in which the face was picked")

    def pick_face(self, point: tuple[float, float], time: float) -> None:
        """Track the face at a point of the footage's picture at a time in seconds."""
        self.face_point, self.face_time, self.has_face = point, time, True

    def forget_face(self) -> None:
        """Track the largest, most central face."""
        self.has_face = False

    def picked(self) -> tuple[tuple[float, float], float] | None:
        """The point and the time of :meth:`pick_face`; None = nobody was picked."""
        return ((self.face_point[0], self.face_point[1]), self.face_time) if self.has_face else None

    def video_path(self) -> Path:
        """The footage's file, absolute, whatever its source.

        Raises:
            CaptureError: none is chosen, or it is gone.
        """
        return footage_sources.source_of(self).path

    def capture_settings(self) -> CaptureSettings:
        """For the pass over the footage; reads the file's facts if a strip decides on the part.

        Raises:
            CaptureError: no footage is chosen, it cannot be read, or no part of it is left.
        """
        source = footage_sources.source_of(self)
        start, end = self.clip_start, self.clip_end if self.use_clip_end else None
        if source.trim is not None:
            start, end = footage_sources.part_of(source, footage_reader.facts_now(source))
        point, time = self.picked() or (None, None)
        chosen = CaptureSettings(
            start=start, end=end, face_hint=point, face_hint_time=time, high_quality=self.high_quality,
            sequence_rate=source.sequence_rate,
        )  # fmt: skip
        return chosen if source.trim is not None else _with_its_edges(chosen)


def _with_its_edges(chosen: CaptureSettings) -> CaptureSettings:
    """With the frames at the in and the out point, whose times single precision does not hold exactly."""
    end = chosen.end + _precision(chosen.end) if chosen.end is not None else None
    return replace(chosen, start=max(chosen.start - _precision(chosen.start), 0.0), end=end)


def _precision(seconds: float) -> float:
    """Seconds that a point may be off: no less than it is, and much less than half a frame."""
    return max(_AT_A_POINT, seconds * 2.0**-23)
