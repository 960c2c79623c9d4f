# SPDX-License-Identifier: GPL-3.0-or-later
"""The bones of any armature that turn a head: how they hang together, and what each must do."""

from __future__ import annotations

import math
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Matrix, Quaternion, Vector
from numpy.typing import ArrayLike, NDArray

from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.quaternions import continuous
from ..ddfa_blender.retarget.spelling import replace_side
from . import rotation

#: Turn by which bones are tried out, and the share of it that a bone must make to count as free.
_TRIAL, _FREE = math.radians(20.0), 0.5
#: Followed shares are rounded to this: rigs mean 0, 1/2 or 1, or more where a bone above copies what one below does.
_STEP, _MOST_FOLLOWED = 0.05, 4.0


@dataclass(frozen=True)
class HeadChain:
    """Neck bones from the bottom up, then the head's; all in the armature's space."""

    bones: tuple[str, ...]
    rest: NDArray[np.float64]  # (B, 4), rest orientations
    pivots: NDArray[np.float64]  # (B, 3), the bones' heads at rest
    follows: NDArray[np.float64]  # (B,), share of each bone's turn that the head makes too; the head's own is 1
    axes: NDArray[np.float64]  # (3, 3), columns: the character's left, back and up
    metre: float  # length of a metre, as the lowest bone's own channels have it
    warnings: tuple[str, ...]

    def turned(self, head_rotation: ArrayLike) -> NDArray[np.float64]:
        """Rotations (K, 4) of a character that looks along −y with z up, as they are in the armature's space."""
        q = np.asarray(head_rotation, dtype=np.float64)
        return np.concatenate([q[:, :1], q[:, 1:] @ self.axes.T], axis=1)

    def fractions(self, neck_share: float) -> NDArray[np.float64]:
        """The part (B,) of the head's turn that each bone makes; the head as a whole turns by exactly all of it."""
        necks = len(self.bones) - 1
        parts = np.full(necks, neck_share / necks if necks else 0.0)
        return np.append(parts, 1.0 - float(parts @ self.follows[:necks]))

    def rotations(self, head_rotation: ArrayLike, neck_share: float) -> dict[str, NDArray[np.float64]]:
        """Each bone's own rotation (K, 4) for turns (K, 4) of the head."""
        total = self.turned(head_rotation)
        found = {}
        for bone, rest, part in zip(self.bones, self.rest, self.fractions(neck_share), strict=True):
            # All turn about the same axis, so that neither order nor what came before matters.
            own = rotation.share(total, part)
            found[bone] = continuous(rotation.multiply(rotation.multiply(rotation.conjugate(rest), own), rest))
        return found

    def offsets(self, head_rotation: ArrayLike, head_translation: ArrayLike, neck_share: float) -> NDArray[np.float64]:
        """How far (K, 3) the lowest bone must move, along the armature's axes, to bring the head's pivot where it was.

        ``head_translation`` (K, 3): metres, of a character that looks along −y.
        """
        total = self.turned(head_rotation)
        offset = np.asarray(head_translation, dtype=np.float64) @ self.axes.T * self.metre
        turned = 0.0
        for i, part in enumerate(self.fractions(neck_share)[:-1]):
            turned += part
            reach = self.pivots[i + 1] - self.pivots[i]
            offset = offset - (rotation.rotate(rotation.share(total, turned), reach) - reach)
        return offset


def look_up(context: bpy.types.Context, armature: bpy.types.Object, head: str, necks: tuple[str, ...]) -> HeadChain:
    """How an armature's head bone hangs on its necks.

    Constraints, drivers and bones between them count: the bones are turned a little, one by one, and put back.

    Raises:
        CaptureError: a bone is missing.
    """
    names = (*necks, head)
    for name in names:
        if name not in armature.data.bones:
            raise CaptureError(f"{armature.name} has no bone {name!r}; choose another one, or none.")
    bones = [armature.data.bones[name] for name in names]
    follows, warnings = _tried(context, armature, names) if _can_try(context, armature) else (_inherited(bones), [])
    # The scale of what is above the chain stretches the neck's swing and the location alike.
    lowest = armature.pose.bones[names[0]]
    above = armature.matrix_world @ lowest.matrix @ lowest.matrix_basis.inverted_safe()
    scale = sum(above.to_scale()) / 3.0 * context.scene.unit_settings.scale_length
    return HeadChain(
        bones=names,
        rest=np.array([_unit(bone.matrix_local.to_quaternion()) for bone in bones]),
        pivots=np.array([bone.head_local for bone in bones], dtype=np.float64),
        follows=np.array(follows),
        axes=facing(armature, head),
        metre=1.0 / scale if scale else 1.0,
        warnings=tuple(warnings),
    )


def location_of(armature: bpy.types.Object, name: str, offsets: NDArray) -> NDArray[np.float64] | None:
    """A bone's own location (K, 3) for ``offsets`` (K, 3) of :meth:`HeadChain.offsets`; None if it is fixed."""
    bone, pose = armature.data.bones[name], armature.pose.bones[name]
    if (bone.use_connect and bone.parent is not None) or all(pose.lock_location):
        return None
    if not bone.use_local_location:
        return offsets
    return rotation.rotate(rotation.conjugate(_unit(bone.matrix_local.to_quaternion())), offsets)


def facing(armature: bpy.types.Object, head: str) -> NDArray[np.float64]:
    """Columns of (3, 3): the directions of the armature's axes in which the character's left, back and up lie.

    Up is from its root to its head, left is told by bones with sides. FBX files bring armatures with y up.
    """
    bones = armature.data.bones
    bone = root = bones[head]
    while root.parent is not None:
        root = root.parent
    up = _nearest_axis(bone.head_local - root.head_local if root != bone else bone.tail_local - bone.head_local)
    across = Vector()
    for left in bones:
        right = bones.get(replace_side(left.name, "Left"))
        if right is not None and right != left:
            across += left.head_local - right.head_local
    across -= up * across.dot(up)
    fallback = Vector((0.0, 1.0, 0.0)) if up.x else Vector((1.0, 0.0, 0.0))
    left_axis = _nearest_axis(across) if across.length > 1e-6 else fallback
    return np.array([left_axis, up.cross(left_axis), up], dtype=np.float64).T


def own_rotation(pose: bpy.types.PoseBone, quaternions: NDArray) -> tuple[str, NDArray[np.float64]]:
    """(property, values (K, n)) of rotations (K, 4) in a bone's own rotation mode, without jumps."""
    name = rotation_property(pose)
    if name == "rotation_quaternion":
        return name, quaternions
    if name == "rotation_axis_angle":
        return name, _axis_angles(quaternions)
    rows, before = [], None
    for q in quaternions:
        order = pose.rotation_mode
        before = Quaternion(q).to_euler(order) if before is None else Quaternion(q).to_euler(order, before)
        rows.append(tuple(before))
    return name, np.array(rows)


def rotation_property(pose: bpy.types.PoseBone) -> str:
    """The property that turns a bone in its rotation mode."""
    names = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}
    return names.get(pose.rotation_mode, "rotation_euler")


def _axis_angles(quaternions: NDArray) -> NDArray[np.float64]:
    """(K, 4): angle and axis; the axis stays on its side and where it was while there is no turn."""
    rows = np.empty((len(quaternions), 4))
    axis = np.array((0.0, 1.0, 0.0))
    for row, q in zip(rows, quaternions, strict=True):
        sine = float(np.linalg.norm(q[1:]))
        angle = 2.0 * math.atan2(sine, q[0])
        angle = angle - 2.0 * math.pi if angle > math.pi else angle
        if sine > 1e-9:
            found = q[1:] / sine
            angle, axis = (-angle, -found) if found @ axis < 0.0 else (angle, found)
        row[:] = (angle, *axis)
    return rows


def _nearest_axis(direction: Vector) -> Vector:
    largest = max(range(3), key=lambda i: abs(direction[i]))
    axis = Vector()
    axis[largest] = 1.0 if direction[largest] >= 0.0 else -1.0
    return axis


def _unit(q: Quaternion) -> NDArray[np.float64]:
    values = np.array(q, dtype=np.float64)
    return values / np.linalg.norm(values)


def _can_try(context: bpy.types.Context, armature: bpy.types.Object) -> bool:
    """Whether Blender poses it at all: hidden armatures are not evaluated."""
    layer = context.view_layer
    shown = armature in layer.objects.values() and armature.visible_get(view_layer=layer)
    return shown and armature.data.pose_position == "POSE" and armature.mode != "EDIT"


def _inherited(bones: list[bpy.types.Bone]) -> list[float]:
    """What the head follows by parenting alone."""
    head = bones[-1]
    above, bone = set(), head
    while bone.parent is not None and bone.use_inherit_rotation:
        bone = bone.parent
        above.add(bone.name)
    return [float(bone.name in above or bone == head) for bone in bones]


def _tried(
    context: bpy.types.Context, armature: bpy.types.Object, names: tuple[str, ...]
) -> tuple[list[float], list[str]]:
    # Animation that waits to be evaluated would undo the trials.
    context.view_layer.update()
    poses = [armature.pose.bones[name] for name in names]
    kept = [_Channels(pose) for pose in poses]
    follows, warnings = [], []
    try:
        for pose in poses:
            pose.matrix_basis = Matrix()
        start = _posed(context, armature, names)
        for i, pose in enumerate(poses):
            rest = armature.data.bones[names[i]].matrix_local.to_quaternion()
            pose.matrix_basis = (rest.inverted() @ Quaternion((0.0, 0.0, 1.0), _TRIAL) @ rest).to_matrix().to_4x4()
            end = _posed(context, armature, names)
            pose.matrix_basis = Matrix()
            if _turn(start[i], end[i]) < _FREE:
                warnings.append(f"The bone {names[i]} is held by a constraint or driver; choose its control instead")
            follows.append(round(_turn(start[-1], end[-1]) / _STEP) * _STEP)
    finally:
        for channels in kept:
            channels.restore()
        context.view_layer.update()
    follows[-1] = 1.0
    return follows, warnings


def _posed(context: bpy.types.Context, armature: bpy.types.Object, names: tuple[str, ...]) -> list[Quaternion]:
    context.view_layer.update()
    evaluated = armature.evaluated_get(context.evaluated_depsgraph_get())
    return [evaluated.pose.bones[name].matrix.to_quaternion() for name in names]


def _turn(start: Quaternion, end: Quaternion) -> float:
    """The share of the trial's turn between two orientations, 0…``_MOST_FOLLOWED``."""
    angle = start.rotation_difference(end).angle
    # Orientations come as either of two quaternions, which may lie on opposite sides.
    return float(min(min(angle, 2.0 * math.pi - angle) / _TRIAL, _MOST_FOLLOWED))


class _Channels:
    """A pose bone's channels as they were."""

    _NAMES = ("location", "rotation_quaternion", "rotation_euler", "rotation_axis_angle", "scale")

    def __init__(self, pose: bpy.types.PoseBone) -> None:
        self._pose = pose
        self._values = {name: tuple(getattr(pose, name)) for name in self._NAMES}

    def restore(self) -> None:
        for name, values in self._values.items():
            setattr(self._pose, name, values)
