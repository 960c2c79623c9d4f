# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the footage is and which part of it is meant: a file, a movie clip or a strip. Reads no file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.footage.footage_info import FootageFacts
from ..ddfa_blender.settings import SEQUENCE_RATE
from .clock import scene_rate
from .settings import TimingMode

if TYPE_CHECKING:
    from .properties.footage import FootageSettings

#: Sequencer strips that show pictures of a file; older Blenders call them sequences.
STRIP_TYPES = ("MOVIE", "IMAGE")


@dataclass(frozen=True)
class StripTrim:
    """What a strip shows of its content, in scene frames unless said otherwise.

    ``skipped_start`` and ``skipped_end``: the source's own frames that are no part of the content. ``start``: the
    scene frame where the content begins, if it were not trimmed; ``length``: its frames. ``left`` and ``right``: the
    first frame that is shown and the one behind the last. ``is_stills``: single pictures, one for each scene frame.
    """

    skipped_start: int
    skipped_end: int
    start: float
    length: float
    left: float
    right: float
    scene_rate: float
    is_stills: bool = False


@dataclass(frozen=True)
class FootageTiming:
    """What puts an animation in its place: the scene frame of the footage's second 0, mode and stretch."""

    frame_start: int
    mode: TimingMode
    stretch: float = 1.0


@dataclass(frozen=True)
class Source:
    """Footage as the user chose it. ``path`` is absolute."""

    path: Path
    name: str
    sequence_rate: float = SEQUENCE_RATE
    trim: StripTrim | None = None


def source_of(footage: FootageSettings) -> Source:
    """What the user chose; nothing is read.

    Raises:
        CaptureError: nothing is chosen, or it is gone.
    """
    return {"FILE": _file, "CLIP": _clip, "STRIP": _strip}[footage.source](footage)


def _file(footage: FootageSettings) -> Source:
    if not footage.video.strip():
        raise CaptureError("Pick the footage first")
    path = _absolute(footage.video, footage.id_data)
    return Source(path, path.stem, footage.sequence_rate)


def _clip(footage: FootageSettings) -> Source:
    clip = footage.clip
    if clip is None:
        raise CaptureError("Choose a movie clip first")
    # A clip of numbered pictures has no rate of its own: Blender plays it at the scene's.
    return Source(_absolute(clip.filepath, clip), Path(clip.name).stem, scene_rate(footage.id_data))


def _strip(footage: FootageSettings) -> Source:
    if not footage.strip:
        raise CaptureError("Choose a strip of the sequencer first")
    strip = strips(footage.id_data).get(footage.strip)
    if strip is None:
        raise CaptureError(f"There is no movie strip '{footage.strip}' any more; choose another.")
    if strip.use_reverse_frames:
        raise CaptureError(f"The strip '{strip.name}' plays backwards; capture its file and reverse the animation.")
    if strip.type == "IMAGE":
        path = _absolute(strip.directory, footage.id_data) / strip.elements[0].filename
    else:
        path = _absolute(strip.filepath, footage.id_data)
    rate = scene_rate(footage.id_data)
    return Source(path, Path(strip.name).stem, rate, _trim(strip, rate))


def _absolute(path: str, owner: bpy.types.ID) -> Path:
    return Path(bpy.path.abspath(path, library=owner.library))


def strips(scene: bpy.types.Scene) -> dict[str, bpy.types.Strip]:
    """The scene's strips that show footage, by name."""
    editor = scene.sequence_editor
    if editor is None:
        return {}
    # 4.4 renamed sequences to strips.
    found = editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all
    return {strip.name: strip for strip in found if strip.type in STRIP_TYPES}


def _trim(strip: bpy.types.Strip, rate: float) -> StripTrim:
    if hasattr(strip, "content_start"):  # 5.2+; the other names leave with 6.0
        start, left, right, cut = strip.content_start, strip.left_handle, strip.right_handle, strip.right_handle_offset
        skipped = strip.content_trim_start, strip.content_trim_end
    else:
        start, left, right = strip.frame_start, strip.frame_final_start, strip.frame_final_end
        cut = strip.frame_offset_end
        skipped = strip.animation_offset_start, strip.animation_offset_end
    # Not the duration that the strip names: 4.2 gives that in frames of the source.
    length = right + cut - start
    skipped_start, skipped_end = (int(frames) for frames in skipped)
    stills = strip.type == "IMAGE"
    return StripTrim(skipped_start, skipped_end, float(start), float(length), float(left), float(right), rate, stills)


def part_of(source: Source, facts: FootageFacts) -> tuple[float, float | None]:
    """Seconds of footage between which lies what a strip shows; all of it for other sources.

    Both are half a frame away from the nearest frame: time stamps are rounded, and rates are.
    """
    trim = source.trim
    if trim is None:
        return 0.0, None
    second, begin = _seconds_per_frame(trim, facts), trim.skipped_start / facts.fps
    left, right = max(trim.left - trim.start, 0.0), min(trim.right - trim.start, trim.length)
    if right <= left:
        raise CaptureError(f"The strip '{source.name}' shows no frame of its footage; move its handles.")
    # Of whichever frames are shorter: of footage with more of them than the scene, those left out stay out.
    margin = 0.5 * min(second, 1.0 / facts.fps)
    return max(begin + left * second - margin, 0.0), begin + (right - 0.5) * second


def timing_of(source: Source, facts: FootageFacts) -> FootageTiming | None:
    """What puts the animation under its strip; None for other sources."""
    trim = source.trim
    if trim is None:
        return None
    second = _seconds_per_frame(trim, facts)
    frame_start = round(trim.start - trim.skipped_start / facts.fps / second)
    factor = 1.0 / (second * trim.scene_rate)
    if abs(factor - 1.0) < 1e-6:
        return FootageTiming(frame_start, "REAL_TIME")
    if second == 1.0 / facts.fps:
        return FootageTiming(frame_start, "FRAMES")
    return FootageTiming(frame_start, "STRETCH", factor)


def _seconds_per_frame(trim: StripTrim, facts: FootageFacts) -> float:
    """Seconds of footage that one frame of the scene shows."""
    frames = facts.frame_count - trim.skipped_start - trim.skipped_end
    if trim.is_stills or frames <= 0 or abs(trim.length - frames) < 0.5:
        return 1.0 / facts.fps  # frame by frame, whatever the scene's rate
    if abs(trim.length - frames / facts.fps * trim.scene_rate) < 1.5:
        return 1.0 / trim.scene_rate  # at its own speed: the length is rounded to whole frames
    return frames / facts.fps / trim.length  # another speed
