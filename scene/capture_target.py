# SPDX-License-Identifier: GPL-3.0-or-later
"""What a capture animates: a new head, or a captured head that is there already."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import bpy

from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.morphable_model import MorphableModel
from ..ddfa_blender.performance import Performance
from . import footage, footage_sources, frame_range, head, live, take_heads, take_list
from .clock import scene_rate
from .footage_sources import FootageTiming
from .pipeline import apply_performance
from .properties import PerformanceSettings, current
from .settings import BakeSettings
from .timebase import Timebase


class Target(Protocol):
    """Taken down when the capture starts; holds no references to Blender's data, which undo would make invalid."""

    def scene(self) -> bpy.types.Scene:
        """The scene in which the capture was started.

        Raises:
            CaptureError: it is gone.
        """

    def settings(self, scene: bpy.types.Scene, /) -> AbstractContextManager[PerformanceSettings]:
        """Those with which its performance is made, as they are now."""

    def animate(
        self, context: bpy.types.Context, model: MorphableModel, performance: Performance, take_file: Path, /
    ) -> bpy.types.Object:
        """Put the performance on the target, all or nothing; gives the armature. ``context`` is of :meth:`scene`.

        Raises:
            CaptureError: the target is gone or cannot take it.
        """


def disabled_reason(scene: bpy.types.Scene) -> str | None:
    """Why the chosen target cannot be captured into; None when it can."""
    if scene.ddfa.target.kind == "NEW":
        return None
    if head.of_armature(scene.ddfa.head) is None:
        return "There is no current head to capture into: choose one, or a new head as the target"
    return live.read_only_reason(scene.ddfa.head)


def chosen(scene: bpy.types.Scene) -> Target:
    """The target that the user chose.

    Raises:
        CaptureError: it cannot be captured into, or the strip that decides on the timing cannot be read.
    """
    reason = disabled_reason(scene)
    if reason is not None:
        raise CaptureError(f"{reason}.")
    if scene.ddfa.target.kind == "HEAD":
        return CurrentHead(scene.session_uid, scene.ddfa.head.session_uid, scene.ddfa.target.use_shape)
    source = footage_sources.source_of(scene.ddfa.footage)
    timing = footage_sources.timing_of(source, footage.facts_now(source)) if source.trim is not None else None
    return NewHead(scene.session_uid, source.name, timing)


@dataclass(frozen=True)
class _Place:
    """Names may change while the capture runs; session ids do not."""

    scene_uid: int

    def scene(self) -> bpy.types.Scene:
        """See :class:`Target`."""
        found = _with_uid(bpy.data.scenes, self.scene_uid)
        if found is None:
            raise CaptureError("The scene in which the capture was started is gone; the take is kept: apply it there.")
        return found


@dataclass(frozen=True)
class NewHead(_Place):
    """A head of the actor, called ``name``; ``timing`` puts it under its strip, else it begins with the shot."""

    name: str
    timing: FootageTiming | None = None

    def settings(self, scene: bpy.types.Scene, /) -> AbstractContextManager[PerformanceSettings]:
        """See :class:`Target`."""
        return take_heads.settings_of_new_head(scene)

    def animate(
        self, context: bpy.types.Context, model: MorphableModel, performance: Performance, take_file: Path, /
    ) -> bpy.types.Object:
        """See :class:`Target`."""
        with self.settings(context.scene) as settings:
            baking = settings.bake_settings()
            timing = self.timing or _with_the_shot(context.scene, settings.timing, baking, performance)
            if timing is not None:
                baking = replace(baking, frame_start=timing.frame_start, timing=timing.mode, stretch=timing.stretch)
            armature = apply_performance(context, model, performance, baking, self.name).head.armature
            take_heads.adopt(context.scene, armature, take_file, settings)
        if timing is not None:
            with live.paused():
                own = armature.ddfa.settings.timing
                own.frame_start, own.mode, own.stretch = timing.frame_start, timing.mode, timing.stretch
        return armature


@dataclass(frozen=True)
class CurrentHead(_Place):
    """A captured head, which keeps its settings; with ``shape`` it gets the actor's shape."""

    armature_uid: int
    shape: bool

    def settings(self, scene: bpy.types.Scene, /) -> AbstractContextManager[PerformanceSettings]:
        """See :class:`Target`."""
        return nullcontext(current(scene))

    def animate(
        self, context: bpy.types.Context, _model: MorphableModel, _performance: Performance, take_file: Path, /
    ) -> bpy.types.Object:
        """See :class:`Target`. The performance is the one that the head's own settings make of the take."""
        armature = _with_uid(bpy.data.objects, self.armature_uid)
        if armature is None or head.of_armature(armature) is None:
            raise CaptureError("The head to capture into is gone; the take is kept: make a new head of it.")
        take_heads.apply_take(context.scene, armature, take_file, shape=self.shape)
        take_list.refresh(context.scene)
        take_list.choose(take_file)
        return armature


def _with_the_shot(
    scene: bpy.types.Scene, timing: bpy.types.PropertyGroup, baking: BakeSettings, performance: Performance
) -> FootageTiming | None:
    """The timing with which a performance begins where a range that somebody gave the scene does; None where nobody
    did, or where they said themselves on which frame the footage begins."""
    if timing.is_property_set("frame_start") or not frame_range.is_set_by_hand(scene):
        return None
    from_zero = Timebase.of(replace(baking, frame_start=0), scene_rate(scene), performance.time)
    in_point = round(float(from_zero.frame_at(performance.time[0])))
    return FootageTiming(scene.frame_start - in_point, timing.mode, timing.stretch)


def _with_uid(blocks: bpy.types.bpy_prop_collection, uid: int) -> bpy.types.ID | None:
    return next((block for block in blocks if block.session_uid == uid), None)
