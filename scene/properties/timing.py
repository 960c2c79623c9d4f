# SPDX-License-Identifier: GPL-3.0-or-later
"""Where on the timeline the animation goes, and with how many keys."""

from __future__ import annotations

import math

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty

from .. import frame_range, live
from ..clock import scene_of
from ..settings import Thinning

_MODES = (
    ("REAL_TIME", "Real Time", "A second of footage is a second of the scene, whatever their frame rates"),
    (
        "FRAMES",
        "Frame by Frame",
        "Each frame of the footage is one frame of the scene; where the rates differ, the speed changes",
    ),
    ("STRETCH", "Stretch", "Real time, slowed down or sped up by a factor"),
)
_KEY_PLACEMENTS = (
    ("WHOLE", "Whole Frames", "One key on every frame of the scene, resampled from the footage"),
    ("SUBFRAME", "Subframes", "One key for each frame of the footage, exactly at its time, between the scene's frames"),
)

#: Frames that Blender has on either side of 0. A trimmed strip's footage may begin long before the scene does.
_LAST_FRAME = 1_048_574


def _range_chosen(settings: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    """Switched on for a captured head, the range is the animation's even where it was set by hand."""
    armature = settings.id_data
    if settings.set_scene_range and not live.is_paused() and isinstance(armature, bpy.types.Object):
        frame_range.fit(scene_of(armature, context.scene))


class TimingSettings(bpy.types.PropertyGroup):
    """Start frame, speed and keys."""

    mode: EnumProperty(
        name="Timing", description="How the footage's time becomes the scene's", items=_MODES, update=live.changed
    )
    stretch: FloatProperty(
        name="Stretch",
        description="How many times as long as the footage the animation is: 2 is half the speed",
        default=1.0,
        min=0.01,
        soft_min=0.1,
        soft_max=10.0,
        max=100.0,
        step=10,
        precision=3,
        update=live.changed,
    )
    frame_start: IntProperty(
        name="Start Frame",
        description="Frame of the scene on which the footage begins; an in point keeps its distance from here",
        default=1,
        min=-_LAST_FRAME,
        max=_LAST_FRAME,
        soft_min=0,
        soft_max=10000,
        update=live.changed,
    )
    key_placement: EnumProperty(
        name="Keys", description="Where the keys are put", items=_KEY_PLACEMENTS, update=live.changed
    )
    set_scene_range: BoolProperty(
        name="Set Scene Range",
        description="Make the scene's frame range that of the animation, and let it follow until it is changed by hand",
        default=True,
        update=_range_chosen,
    )
    mark_gaps: BoolProperty(
        name="Mark Gaps",
        description="Put markers on the timeline where the face was lost and where it came back",
        default=True,
        update=live.changed,
    )
    use_thinning: BoolProperty(
        name="Thin Keys",
        description="Leave out all keys but those that the largest error below needs, so that the curves can be "
        "edited by hand",
        default=False,
        update=live.changed,
    )
    thin_weight: FloatProperty(
        name="Shape Error",
        description="How far a thinned shape key may be off, as a share of its range",
        default=100.0 * Thinning().weight,
        min=0.0,
        soft_max=10.0,
        max=100.0,
        subtype="PERCENTAGE",
        precision=2,
        update=live.changed,
    )
    thin_rotation: FloatProperty(
        name="Rotation Error",
        description="How far the thinned rotation of head and neck may be off",
        default=math.radians(Thinning().degrees),
        min=0.0,
        soft_max=math.radians(5.0),
        max=math.radians(90.0),
        subtype="ANGLE",
        precision=3,
        update=live.changed,
    )
    thin_location: FloatProperty(
        name="Location (mm)",
        description="How far the thinned movement of the head may be off, in millimetres of the head",
        default=Thinning().millimetres,
        min=0.0,
        soft_max=20.0,
        max=1000.0,
        precision=2,
        update=live.changed,
    )

    def thinning(self) -> Thinning | None:
        """For the bake; None keeps every key."""
        if not self.use_thinning:
            return None
        return Thinning(self.thin_weight / 100.0, math.degrees(self.thin_rotation), self.thin_location)
