# SPDX-License-Identifier: GPL-3.0-or-later
"""Openings of eyes and mouth from the 68 points: what an animation shows of a blink or a spoken vowel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.scoring import box_size

#: iBUG-68 indices of each eye: outer or inner corner, two upper points, other corner, two lower points.
EYES = {"right": (36, 37, 38, 39, 40, 41), "left": (42, 43, 44, 45, 46, 47)}
_INNER_UPPER_LIP, _INNER_LOWER_LIP = (61, 62, 63), (67, 66, 65)


def eye_aspect_ratio(landmarks68: NDArray, side: str) -> NDArray[np.float64]:
    """Height ÷ width (…,) of the subject's ``side`` eye ("left" or "right") in points (…, 68, 2 or 3).

    Soukupová and Čech, Real-Time Eye Blink Detection using Facial Landmarks, 2016, Eq. 1.
    """
    return aspect_ratio(np.asarray(landmarks68, dtype=np.float64)[..., EYES[side], :2])


def aspect_ratio(eye: NDArray) -> NDArray[np.float64]:
    """Height ÷ width (…,) of points (…, 6, 2 or 3): corner, two of the upper lid, other corner, two of the lower."""
    a, b, c, d, e, f = np.moveaxis(eye, -2, 0)
    return (_length(b - f) + _length(c - e)) / (2.0 * _length(a - d))


def lip_gap(landmarks68: NDArray) -> NDArray[np.float64]:
    """Mean distance (…,) of the inner lips ÷ the size of the points' box."""
    points = np.asarray(landmarks68, dtype=np.float64)[..., :2]
    gap = points[..., _INNER_UPPER_LIP, :] - points[..., _INNER_LOWER_LIP, :]
    return _length(gap).mean(axis=-1) / box_size(points)


def _length(vectors: NDArray) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(vectors, axis=-1))
