# SPDX-License-Identifier: GPL-3.0-or-later
"""Poses to begin with, fitted to the proportions of an armature with a known bone face."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

import bpy
import numpy as np
from mathutils import Quaternion, Vector
from numpy.typing import NDArray

from ..ddfa_blender.retarget.bone_poses import BonePose, RecordedPose
from ..ddfa_blender.retarget.starter_poses import BoneFace, Move, displacement, find_bone_face
from . import head_chain


def of_armature(armature: bpy.types.Object, driven: Collection[str] = ()) -> tuple[RecordedPose, ...]:
    """A pose for each channel that the armature's face can make and nothing else makes.

    ``driven``: channels that shape keys or properties make; a face of bones that has any gets no poses, eyes beside
    shape keys do. () if we do not know its bones.
    """
    face = find_bone_face(armature.data.bones.keys())
    if face is None or (driven and not face.beside_keys):
        return ()
    fitted = _Fitted(armature, face)
    rest = {channel: moves for channel, moves in face.poses.items() if channel not in driven}
    poses = (RecordedPose(channel, fitted.pose(moves)) for channel, moves in rest.items())
    return tuple(pose for pose in poses if pose.bones)


class _Fitted:
    """Measures of one armature."""

    def __init__(self, armature: bpy.types.Object, face: BoneFace) -> None:
        self._bones = armature.data.bones
        self._axes = head_chain.facing(armature, (face.required or face.eyes)[0])
        left, right = (self._bones[name].head_local for name in face.eyes)
        self._unit = (left - right).length

    def pose(self, moves: Iterable[Move]) -> dict[str, BonePose]:
        """What the moves come to in the bones' own channels."""
        found = {}
        for move in moves:
            bone = self._bones.get(move.bone)
            offset = displacement(move, self._unit, self._head) if bone is not None else None
            if bone is not None and offset is not None:
                found[bone.name] = self._own(bone, offset, move)
        return found

    def _head(self, name: str) -> NDArray[np.float64] | None:
        """A bone's pivot (3,): left, back, up."""
        bone = self._bones.get(name)
        return None if bone is None else self._axes.T @ np.array(bone.head_local, dtype=np.float64)

    def _own(self, bone: bpy.types.Bone, offset: NDArray, move: Move) -> BonePose:
        rest = bone.matrix_local.to_quaternion()
        location = Vector(self._axes @ offset)
        if bone.use_local_location:
            location = rest.inverted() @ location
        nod = Quaternion(self._axes[:, 0], math.radians(move.nod))
        turn = rest.inverted() @ Quaternion(self._axes[:, 2], math.radians(move.turn)) @ nod @ rest
        x, y, z = location
        w, i, j, k = turn.normalized()
        return BonePose((x, y, z), (w, i, j, k))
