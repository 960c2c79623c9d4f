# SPDX-License-Identifier: GPL-3.0-or-later
"""Faces made of bones: recorded poses, one for a channel, and what several of them at once come to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import CaptureError
from ..quaternions import conjugate, multiply

#: The pose from which all others are counted; without it, the rest pose is.
NEUTRAL = "neutral"
#: Below this angle, in radians, a rotation's axis has no digits left.
_SMALL_ANGLE = 1e-9


@dataclass(frozen=True)
class BonePose:
    """A bone's own channels against its rest pose, in the bone's space."""

    location: tuple[float, float, float] = (0.0, 0.0, 0.0)  # in the armature's unit
    rotation: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0)  # w x y z
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def __post_init__(self) -> None:
        values = (*self.location, *self.rotation, *self.scale)
        if not all(map(math.isfinite, values)) or np.linalg.norm(self.rotation) < _SMALL_ANGLE:
            raise CaptureError("A recorded pose must consist of numbers and a rotation; record it again.")


@dataclass(frozen=True)
class RecordedPose:
    """What a rig's bones do when the channel ``name`` is 1; bones that it leaves alone are not in ``bones``."""

    name: str
    bones: Mapping[str, BonePose]


@dataclass(frozen=True)
class BoneMotion:
    """A bone's own channels over N samples."""

    location: NDArray[np.float64]  # (N, 3)
    rotation: NDArray[np.float64]  # (N, 4), unit, w x y z
    scale: NDArray[np.float64]  # (N, 3)


def combine(poses: Sequence[RecordedPose], weights: Mapping[str, ArrayLike]) -> dict[str, BoneMotion]:
    """The motion of every bone in the poses, whose ``weights`` are (N,) by pose; a missing one is 0.

    What each pose changes against the neutral one adds up: locations as they are, rotations as rotation vectors,
    scales as powers. So a single pose at 1 is met exactly, and the order of the poses does not matter.
    """
    neutral = next((pose.bones for pose in poses if pose.name == NEUTRAL), {})
    moving = [pose for pose in poses if pose.name != NEUTRAL]
    count = max((np.size(values) for values in weights.values()), default=1)
    bones = dict.fromkeys([*neutral, *(bone for pose in moving for bone in pose.bones)])
    return {bone: _motion(bone, neutral.get(bone, BonePose()), moving, weights, count) for bone in bones}


def _motion(
    bone: str, start: BonePose, poses: Sequence[RecordedPose], weights: Mapping[str, ArrayLike], count: int
) -> BoneMotion:
    location = np.tile(np.asarray(start.location, dtype=np.float64), (count, 1))
    turn, scale = np.zeros((count, 3)), np.tile(np.asarray(start.scale, dtype=np.float64), (count, 1))
    first = _unit(start.rotation)
    for pose in poses:
        end = pose.bones.get(bone)
        if end is None or pose.name not in weights:
            continue
        w = np.asarray(weights[pose.name], dtype=np.float64)[:, None]
        location += w * (np.asarray(end.location) - start.location)
        turn += w * _rotation_vector(multiply(conjugate(first), _unit(end.rotation)))
        scale *= _power(np.asarray(end.scale) / np.where(np.asarray(start.scale) == 0.0, 1.0, start.scale), w)
    return BoneMotion(location, multiply(first, _from_rotation_vector(turn)), scale)


def _power(ratio: NDArray, w: NDArray) -> NDArray[np.float64]:
    """``ratio ** w``, and straight from 1 to ratio where that has no power."""
    positive = ratio > 0.0
    powers = np.where(positive, ratio, 1.0) ** w
    return np.where(positive, powers, 1.0 + w * (ratio - 1.0))


def _unit(q: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(q, dtype=np.float64)
    return values / np.linalg.norm(values)


def _rotation_vector(q: NDArray) -> NDArray[np.float64]:
    """Axis times angle in radians (3,), by the shorter way round."""
    q = -q if q[0] < 0.0 else q
    sine = float(np.linalg.norm(q[1:]))
    if sine < _SMALL_ANGLE:
        return np.zeros(3)
    return q[1:] / sine * (2.0 * math.atan2(sine, q[0]))


def _from_rotation_vector(vectors: NDArray) -> NDArray[np.float64]:
    """Unit quaternions (N, 4) of rotation vectors (N, 3)."""
    angle = np.linalg.norm(vectors, axis=-1, keepdims=True)
    axis = vectors / np.where(angle < _SMALL_ANGLE, 1.0, angle)
    return np.concatenate([np.cos(angle / 2.0), axis * np.sin(angle / 2.0)], axis=-1)
