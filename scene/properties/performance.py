# SPDX-License-Identifier: GPL-3.0-or-later
"""All that may be changed after the capture, without touching the footage again."""

from __future__ import annotations

import math

import bpy
from bpy.props import PointerProperty

from ...ddfa_blender.solve import Smoothing, SolveSettings
from .. import live
from ..settings import BakeSettings
from .cleanup import CleanUpSettings
from .head import HeadSettings
from .timing import TimingSettings

#: In the order in which they must be registered.
PERFORMANCE_GROUPS = (TimingSettings, CleanUpSettings, HeadSettings)


class PerformanceSettings(bpy.types.PropertyGroup):
    """How a take becomes the animation of a head; one group for each sub-panel."""

    timing: PointerProperty(type=TimingSettings)
    cleanup: PointerProperty(type=CleanUpSettings)
    head: PointerProperty(type=HeadSettings)

    def solve_settings(self) -> SolveSettings:
        """For cleaning the channels."""
        clean = self.cleanup
        smoothing = Smoothing(clean.smooth_head, clean.smooth_expression, clean.smooth_eyes, clean.smooth_face)
        return SolveSettings(
            min_confidence=clean.min_confidence,
            field_of_view=math.degrees(self.head.field_of_view),
            gaps=clean.gaps,
            smoothing=smoothing,
        )

    def bake_settings(self) -> BakeSettings:
        """For putting the result on the timeline."""
        return BakeSettings(
            frame_start=self.timing.frame_start,
            key_placement=self.timing.key_placement,
            driving=self.head.driving,
            neck_share=self.head.neck_share,
            use_translation=self.head.use_translation,
            set_scene_range=self.timing.set_scene_range,
        )


def copy_values(source: bpy.types.PropertyGroup, target: bpy.types.PropertyGroup) -> None:
    """Give a property group all values of another of the same type; nothing is re-baked by it."""
    with live.paused():
        _copy(source, target)


def _copy(source: bpy.types.PropertyGroup, target: bpy.types.PropertyGroup) -> None:
    for prop in source.bl_rna.properties:
        name = prop.identifier
        if name == "rna_type":
            continue
        if prop.type == "POINTER" and isinstance(getattr(source, name), bpy.types.PropertyGroup):
            _copy(getattr(source, name), getattr(target, name))
        elif prop.type == "COLLECTION":
            getattr(target, name).clear()
            for item in getattr(source, name):
                _copy(item, getattr(target, name).add())
        elif not prop.is_readonly:
            setattr(target, name, getattr(source, name))
