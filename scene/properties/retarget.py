# SPDX-License-Identifier: GPL-3.0-or-later
"""The character that the performance goes to, the mapping, and the poses that were recorded for a rig."""

from __future__ import annotations

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from ...ddfa_blender.names import ARKIT_NAMES
from ...ddfa_blender.retarget.bone_poses import NEUTRAL
from ...ddfa_blender.retarget.mapping import CHANNELS
from .. import head, mapping_items
from ..mapping_items import NO_LIMIT

_CHANNELS = tuple((name, name, f"The channel {name}") for name in CHANNELS)
_POSES = (
    (NEUTRAL, "Neutral", "The face from which all others are counted; only needed if it is not the rest pose"),
    *((name, name, f"The face with {name} at its most") for name in ARKIT_NAMES),
)
_SOURCES = (
    ("HEAD", "Current Head", "The performance of the current head, with its clean-up"),
    ("TAKE", "Chosen Take", "The take that is chosen in the panel Takes, with the settings that are shown"),
)
_ACTIONS = (
    (
        "LAYER",
        "Layer",
        "Replace what this take was retargeted to before; an action of your own goes into the NLA and plays on below",
    ),
    ("NEW", "New Action", "Make a new action each time; the present one is kept in the file, no longer in use"),
    (
        "MERGE",
        "Into Present Action",
        "Write into the action that the character has: driven channels are replaced, the rest of it stays",
    ),
)
_SHOWN = (
    ("ALL", "All", "Everything on the character that could be driven"),
    ("MAPPED", "Mapped", "What a channel drives"),
    ("UNMATCHED", "Unmatched", "What no channel drives yet"),
)


class CurvePoint(bpy.types.PropertyGroup):
    """A point of a response curve."""

    point_in: FloatProperty(name="In", description="Value of the channel at this point of the curve", step=1)
    point_out: FloatProperty(name="Out", description="What becomes of it", step=1)


class MappingSource(bpy.types.PropertyGroup):
    """One channel's share of a target."""

    channel: EnumProperty(name="Channel", description="Channel of the performance", items=_CHANNELS)
    source_gain: FloatProperty(
        name="Gain",
        description="How strongly the channel drives the target; negative turns it round",
        default=1.0,
        soft_min=-2.0,
        soft_max=2.0,
        step=5,
        precision=2,
    )
    source_min: FloatProperty(name="From", description="Least that this channel may add", default=-NO_LIMIT)
    source_max: FloatProperty(name="To", description="Most that this channel may add", default=NO_LIMIT)
    points: CollectionProperty(type=CurvePoint)


class MappingTarget(bpy.types.PropertyGroup):
    """A line of the list; ``name`` is the shape key, property, expression or pose; without sources it is unmatched."""

    owner: StringProperty(name="Object", description="Name of the object that has the target")
    sources: CollectionProperty(type=MappingSource)
    target_min: FloatProperty(
        name="Least", description="The target never goes below this", default=0.0, soft_min=-1.0, soft_max=1.0
    )
    target_max: FloatProperty(
        name="Most", description="The target never goes above this", default=1.0, soft_min=0.0, soft_max=2.0
    )
    score: FloatProperty(name="Score", description="How sure the automatic mapping was", default=1.0, min=0.0, max=1.0)
    reason: StringProperty(name="Reason", description="Why it was matched, or why not")


class FaceMesh(bpy.types.PropertyGroup):
    """A mesh of the character."""

    mesh: PointerProperty(name="Mesh", description="Mesh with shape keys", type=bpy.types.Object)
    use_mesh: BoolProperty(name="Use", description="Animate the shape keys of this mesh", default=True)


def _is_character(_settings: bpy.types.PropertyGroup, candidate: bpy.types.Object) -> bool:
    return candidate.type == "ARMATURE" and head.of_armature(candidate) is None


def _character_changed(settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    mapping_items.follow_character(settings)


class RetargetSettings(bpy.types.PropertyGroup):
    """``Scene.ddfa.retarget``."""

    performance: EnumProperty(name="Performance", description="What is retargeted", items=_SOURCES)
    character: PointerProperty(
        name="Character",
        description="Armature of the character; its meshes and bones are found by themselves",
        type=bpy.types.Object,
        poll=_is_character,
        update=_character_changed,
    )
    face_meshes: CollectionProperty(type=FaceMesh)
    active_mesh: IntProperty(name="Mesh", description="The mesh that is chosen in the list")
    use_face: BoolProperty(name="Face", description="Animate what the mapping drives", default=True)
    use_head: BoolProperty(name="Head", description="Turn the head and neck bones", default=True)
    head_bone: StringProperty(name="Head Bone", description="Bone or control that turns the head")
    neck_bone: StringProperty(
        name="Neck Bone", description="Upper bone or control of the neck; empty leaves the neck alone"
    )
    lower_neck_bone: StringProperty(
        name="Lower Neck", description="Lower bone of the neck, if the rig has two; empty if it has not"
    )
    share_neck: FloatProperty(
        name="Neck Share",
        description="How much of the head's turn the neck makes",
        default=30.0,
        min=0.0,
        max=100.0,
        subtype="PERCENTAGE",
    )
    move_head: BoolProperty(
        name="Head Movement",
        description="Also move the head as it was seen, by its lowest neck bone; bones that are connected to their "
        "parents cannot move",
        default=False,
    )
    action_mode: EnumProperty(name="Action", description="Where the animation goes", items=_ACTIONS)
    targets: CollectionProperty(type=MappingTarget)
    active_target: IntProperty(name="Target", description="The target that is edited below the list")
    shown_targets: EnumProperty(name="Show", description="Which targets the list has", items=_SHOWN)
    pose_channel: EnumProperty(name="Pose", description="What the pose that you record stands for", items=_POSES)
    lost_targets: StringProperty(
        name="Missing", description="Targets of the loaded preset that the character does not have"
    )


class RecordedBone(bpy.types.PropertyGroup):
    """``name`` is the bone's."""

    bone_location: FloatVectorProperty(name="Location", description="In the bone's space", precision=6)
    bone_rotation: FloatVectorProperty(name="Rotation", description="In the bone's space", size=4, default=(1, 0, 0, 0))
    bone_scale: FloatVectorProperty(name="Scale", description="In the bone's space", default=(1, 1, 1))


class FacePose(bpy.types.PropertyGroup):
    """``name`` is the channel's."""

    bones: CollectionProperty(type=RecordedBone)


#: In the order in which they must be registered.
RETARGET_GROUPS = (CurvePoint, MappingSource, MappingTarget, FaceMesh, RetargetSettings, RecordedBone, FacePose)
