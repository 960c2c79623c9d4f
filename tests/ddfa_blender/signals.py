# SPDX-License-Identifier: GPL-3.0-or-later
"""Made-up solutions and the shapes that faces make over time."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ddfa_blender.names import ARKIT_INDEX
from ddfa_blender.performance import Solution


def still_solution(time: ArrayLike, lost: slice | None = None, **units: ArrayLike) -> Solution:
    """A head that looks straight ahead without moving, but for some ARKit units: a number or (N,) for each."""
    t = np.asarray(time, dtype=np.float64)
    arkit = np.zeros((len(t), 52))
    for name, values in units.items():
        arkit[:, ARKIT_INDEX[name]] = values
    tracked = np.ones(len(t), bool)
    channels = [np.zeros((len(t), 10)), arkit, np.tile([1.0, 0.0, 0.0, 0.0], (len(t), 1)), np.zeros((len(t), 3))]
    if lost is not None:
        tracked[lost] = False
        for values in channels:
            values[lost] = np.nan
    expression, arkit, rotation, translation = channels
    return Solution(t, expression, arkit, rotation, translation, np.zeros(40), tracked)


def blink(time: ArrayLike, at: float, duration: float = 0.15) -> NDArray[np.float64]:
    """A blink that is closed at a time: a third of it closes, two thirds open, each half a cosine wave; 0…1."""
    x = (np.asarray(time, dtype=np.float64) - at) / duration
    flank = np.where(x < 0.0, 3.0 * x, 1.5 * x)
    return np.where(np.abs(flank) < 1.0, 0.5 + 0.5 * np.cos(np.pi * flank), 0.0)


def about(axis: int, degrees: ArrayLike) -> NDArray[np.float64]:
    """Unit quaternions (…, 4) that turn about the axis x, y or z."""
    half = np.radians(np.asarray(degrees, dtype=np.float64)) / 2.0
    q = np.zeros((*half.shape, 4))
    q[..., 0], q[..., 1 + axis] = np.cos(half), np.sin(half)
    return q
