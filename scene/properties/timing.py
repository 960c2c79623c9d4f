# SPDX-License-Identifier: GPL-3.0-or-later
"""Where on the timeline the animation goes."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty

from .. import live

_KEY_PLACEMENTS = (
    ("WHOLE", "Whole Frames", "One key on every frame of the scene, resampled from the footage"),
    ("SUBFRAME", "Subframes", "One key for each frame of the footage, exactly at its time, between the scene's frames"),
)


class TimingSettings(bpy.types.PropertyGroup):
    """Start frame and keys."""

    frame_start: IntProperty(
        name="Start Frame",
        description="Frame of the scene on which the footage begins; an in point keeps its distance from here",
        default=1,
        min=0,
        soft_max=10000,
        update=live.changed,
    )
    key_placement: EnumProperty(
        name="Keys", description="Where the keys are put", items=_KEY_PLACEMENTS, update=live.changed
    )
    set_scene_range: BoolProperty(
        name="Set Scene Range", description="Make the scene's frame range that of the animation", default=True
    )
