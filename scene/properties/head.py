# SPDX-License-Identifier: GPL-3.0-or-later
"""How the head is driven."""

from __future__ import annotations

import math

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty

from ...ddfa_blender.head_motion import HeadMotion
from ...ddfa_blender.solve import SolveSettings
from ...translations import CONTEXT
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
_ARKIT_SOURCES = (
    (
        "BOTH",
        "Both",
        (
            "What the networks say of each channel and what the ARKit shapes need to look like the captured mesh, each "
            "as far as it is reliable; touching lips stay closed and opposite shapes exclude each other"
        ),
    ),
    ("NETWORK", "Network", "What the networks say of each channel, frame by frame"),
    ("MESH", "Mesh", "Only what the ARKit shapes need to look like the captured mesh; it knows no gaze and no tongue"),
)
_REFERENCES = (
    ("CAMERA", "Camera", "As the camera saw the head: a camera that looked up at the actor lifts the chin"),
    ("ACTOR", "Actor", "Relative to how the actor held the head on average: that pose looks straight ahead"),
)


def _level(name: str, moves: str) -> bpy.types.FloatProperty:
    return FloatProperty(
        name=name,
        description=f"Captured {moves} at which the head is to look straight ahead; it is taken off the whole clip",
        default=0.0,
        min=-math.pi,
        max=math.pi,
        subtype="ANGLE",
        update=live.changed,
    )


def _direction(name: str, moves: str) -> bpy.types.BoolProperty:
    return BoolProperty(name=name, description=f"Move the head {moves}", default=True, update=live.changed)


class HeadSettings(bpy.types.PropertyGroup):
    """Shape keys, neck and the head's movement."""

    driving: EnumProperty(
        name="Drive", description="Which shape keys carry the face", items=_DRIVING, update=live.changed
    )
    arkit_source: EnumProperty(
        name="ARKit From",
        description="What the 52 ARKit channels rest on, here, on other characters and in exports",
        items=_ARKIT_SOURCES,
        update=live.changed,
        translation_context=CONTEXT,
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
    reference: EnumProperty(
        name="Relative To",
        description="What the head's movement is measured against",
        items=_REFERENCES,
        update=live.changed,
    )
    level_yaw: _level("Level Yaw", "turn to the side")
    level_pitch: _level("Pitch", "tilt up or down")
    level_roll: _level("Roll", "lean to the side")
    use_translation: BoolProperty(
        name="Head Translation",
        description="Also move the head sideways, up and towards the camera",
        default=False,
        update=live.changed,
    )
    translation_amount: FloatProperty(
        name="Amount",
        description="Share of the head's movement; more than 1 exaggerates it",
        default=1.0,
        min=0.0,
        soft_max=1.0,
        max=100.0,
        subtype="FACTOR",
        update=live.changed,
    )
    move_sideways: _direction("Side", "sideways")
    move_up: _direction("Up", "up and down")
    move_depth: _direction("Depth", "towards the camera and away, which a single camera measures worst")

    @property
    def directions(self) -> tuple[bool, bool, bool]:
        """Whether the head moves sideways, up and down, towards the camera."""
        return self.move_sideways, self.move_up, self.move_depth

    def head_motion(self) -> HeadMotion:
        """For the bake."""
        x, y, z = (self.translation_amount if used else 0.0 for used in self.directions)
        return HeadMotion(self.reference, self.level(), (x, y, z))

    def level(self) -> tuple[float, float, float]:
        """Yaw, pitch and roll in degrees."""
        return math.degrees(self.level_yaw), math.degrees(self.level_pitch), math.degrees(self.level_roll)

    def set_level(self, degrees: tuple[float, float, float]) -> None:
        """Set yaw, pitch and roll; the head is baked once."""
        with live.paused():
            self.level_yaw, self.level_pitch, self.level_roll = (math.radians(angle) for angle in degrees)
        self.reference = self.reference
