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

from ...ddfa_blender.errors import CaptureError
from ...ddfa_blender.names import ARKIT_NAMES
from ...ddfa_blender.retarget.bone_poses import NEUTRAL
from ...ddfa_blender.retarget.mapping import CHANNELS
from ...translations import CONTEXT
from .. import head, key_transfer, mapping_items, overrides
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
_BLENDS = (
    ("REPLACE", "Replace", "What lies below in the NLA shows as far as the influence leaves it"),
    ("COMBINE", "Combine", "Added to what lies below: rotations one after the other, scales multiplied"),
    ("ADD", "Add", "Values are added to those below"),
)
_SHOWN = (
    ("ALL", "All", "Everything on the character that could be driven"),
    ("MAPPED", "Mapped", "What a channel drives"),
    ("UNMATCHED", "Unmatched", "What no channel drives yet"),
)


_EXPRESSIONS = tuple((name, name, f"The expression {name}") for name in ARKIT_NAMES)


class CurvePoint(bpy.types.PropertyGroup):
    """A point of a response curve."""

    point_in: FloatProperty(
        name="Input",
        description="Value of the channel at this point of the curve",
        step=1,
        translation_context=CONTEXT,
    )
    point_out: FloatProperty(name="Output", description="What becomes of it", step=1, translation_context=CONTEXT)


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
    source_max: FloatProperty(
        name="To", description="Most that this channel may add", default=NO_LIMIT, translation_context=CONTEXT
    )
    points: CollectionProperty(type=CurvePoint)


class MappingTarget(bpy.types.PropertyGroup):
    """A line of the list; ``name`` is the shape key, property, expression or pose; without sources it is unmatched."""

    owner: StringProperty(name="Object", description="Name of the object that has the target")
    sources: CollectionProperty(type=MappingSource)
    target_min: FloatProperty(
        name="Minimum", description="The target never goes below this", default=0.0, soft_min=-1.0, soft_max=1.0
    )
    target_max: FloatProperty(
        name="Maximum", description="The target never goes above this", default=1.0, soft_min=0.0, soft_max=2.0
    )
    score: FloatProperty(name="Score", description="How sure the automatic mapping was", default=1.0, min=0.0, max=1.0)
    reason: StringProperty(name="Reason", description="Why it was matched, or why not")


class FaceMesh(bpy.types.PropertyGroup):
    """A mesh of the character."""

    mesh: PointerProperty(
        name="Mesh", description="Mesh with shape keys", type=bpy.types.Object, translation_context=CONTEXT
    )
    use_mesh: BoolProperty(name="Use", description="Animate the shape keys of this mesh", default=True)


def _is_character(_settings: bpy.types.PropertyGroup, candidate: bpy.types.Object) -> bool:
    return candidate.type == "ARMATURE" and head.of_armature(candidate) is None


def _character_changed(settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    mapping_items.follow_character(settings)


def _shown_pose(settings: bpy.types.PropertyGroup) -> int:
    """The chosen channel's place among the recorded poses; −1 where it has none."""
    armature = settings.character
    return int(overrides.state_of(armature).face_poses.find(settings.pose_channel)) if armature is not None else -1


def _choose_pose(settings: bpy.types.PropertyGroup, index: int) -> None:
    poses = overrides.state_of(settings.character).face_poses if settings.character else ()
    if 0 <= index < len(poses):
        settings.pose_channel = poses[index].name


def _expression_changed(settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    key_transfer.show(settings.id_data)


class HeadTurning:
    """What is driven and how, both as it is set and as it was when a character was animated."""

    armature_name: StringProperty(name="Armature", description="What it was called when the mapping was made")
    use_face: BoolProperty(
        name="Face", description="Animate what the mapping drives", default=True, translation_context=CONTEXT
    )
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
        precision=0,
        subtype="PERCENTAGE",
    )
    move_head: BoolProperty(
        name="Head Movement",
        description="Also move the head as it was seen, by its lowest neck bone; bones that are connected to their "
        "parents cannot move",
        default=False,
    )
    blend_mode: EnumProperty(
        name="Blend",
        description="How the animation mixes with what lies below it in the NLA",
        items=_BLENDS,
        translation_context=CONTEXT,
    )
    blend_influence: FloatProperty(
        name="Influence",
        description="How much of the animation shows over what lies below it in the NLA",
        default=100.0,
        min=0.0,
        max=100.0,
        precision=0,
        subtype="PERCENTAGE",
    )


def _mapping_text(settings: bpy.types.PropertyGroup) -> str:
    try:
        return mapping_items.text_of(settings)
    except CaptureError:
        return ""  # who writes a preset of it asks first


class RetargetSettings(HeadTurning, bpy.types.PropertyGroup):
    """``Scene.ddfa.retarget``."""

    performance: EnumProperty(
        name="Performance", description="What is retargeted", items=_SOURCES, translation_context=CONTEXT
    )
    character: PointerProperty(
        name="Character",
        description="Armature of the character; its meshes and bones are found by themselves",
        type=bpy.types.Object,
        poll=_is_character,
        update=_character_changed,
    )
    face_meshes: CollectionProperty(type=FaceMesh)
    active_mesh: IntProperty(
        name="Mesh", description="The mesh that is chosen in the list", translation_context=CONTEXT
    )
    action_mode: EnumProperty(name="Action", description="Where the animation goes", items=_ACTIONS)
    follow_clean_up: BoolProperty(
        name="Follow Clean-Up",
        description="Bake the character again, in place, whenever a setting of its head changes, as long as nobody "
        "edited the animation",
        default=True,
    )
    targets: CollectionProperty(type=MappingTarget)
    active_target: IntProperty(name="Target", description="The target that is edited below the list")
    shown_targets: EnumProperty(
        name="Show", description="Which targets the list has", items=_SHOWN, translation_context=CONTEXT
    )
    pose_channel: EnumProperty(name="Pose", description="What the pose that you record stands for", items=_POSES)
    active_pose: IntProperty(
        name="Pose", description="The recorded pose that is chosen in the list", get=_shown_pose, set=_choose_pose
    )
    lost_targets: StringProperty(
        name="Missing", description="Targets of the loaded preset that the character does not have"
    )
    mapping_text: StringProperty(
        name="Mapping",
        description="The mapping and the recorded poses, as presets keep them",
        get=_mapping_text,
        translation_context=CONTEXT,
    )
    use_eyes: BoolProperty(
        name="Eyes and Teeth",
        description="New shape keys also turn eyeballs with the gaze and move lower teeth and tongue with the jaw; "
        "switch it off if bones do that",
        default=True,
    )
    shown_expression: EnumProperty(
        name="Expression",
        description="Which of the new shape keys you see",
        items=_EXPRESSIONS,
        default="jawOpen",
        update=_expression_changed,
    )
    shown_strength: FloatProperty(
        name="Strength",
        description="How strongly you see it",
        default=1.0,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        update=_expression_changed,
    )


class RecordedBone(bpy.types.PropertyGroup):
    """``name`` is the bone's."""

    bone_location: FloatVectorProperty(name="Location", description="In the bone's space", precision=6)
    bone_rotation: FloatVectorProperty(name="Rotation", description="In the bone's space", size=4, default=(1, 0, 0, 0))
    bone_scale: FloatVectorProperty(
        name="Scale", description="In the bone's space", default=(1, 1, 1), translation_context=CONTEXT
    )


class FacePose(bpy.types.PropertyGroup):
    """``name`` is the channel's."""

    bones: CollectionProperty(type=RecordedBone)


class Retargeted(HeadTurning, bpy.types.PropertyGroup):
    """``retargeted`` of a character (``overrides.py``): how it was animated, so that it can follow."""

    source: PointerProperty(name="Source", description="The captured head that it follows", type=bpy.types.Object)
    mark: StringProperty(name="Mark", description="The mark of its actions", translation_context=CONTEXT)
    fingerprint: StringProperty(name="Fingerprint", description="Of the keys as they were written")
    mapping: StringProperty(name="Mapping", description="What drove what", translation_context=CONTEXT)
    face_meshes: CollectionProperty(type=FaceMesh)
    problem: StringProperty(name="Problem", description="Why it could not follow", options={"SKIP_SAVE"})


class FittedKeys(bpy.types.PropertyGroup):
    """``Object.ddfa.fitted_keys`` of a mesh that was given ARKit's shape keys; distances in percent of the head."""

    is_preview: BoolProperty(name="Preview", description="The new shape keys are neither kept nor discarded yet")
    made_basis: BoolProperty(name="Basis", description="The mesh had no shape keys at all before")
    mean_distance: FloatProperty(name="Mean Distance", description="Between the fitted head and the mesh, in percent")
    largest_distance: FloatProperty(name="Largest Distance", description="The same where it fits worst, in percent")
    worst_parts: StringProperty(name="Worst Parts", description="Parts of the face that fit worst")


class OverriddenState(bpy.types.PropertyGroup):
    """What is kept of a character that is a library override (``overrides.py``)."""

    owner: PointerProperty(name="Character", description="The library override", type=bpy.types.Object)
    face_poses: CollectionProperty(type=FacePose)
    retargeted: PointerProperty(type=Retargeted)


#: In the order in which they must be registered.
RETARGET_GROUPS = (
    CurvePoint,
    MappingSource,
    MappingTarget,
    FaceMesh,
    RetargetSettings,
    RecordedBone,
    FacePose,
    FittedKeys,
    Retargeted,
    OverriddenState,
)
