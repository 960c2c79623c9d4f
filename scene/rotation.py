# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done with unit quaternions (…, 4), w x y z, in bulk: mathutils works on one at a time. No bpy here."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ddfa_blender.quaternions import conjugate, multiply, slerp

__all__ = ["conjugate", "multiply", "rotate", "share"]


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
