# SPDX-License-Identifier: GPL-3.0-or-later
"""Export what a captured head plays as tracks without a mesh: Live Link Face CSV, BVH, Performance.

They hold the cleaned performance with the head's settings, all 52 ARKit channels whatever keys drive the head; keys
that were edited by hand are not in them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import bpy
import numpy as np

from ..ddfa_blender.formats.bvh import write_bvh
from ..ddfa_blender.formats.live_link_face import write_live_link_face
from ..ddfa_blender.formats.performance_file import save_performance
from ..ddfa_blender.performance import Performance
from . import head_take
from .export_files import check_output, with_suffix
from .head import Head
from .settings import BakeSettings
from .timebase import Timebase

CSV, BVH, PERFORMANCE = ".csv", ".bvh", (".json", ".npz")


@dataclass(frozen=True)
class Tracks:
    """A cleaned performance and how it goes onto the clock of a scene."""

    performance: Performance
    baking: BakeSettings
    timebase: Timebase

    @classmethod
    def of(cls, scene: bpy.types.Scene, head: Head) -> Tracks:
        """What a captured head is baked from.

        Raises:
            CaptureError: its take is gone or not good enough.
        """
        shot = head_take.shot_of(scene, head.armature)
        return cls(shot.performance, shot.settings, shot.timebase)

    def on_scene_clock(self) -> tuple[Performance, float]:
        """The performance in seconds of the scene from 0, and the second of the scene that this is (frame ÷ rate)."""
        frames = self.timebase.frame_at(self.performance.time)
        time = (frames - frames[0]) / self.timebase.rate
        return replace(self._moved(), time=time), float(frames[0] / self.timebase.rate)

    def _moved(self) -> Performance:
        """With the head's movement as the head's settings have it."""
        clean = self.performance
        path = self.baking.head_motion.apply(clean.head_rotation, clean.head_translation, clean.tracked)
        moved = path.translation if self.baking.use_translation else np.zeros_like(path.translation)
        return replace(clean, head_rotation=path.rotation, head_translation=moved)

    def write_csv(self, filepath: str | Path) -> Path:
        """Live Link Face CSV; its timecode is the scene's clock, frame 0 = midnight.

        Raises:
            CaptureError: the file cannot be written.
        """
        path = with_suffix(filepath, (CSV,))
        check_output(path, "CSV")
        performance, start = self.on_scene_clock()
        write_live_link_face(performance, path, start=max(start, 0.0))
        return path

    def write_bvh(self, filepath: str | Path) -> Path:
        """BVH of the head at the scene's frame rate.

        Raises:
            CaptureError: the file cannot be written.
        """
        path = with_suffix(filepath, (BVH,))
        check_output(path, "BVH")
        performance, _ = self.on_scene_clock()
        write_bvh(performance, path, self.baking.neck_share, self.timebase.rate)
        return path

    def write_performance(self, filepath: str | Path) -> Path:
        """Everything as it was cleaned, on the footage's clock, as ``.json`` or ``.npz``.

        Raises:
            CaptureError: the file cannot be written.
        """
        path = with_suffix(filepath, PERFORMANCE)
        check_output(path, "performance")
        save_performance(self.performance, path)
        return path
