# SPDX-License-Identifier: GPL-3.0-or-later
"""Poses that the user recorded for channels, kept on the armature (``face_poses``, ``overrides.py``)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import bpy
import numpy as np
from mathutils import Quaternion

from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.retarget.bone_poses import NEUTRAL, BonePose, RecordedPose
from . import overrides

__all__ = ["NEUTRAL", "forget", "of_armature", "record", "show", "store"]

#: Differences from the rest pose below this are none.
_NOTHING = 1e-5
#: The same of a rotation, as 1 − cosine of half its angle; single precision has no more.
_NOTHING_TURNED = 1e-6


def of_armature(armature: bpy.types.Object) -> tuple[RecordedPose, ...]:
    """The recorded poses, in the order in which they were recorded."""
    return tuple(
        RecordedPose(
            item.name,
            {
                bone.name: BonePose(tuple(bone.bone_location), tuple(bone.bone_rotation), tuple(bone.bone_scale))
                for bone in item.bones
            },
        )
        for item in overrides.state_of(armature).face_poses
    )


def record(armature: bpy.types.Object, name: str, without: Collection[str] = ()) -> RecordedPose:
    """Keep how the armature is posed now under a channel's ``name``, all bones that are not at rest.

    ``without``: bones that the performance turns in other ways.

    Raises:
        CaptureError: no bone is posed, and it is not the neutral pose.
    """
    bones = {
        bone.name: pose
        for bone in armature.pose.bones
        if bone.name not in without and not _is_rest(pose := _pose(bone))
    }
    neutral = next((pose.bones for pose in of_armature(armature) if pose.name == NEUTRAL), {})
    if name != NEUTRAL:
        bones = {bone: pose for bone, pose in bones.items() if bone not in neutral or not _alike(pose, neutral[bone])}
        # A bone that is back at rest here moves too, if the neutral pose holds it elsewhere.
        bones |= {
            bone: BonePose()
            for bone in neutral
            if bone in armature.pose.bones and _is_rest(_pose(armature.pose.bones[bone]))
        }
        if not bones:
            raise CaptureError(f"No bone is posed; pose the face for {name} in pose mode, then record it.")
    recorded = RecordedPose(name, bones)
    store(armature, [recorded])
    return recorded


def store(armature: bpy.types.Object, poses: Iterable[RecordedPose]) -> None:
    """Keep poses on an armature, each instead of one of the same name."""
    stored = overrides.own_state_of(armature).face_poses
    for pose in poses:
        item = stored.get(pose.name) or stored.add()
        item.name = pose.name
        item.bones.clear()
        for name, values in pose.bones.items():
            bone = item.bones.add()
            bone.name, bone.bone_location, bone.bone_rotation = name, values.location, values.rotation
            bone.bone_scale = values.scale


def forget(armature: bpy.types.Object, name: str) -> None:
    """Drop a recorded pose, if it is there."""
    stored = overrides.own_state_of(armature).face_poses
    index = stored.find(name)
    if index >= 0:
        stored.remove(index)


def show(armature: bpy.types.Object, name: str) -> None:
    """Pose the bones of all recorded poses as the one called ``name`` has them, the rest as in the neutral one."""
    poses = {pose.name: pose.bones for pose in of_armature(armature)}
    shown = dict(poses.get(NEUTRAL, {})) | dict(poses.get(name, {}))
    for bone_name in dict.fromkeys(bone for bones in poses.values() for bone in bones):
        bone = armature.pose.bones.get(bone_name)
        if bone is not None:
            pose = shown.get(bone_name, BonePose())
            bone.location, bone.scale = pose.location, pose.scale
            _turn(bone, pose.rotation)


def _turn(bone: bpy.types.PoseBone, rotation: tuple[float, ...]) -> None:
    quaternion = Quaternion(rotation)
    if bone.rotation_mode == "QUATERNION":
        bone.rotation_quaternion = quaternion
    elif bone.rotation_mode == "AXIS_ANGLE":
        axis, angle = quaternion.to_axis_angle()
        bone.rotation_axis_angle = (angle, *axis)
    else:
        bone.rotation_euler = quaternion.to_euler(bone.rotation_mode)


def _pose(bone: bpy.types.PoseBone) -> BonePose:
    location, rotation, scale = bone.matrix_basis.decompose()
    return BonePose(tuple(location), tuple(rotation.normalized()), tuple(scale))


def _is_rest(pose: BonePose) -> bool:
    return _alike(pose, BonePose())


def _alike(a: BonePose, b: BonePose) -> bool:
    same = np.allclose((*a.location, *a.scale), (*b.location, *b.scale), rtol=0.0, atol=_NOTHING)
    return bool(same and abs(np.dot(a.rotation, b.rotation)) > 1.0 - _NOTHING_TURNED)
