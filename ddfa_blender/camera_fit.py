# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the footage's camera stood, so that the solved head covers the face in the picture.

Camera space: millimetres in model axes, the origin in the lens, x right and y up in the picture, looking along −z.
Pixels are counted from the picture's centre, y up.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Frames beyond this many times the median misfit do not count: there the tracker was elsewhere.
_OUTLIER = 3.0


def focal_length(width: float, height: float, field_of_view: float) -> float:
    """In pixels, of a camera that sees ``field_of_view`` degrees across the picture's longer side."""
    return max(width, height) / 2.0 / math.tan(math.radians(field_of_view) / 2.0)


def centred(pixels: ArrayLike, width: float, height: float) -> NDArray[np.float64]:
    """Image pixels (…, 2 or more), y down from the corner, as (…, 2) from the picture's centre, y up."""
    p = np.asarray(pixels, dtype=np.float64)[..., :2]
    return (p - [width / 2.0, height / 2.0]) * [1.0, -1.0]


def project(points: ArrayLike, focal: float) -> NDArray[np.float64]:
    """Points (…, 3) of camera space on the picture (…, 2)."""
    p = np.asarray(points, dtype=np.float64)
    return focal * p[..., :2] / -p[..., 2:]


def fit_origin(points: ArrayLike, pixels: ArrayLike, focal: float) -> NDArray[np.float64]:
    """The offset (3,) that puts ``points`` into camera space so that they fall on ``pixels``.

    One offset for all frames, by least squares, which are linear in it; frames in which the two cannot be brought
    together are left out.

    Args:
        points: (N, K, 3) millimetres in the camera's axes, about an unknown origin.
        pixels: (N, K, 2) where they were seen.
        focal: in pixels.

    Raises:
        ValueError: there is no point.
    """
    p, seen = np.asarray(points, dtype=np.float64), np.asarray(pixels, dtype=np.float64)
    if not p.size:
        raise ValueError("no point to fit to")
    offset = _solve(p, seen, focal)
    misfit = np.linalg.norm(project(p + offset, focal) - seen, axis=-1).mean(axis=1)
    good = misfit <= _OUTLIER * np.median(misfit)
    return _solve(p[good], seen[good], focal)


def _solve(p: NDArray, seen: NDArray, focal: float) -> NDArray[np.float64]:
    # u = −f·x/z, with x and z shifted by the offset: f·x₀ + u·z₀ = −(f·x + u·z); the same for v and y.
    u, v = seen[..., 0].ravel(), seen[..., 1].ravel()
    x, y, z = p.reshape(-1, 3).T
    zero, f = np.zeros_like(u), np.full_like(u, focal)
    rows = np.concatenate([np.stack([f, zero, u], axis=1), np.stack([zero, f, v], axis=1)])
    right = -np.concatenate([focal * x + u * z, focal * y + v * z])
    offset = np.linalg.lstsq(rows, right, rcond=None)[0]
    return np.asarray(offset, dtype=np.float64)
