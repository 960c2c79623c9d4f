# SPDX-License-Identifier: GPL-3.0-or-later
"""How the head is driven."""

from __future__ import annotations

import math

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty

from ...ddfa_blender.solve import SolveSettings
from .. import live

_DRIVING = (
    (
        "EXPRESSION",
        "Expression",
        "The ten expression components; ARKit shapes add only what they cannot do, such as blinks and gaze",
    ),
    (
        "ARKIT",
        "ARKit",
        "The 52 ARKit shapes alone, always 0 to 1, for engines that clamp weights; the ten components stay at zero",
    ),
)


class HeadSettings(bpy.types.PropertyGroup):
    """Shape keys, neck and the head's movement."""

    driving: EnumProperty(
        name="Drive", description="Which shape keys carry the face", items=_DRIVING, update=live.changed
    )
    neck_share: FloatProperty(
        name="Neck Share",
        description="How much of the head's rotation the neck bone takes; both together always turn as captured",
        default=0.3,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        update=live.changed,
    )
    field_of_view: FloatProperty(
        name="Camera View",
        description="View of the footage's camera across the picture's longer side: a phone sees about 65 degrees, "
        "a portrait lens 20. Heads away from the picture's centre are turned by it, and their depth follows from it",
        default=math.radians(SolveSettings().field_of_view),
        min=math.radians(1.0),
        max=math.radians(170.0),
        subtype="ANGLE",
        update=live.changed,
    )
    use_translation: BoolProperty(
        name="Head Translation",
        description="Also move the head sideways, up and towards the camera",
        default=False,
        update=live.changed,
    )
