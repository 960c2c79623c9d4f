# SPDX-License-Identifier: GPL-3.0-or-later
"""Unit quaternions (…, 4) in the order w, x, y, z."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def from_matrices(rotations: ArrayLike) -> NDArray[np.float64]:
    """Quaternions (…, 4) of rotation matrices (…, 3, 3), w ≥ 0.

    Taken as the eigenvector of Bar-Itzhack's symmetric 4×4 matrix: stable for every angle.
    """
    r = np.asarray(rotations, dtype=np.float64)
    xx, xy, xz = np.moveaxis(r[..., 0, :], -1, 0)
    yx, yy, yz = np.moveaxis(r[..., 1, :], -1, 0)
    zx, zy, zz = np.moveaxis(r[..., 2, :], -1, 0)
    rows = [
        [xx + yy + zz, zy - yz, xz - zx, yx - xy],
        [zy - yz, xx - yy - zz, xy + yx, xz + zx],
        [xz - zx, xy + yx, yy - xx - zz, yz + zy],
        [yx - xy, xz + zx, yz + zy, zz - xx - yy],
    ]
    symmetric = np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
    quaternions = np.linalg.eigh(symmetric)[1][..., -1]
    return quaternions * np.where(quaternions[..., :1] < 0.0, -1.0, 1.0)


def to_matrices(quaternions: ArrayLike) -> NDArray[np.float64]:
    """Rotation matrices (…, 3, 3) of unit quaternions (…, 4)."""
    w, x, y, z = np.moveaxis(np.asarray(quaternions, dtype=np.float64), -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def multiply(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Hamilton product (…, 4): first ``b``, then ``a``; broadcasts."""
    aw, ax, ay, az = np.moveaxis(np.asarray(a, dtype=np.float64), -1, 0)
    bw, bx, by, bz = np.moveaxis(np.asarray(b, dtype=np.float64), -1, 0)
    return np.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ],
        axis=-1,
    )


def conjugate(quaternions: ArrayLike) -> NDArray[np.float64]:
    """The inverse of unit quaternions (…, 4)."""
    return np.asarray(quaternions, dtype=np.float64) * (1.0, -1.0, -1.0, -1.0)


def continuous(quaternions: ArrayLike) -> NDArray[np.float64]:
    """The same rotations (N, 4) with signs such that neighbours never lie in opposite hemispheres."""
    q = np.array(quaternions, dtype=np.float64)
    turns = np.sign(np.sum(q[1:] * q[:-1], axis=-1))
    turns[turns == 0.0] = 1.0
    q[1:] *= np.cumprod(turns)[:, None]
    return q


def slerp(first: ArrayLike, second: ArrayLike, share: ArrayLike) -> NDArray[np.float64]:
    """Rotations (…, 4) on the shortest way from ``first`` (share 0) to ``second`` (share 1)."""
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    s = np.asarray(share, dtype=np.float64)[..., None]
    dot = np.sum(a * b, axis=-1, keepdims=True)
    b = np.where(dot < 0.0, -b, b)
    angle = np.arccos(np.clip(np.abs(dot), 0.0, 1.0))
    sine = np.sin(angle)
    near = sine < 1e-6
    safe = np.where(near, 1.0, sine)
    weights = np.where(near, 1.0 - s, np.sin((1.0 - s) * angle) / safe), np.where(near, s, np.sin(s * angle) / safe)
    result = weights[0] * a + weights[1] * b
    return result / np.linalg.norm(result, axis=-1, keepdims=True)
