# SPDX-License-Identifier: GPL-3.0-or-later
"""One call from a Performance to an animated head, or to new keys on one; what operators and scripts use."""

from __future__ import annotations

import math
from dataclasses import dataclass

import bpy

from ..ddfa_blender.footage.frame_rate import average_rate, is_variable
from ..ddfa_blender.morphable_model import MorphableModel
from ..ddfa_blender.performance import Performance
from ..ddfa_blender.take import Take
from . import bake, camera, frame_range, head, head_place, markers
from .clock import scene_of, scene_rate
from .key_writer import KeyReport
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


def apply_performance(
    context: bpy.types.Context,
    model: MorphableModel,
    performance: Performance,
    settings: BakeSettings | None = None,
    name: str = "Face Capture",
) -> CaptureResult:
    """Build the actor's head beside the scene's others and key the performance on it; it ends up selected and active.

    The scene's frame range becomes the animation's, and its first frame is shown, unless the range was set by hand.
    All or nothing: if anything fails, everything made is removed again and the error raised on.
    """
    settings = settings or BakeSettings()
    scene, name = context.scene, head.short_name(name)
    timebase = Timebase.of(settings, scene_rate(scene), performance.time)
    with rollback_on_error():
        motion = bake.resample(model, performance, timebase, settings)
        made = head.build(context, model, performance.identity, name)
        # A metre of the head is a metre of the scene, whatever the scene's unit is.
        made.armature.scale = [1.0 / scene.unit_settings.scale_length] * 3
        head_place.put(context, made)
        report = bake.write(made, motion, settings, name)
    _select(context, made)
    follows = settings.set_scene_range and not frame_range.is_set_by_hand(scene)
    _note(scene, made.armature, performance, timebase, motion, settings, report)
    if follows:
        frame_range.fit(scene)
        scene.frame_set(math.floor(motion.frames[0]))
    return CaptureResult(made, float(motion.frames[0]), float(motion.frames[-1]), int(motion.filled.sum()))


def bake_again(
    scene: bpy.types.Scene,
    baked_head: head.Head,
    model: MorphableModel,
    performance: Performance,
    settings: BakeSettings,
    take: Take | None = None,
) -> None:
    """Replace the keys of a head by those of a performance, on the clock of the scene that the head is in.


    ``scene`` is the one at work; see :func:`.clock.scene_of`. Its frame range follows unless it was set by hand.
    With the ``take`` that the performance was solved from, the head's camera follows as well.
    """
    armature = baked_head.armature
    scene = scene_of(armature, scene)
    timebase = Timebase.of(settings, scene_rate(scene), performance.time)
    motion = bake.resample(model, performance, timebase, settings)
    report = bake.rewrite(baked_head, motion, settings)
    follows = settings.set_scene_range and not frame_range.is_set_by_hand(scene)
    _note(scene, armature, performance, timebase, motion, settings, report)
    if follows:
        frame_range.fit(scene)
    if take is not None:
        camera.follow(camera.Shot(baked_head, model, performance, take, settings, timebase))


def _note(
    scene: bpy.types.Scene,
    armature: bpy.types.Object,
    performance: Performance,
    timebase: Timebase,
    motion: bake.KeyedMotion,
    settings: BakeSettings,
    report: KeyReport,
) -> None:
    """Keep for the panels what was baked, and mark the gaps."""
    baked = armature.ddfa.baked
    baked.fingerprint = report.fingerprint
    baked.footage_rate = average_rate(performance.time)
    baked.footage_seconds = float(performance.time[-1] - performance.time[0])
    baked.footage_varies = is_variable(performance.time)
    baked.scene_rate = timebase.rate
    baked.duration_factor = timebase.duration_factor
    baked.first_frame, baked.last_frame = float(motion.frames[0]), float(motion.frames[-1])
    baked.all_keys, baked.kept_keys = report.all_keys, report.kept_keys
    baked.weight_error, baked.degrees_error = report.weight, report.degrees
    baked.millimetres_error = report.millimetres
    markers.replace(scene, armature, markers.gap_frames(performance, timebase) if settings.mark_gaps else ())


def _select(context: bpy.types.Context, made: head.Head) -> None:
    for selected in context.view_layer.objects.selected[:]:
        selected.select_set(False)
    made.armature.select_set(True)
    made.mesh.select_set(True)
    context.view_layer.objects.active = made.mesh
