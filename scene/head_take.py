# SPDX-License-Identifier: GPL-3.0-or-later
"""What a captured head is baked from, and which of its footage's frames shows at a frame of the scene."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from ..ddfa_blender import solutions
from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.paths import is_file
from . import head, live, takes
from .camera import Shot
from .clock import scene_of, scene_rate
from .timebase import Timebase


def shot_of(scene: bpy.types.Scene, armature: bpy.types.Object) -> Shot:
    """A head's performance with its settings as they are, on the clock of its scene.

    Raises:
        CaptureError: it is no captured head, or its take is gone or not good enough.
    """
    captured = head.of_armature(armature)
    if captured is None:
        raise CaptureError("Choose a captured head first.")
    file, settings = takes.of_head(armature), armature.ddfa.settings
    performance = live.performance_of(file, settings.solve_settings(), settings.clean_up())
    baking = settings.bake_settings()
    timebase = Timebase.of(baking, scene_rate(scene_of(armature, scene)), performance.time)
    return Shot(captured, live.model_of(file), performance, solutions.take_at(file), baking, timebase)


def sample_at(shot: Shot, frame: float) -> int:
    """Index of the footage's frame that shows at a ``frame`` of the scene, or that is nearest to it."""
    return int(np.abs(shot.performance.time - shot.timebase.seconds_at(frame)).argmin())


def footage_of(armature: bpy.types.Object) -> Path | None:
    """The footage that a head was captured from, if its take says and it is still there."""
    try:
        path = solutions.take_at(takes.of_head(armature)).header.footage
    except CaptureError:
        return None
    return Path(path) if path and is_file(path) else None
