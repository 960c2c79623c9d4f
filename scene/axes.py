# SPDX-License-Identifier: GPL-3.0-or-later
"""Model space (millimetres, y up, face towards +z) to Blender's (metres, z up, face towards −y)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

METRES_PER_MILLIMETRE = 0.001


def directions(vectors: ArrayLike) -> NDArray[np.float64]:
    """Model (x, y, z) → Blender (x, −z, y), for vectors (…, 3) without a unit."""
    v = np.asarray(vectors, dtype=np.float64)
    return np.stack([v[..., 0], -v[..., 2], v[..., 1]], axis=-1)


def positions(millimetres: ArrayLike) -> NDArray[np.float64]:
    """Points or offsets (…, 3): model millimetres → Blender metres."""
    return directions(millimetres) * METRES_PER_MILLIMETRE


def rotations(quaternions: ArrayLike) -> NDArray[np.float64]:
    """Quaternions (…, 4): the same turn written in Blender's axes (both systems are right-handed)."""
    q = np.asarray(quaternions, dtype=np.float64)
    return np.concatenate([q[..., :1], directions(q[..., 1:])], axis=-1)
