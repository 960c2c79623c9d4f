# SPDX-License-Identifier: GPL-3.0-or-later
"""Angles between rotations, and the constant turn between two heads' own axes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.projection import nearest_rotation


def geodesic_degrees(a: NDArray, b: NDArray) -> NDArray[np.float64]:
    """Angle (…,) of the rotation from ``a`` (…, 3, 3) to ``b``, in degrees."""
    # ‖a − b‖ = 2√2·sin(angle/2): exact for small angles, where the arc cosine of the trace is not.
    distance = np.linalg.norm(np.asarray(a, dtype=np.float64) - b, axis=(-2, -1))
    return np.degrees(2.0 * np.arcsin(np.clip(distance / np.sqrt(8.0), 0.0, 1.0)))


def constant_offset(predicted: NDArray, true: NDArray) -> NDArray[np.float64]:
    """The rotation Q (3, 3) for which ``predicted`` (N, 3, 3) @ Q is nearest to ``true``: another model's axes."""
    return nearest_rotation(np.einsum("nij,nik->jk", predicted, true))[0]
