# SPDX-License-Identifier: GPL-3.0-or-later
"""All that may be changed after the capture, without touching the footage again."""

from __future__ import annotations

import math
from typing import Any

import bpy
from bpy.props import PointerProperty

from ...ddfa_blender.cleaning import cleanup
from ...ddfa_blender.solve import SolveSettings
from .. import live
from ..settings import BakeSettings
from .cleanup import ChannelGain, CleanUpSettings
from .head import HeadSettings
from .neutral import NeutralSettings
from .timing import TimingSettings

#: In the order in which they must be registered.
PERFORMANCE_GROUPS = (TimingSettings, ChannelGain, CleanUpSettings, NeutralSettings, HeadSettings)


class PerformanceSettings(bpy.types.PropertyGroup):
    """How a take becomes the animation of a head; one group for each sub-panel."""

    timing: PointerProperty(type=TimingSettings)
    cleanup: PointerProperty(type=CleanUpSettings)
    neutral: PointerProperty(type=NeutralSettings)
    head: PointerProperty(type=HeadSettings)

    def solve_settings(self) -> SolveSettings:
        """For solving the take."""
        return SolveSettings(
            min_confidence=self.cleanup.min_confidence,
            field_of_view=math.degrees(self.head.field_of_view),
            arkit_source=self.head.arkit_source.lower(),
        )

    def clean_up(self) -> cleanup.CleanUpSettings:
        """For cleaning the channels."""
        return cleanup.CleanUpSettings(
            gaps=self.cleanup.gap_settings(),
            spikes=self.cleanup.spike_settings(),
            neutral=self.neutral.settings(),
            smoothing=self.cleanup.smoothing(),
            balance=self.cleanup.balance(),
            gains=self.cleanup.gains(),
            full_blinks=self.cleanup.full_blinks,
        )

    def bake_settings(self) -> BakeSettings:
        """For putting the result on the timeline."""
        timing, head = self.timing, self.head
        return BakeSettings(
            frame_start=timing.frame_start,
            timing=timing.mode,
            stretch=timing.stretch,
            key_placement=timing.key_placement,
            thinning=timing.thinning(),
            driving=head.driving,
            neck_share=head.neck_share,
            use_translation=head.use_translation,
            head_motion=head.head_motion(),
            set_scene_range=timing.set_scene_range,
            mark_gaps=timing.mark_gaps,
        )


def copy_values(source: bpy.types.PropertyGroup, target: bpy.types.PropertyGroup) -> None:
    """Give a property group all values of another of the same type; nothing is re-baked by it."""
    set_values(target, values_of(source))


def values_of(group: bpy.types.PropertyGroup) -> dict[str, Any]:
    """All values of a property group by name: a dictionary for each group in it, a list of them for each collection."""
    found: dict[str, Any] = {}
    for prop in group.bl_rna.properties:
        name = prop.identifier
        value: Any = getattr(group, name) if name != "rna_type" else None
        if prop.type == "POINTER" and isinstance(value, bpy.types.PropertyGroup):
            found[name] = values_of(value)
        elif prop.type == "COLLECTION":
            found[name] = [values_of(item) for item in value]
        elif not prop.is_readonly:
            found[name] = tuple(value) if getattr(prop, "is_array", False) else value
    return found


def set_values(group: bpy.types.PropertyGroup, values: dict[str, Any]) -> None:
    """Give a property group what :func:`values_of` told; nothing is re-baked by it."""
    with live.paused():
        for name, value in values.items():
            if isinstance(value, dict):
                set_values(getattr(group, name), value)
            elif isinstance(value, list):
                items = getattr(group, name)
                items.clear()
                for item in value:
                    set_values(items.add(), item)
            else:
                setattr(group, name, value)
