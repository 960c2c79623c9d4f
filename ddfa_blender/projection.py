# SPDX-License-Identifier: GPL-3.0-or-later
"""The 62 parameters and the scaled orthographic projection (paper §2.1, Eqs. 1–3).

``T`` (3×4) maps model millimetres to crop pixels with **y up**; see docs/architecture.md.
Every function accepts leading batch axes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .names import PARAMETER_COUNT, SHAPE_COUNT

if TYPE_CHECKING:
    from .face_model import FaceModel

#: Side of the square crop that the network sees, pixels.
CROP_SIZE = 120
#: From y up to y down.
_Y_DOWN = np.array([1.0, -1.0, 1.0])


class Parameters(NamedTuple):
    """``transform`` (…, 3, 4), ``shape`` (…, 40), ``expression`` (…, 10)."""

    transform: NDArray
    shape: NDArray
    expression: NDArray


class Pose(NamedTuple):
    """``scale`` (…,) pixels per millimetre, ``rotation`` (…, 3, 3), ``translation`` (…, 3) crop pixels."""

    scale: NDArray
    rotation: NDArray
    translation: NDArray


def split(params: ArrayLike) -> Parameters:
    """Take (…, 62) apart into T, shape and expression.

    Raises:
        ValueError: the last axis is not 62 long.
    """
    p = np.asarray(params)
    if p.shape[-1] != PARAMETER_COUNT:
        raise ValueError(f"expected {PARAMETER_COUNT} parameters, got an array of shape {p.shape}")
    expression_start = 12 + SHAPE_COUNT
    transform = p[..., :12].reshape(*p.shape[:-1], 3, 4)
    return Parameters(transform, p[..., 12:expression_start], p[..., expression_start:])


def join(transform: ArrayLike, shape: ArrayLike, expression: ArrayLike) -> NDArray:
    """Inverse of :func:`split`: (…, 3, 4), (…, 40), (…, 10) → (…, 62)."""
    t = np.asarray(transform)
    return np.concatenate([t.reshape(*t.shape[:-2], 12), np.asarray(shape), np.asarray(expression)], axis=-1)


def nearest_rotation(matrix: ArrayLike) -> tuple[NDArray, NDArray]:
    """The rotation nearest to ``matrix`` (…, 3, 3) in the Frobenius norm, and its scale (…,).

    The scale is the least-squares one for that rotation (trace of the aligned singular values ÷ 3).
    """
    u, singular, vt = np.linalg.svd(np.asarray(matrix, dtype=np.float64))
    sign = np.sign(np.linalg.det(u @ vt))
    fix = np.stack([np.ones_like(sign), np.ones_like(sign), sign], axis=-1)
    rotation = (u * fix[..., None, :]) @ vt
    return rotation, (singular * fix).sum(-1) / 3.0


def decompose(transform: ArrayLike) -> Pose:
    """Scale, nearest rotation (SVD) and translation of T (…, 3, 4)."""
    t = np.asarray(transform, dtype=np.float64)
    rotation, scale = nearest_rotation(t[..., :3])
    return Pose(scale, rotation, t[..., 3])


def compose(pose: Pose) -> NDArray:
    """T (…, 3, 4) of a pose."""
    linear = np.asarray(pose.scale)[..., None, None] * pose.rotation
    return np.concatenate([linear, np.asarray(pose.translation)[..., None]], axis=-1)


def euler_degrees(rotation: ArrayLike) -> NDArray:
    """Yaw, pitch, roll (…, 3) in degrees of rotations (…, 3, 3), R = Rz(roll)·Ry(yaw)·Rx(−pitch).

    Yaw > 0 turns the nose to the right of the image, pitch > 0 raises it, roll > 0 leans the top
    of the head to the left of the image. Yaw lies in ±90°; at exactly ±90° pitch is set to 0.
    """
    r = np.asarray(rotation, dtype=np.float64)
    yaw = np.arcsin(np.clip(-r[..., 2, 0], -1.0, 1.0))
    locked = np.abs(r[..., 2, 0]) > 1.0 - 1e-9
    pitch = np.where(locked, 0.0, -np.arctan2(r[..., 2, 1], r[..., 2, 2]))
    roll = np.where(locked, np.arctan2(-r[..., 0, 1], r[..., 1, 1]), np.arctan2(r[..., 1, 0], r[..., 0, 0]))
    return np.degrees(np.stack([yaw, pitch, roll], axis=-1))


def rotation_from_euler(yaw_pitch_roll_degrees: ArrayLike) -> NDArray:
    """Inverse of :func:`euler_degrees`: (…, 3) degrees → (…, 3, 3)."""
    angles = np.radians(np.asarray(yaw_pitch_roll_degrees, dtype=np.float64))
    cy, cp, cr = np.moveaxis(np.cos(angles), -1, 0)
    sy, sp, sr = np.moveaxis(np.sin(angles), -1, 0)
    sp = -sp
    rows = [
        [cr * cy, cr * sy * sp - sr * cp, cr * sy * cp + sr * sp],
        [sr * cy, sr * sy * sp + cr * cp, sr * sy * cp - cr * sp],
        [-sy, cy * sp, cy * cp],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def apply(transform: ArrayLike, points: ArrayLike) -> NDArray:
    """``T`` (…, 3, 4) applied to model points (…, N, 3): crop pixels, y up."""
    t = np.asarray(transform)
    return np.asarray(points) @ np.swapaxes(t[..., :3], -1, -2) + t[..., None, :, 3]


def crop_to_image(points: ArrayLike, roi: ArrayLike) -> NDArray:
    """Crop pixels, y up, (…, N, 3) → image pixels, y down, of the square ``roi`` (…, 4)."""
    v, r = np.asarray(points), np.asarray(roi, dtype=np.float64)
    ratio = ((r[..., 2] - r[..., 0]) / CROP_SIZE)[..., None]
    x = r[..., 0, None] + v[..., 0] * ratio
    y = r[..., 1, None] + (CROP_SIZE - v[..., 1]) * ratio
    return np.stack([x, y, v[..., 2] * ratio], axis=-1)


def project_landmarks(model: FaceModel, params: ArrayLike, roi: ArrayLike) -> NDArray:
    """The 68 landmarks (…, 68, 3) in image pixels (y down, z towards the camera)."""
    p = np.asarray(params)
    if p.shape == (PARAMETER_COUNT,):
        return _projected(model.one_landmarks68(p[12:]), p[:12].tolist(), roi)
    transform, shape, expression = split(params)
    # What `apply` and `crop_to_image` do one after the other, as one map.
    r = np.asarray(roi, dtype=np.float64)
    ratio = ((r[..., 2] - r[..., 0]) / CROP_SIZE)[..., None]
    to_image = transform * (ratio * _Y_DOWN)[..., None]
    to_image[..., :2, 3] += r[..., :2]
    to_image[..., 1, 3] += CROP_SIZE * ratio[..., 0]
    return apply(to_image, model.landmarks68(shape, expression))


def _projected(points: NDArray, transform: list[float], roi: ArrayLike) -> NDArray:
    """The same of one face's points (68, 3). Tracking does this for every frame: few numbers are best left plain."""
    x0, y0, x1, _ = np.asarray(roi, dtype=np.float64).tolist()
    ratio = (x1 - x0) / CROP_SIZE
    a, b, c, x, d, e, f, y, g, h, i, z = transform
    linear = np.array(
        [[a * ratio, -d * ratio, g * ratio], [b * ratio, -e * ratio, h * ratio], [c * ratio, -f * ratio, i * ratio]]
    )
    found = points @ linear
    found += (x0 + x * ratio, y0 + (CROP_SIZE - y) * ratio, z * ratio)
    return np.asarray(found)
