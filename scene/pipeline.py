# SPDX-License-Identifier: GPL-3.0-or-later
"""One call from a Performance to an animated head in the scene; what operators and scripts use."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from ..ddfa_blender.morphable_model import MorphableModel
from ..ddfa_blender.performance import Performance
from . import bake, head
from .rollback import rollback_on_error
from .settings import BakeSettings
from .timebase import Timebase


@dataclass(frozen=True)
class CaptureResult:
    """What was added to the scene. References die with undo and file loads."""

    head: head.Head
    frame_start: float
    frame_end: float
    filled_keys: int


def scene_timebase(scene: bpy.types.Scene, frame_start: int) -> Timebase:
    """The scene's clock with the footage's second 0 at ``frame_start``."""
    return Timebase(frame_start, scene.render.fps / scene.render.fps_base)


def apply_performance(
    context: bpy.types.Context,
    model: MorphableModel,
    performance: Performance,
    settings: BakeSettings | None = None,
    name: str = "Face Capture",
) -> CaptureResult:
    """Build the actor's head and key the performance on it; the head ends up selected and active.

    All or nothing: if anything fails, everything made is removed again and the error raised on.
    """
    settings = settings or BakeSettings()
    scene = context.scene
    timebase = scene_timebase(scene, settings.frame_start)
    with rollback_on_error():
        motion = bake.resample(model, performance, timebase, settings)
        made = head.build(context, model, performance.identity, name)
        bake.write(made, motion, settings, name)
    _select(context, made)
    first, last = float(motion.frames[0]), float(motion.frames[-1])
    if settings.set_scene_range:
        scene.frame_start, scene.frame_end = int(first // 1), int(-(-last // 1))
    scene.frame_set(int(first // 1))
    return CaptureResult(made, first, last, int(motion.filled.sum()))


def _select(context: bpy.types.Context, made: head.Head) -> None:
    for selected in context.view_layer.objects.selected[:]:
        selected.select_set(False)
    made.armature.select_set(True)
    made.mesh.select_set(True)
    context.view_layer.objects.active = made.mesh
