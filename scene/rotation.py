# SPDX-License-Identifier: GPL-3.0-or-later
"""Products of unit quaternions (…, 4), w x y z, in bulk: mathutils works on one at a time. No bpy here."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ddfa_blender.quaternions import slerp


def multiply(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Hamilton product: first ``b``, then ``a``; broadcasts."""
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


def conjugate(q: ArrayLike) -> NDArray[np.float64]:
    """The inverse of unit quaternions."""
    return np.asarray(q, dtype=np.float64) * (1.0, -1.0, -1.0, -1.0)


def rotate(q: ArrayLike, vectors: ArrayLike) -> NDArray[np.float64]:
    """Vectors (…, 3) turned by unit quaternions (…, 4); broadcasts."""
    v = np.asarray(vectors, dtype=np.float64)
    pure = np.concatenate([np.zeros((*v.shape[:-1], 1)), v], axis=-1)
    return multiply(multiply(q, pure), conjugate(q))[..., 1:]


def share(q: ArrayLike, fraction: float) -> NDArray[np.float64]:
    """The part ``fraction`` of each rotation, about its own axis, by the shorter way round."""
    target = np.asarray(q, dtype=np.float64)
    identity = np.zeros_like(target)
    identity[..., 0] = 1.0
    return slerp(identity, target, np.full(target.shape[:-1], fraction))
