# SPDX-License-Identifier: GPL-3.0-or-later
"""How a face moved from one frame to the next, told from its pixels alone, in a fraction of a network's run.

The network measures best when the crop lies where its own landmarks will say. The last frame's landmarks lag by one
frame's movement; aligning the grey cells of the same place in both frames (one Gauss-Newton step of Lucas and Kanade's
method for shift, scale and brightness) takes nearly all of that away, so that measuring twice is rarely needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from .window import Cells

#: The face counts more than what is behind it: a Gaussian of this standard deviation, share of the square's side.
_FOCUS = 0.22
#: Longest believable movement between two frames, and largest change of size; shares of the side.
_LONGEST = 0.15
#: Keeps a picture without any structure from moving anywhere.
_RIDGE = 1e-3
#: Cells across and down that slopes need.
_FEWEST = 3


class Motion(NamedTuple):
    """Right and down as shares of the square's side, and growth (0.01 = 1 % larger)."""

    right: float
    down: float
    growth: float


class _Tables(NamedTuple):
    """For a square of N × N cells, each (N, N)."""

    x: NDArray[np.float32]  # from its middle, shares of its side
    y: NDArray[np.float32]
    weight: NDArray[np.float32]  # square root
    slope: NDArray[np.float32]  # the same times what turns Sobel's sums into brightness per side


@cache
def _tables(count: int) -> _Tables:
    across = (np.arange(count) + 0.5) / count - 0.5
    x, y = np.meshgrid(across, across)
    weight = np.exp(-(x * x + y * y) / (4.0 * _FOCUS**2))
    # Sobel's kernel sums eight differences across two cells' distance.
    return _Tables(*(table.astype(np.float32) for table in (x, y, weight, weight * count / 8.0)))


def motion(before: Cells, now: Cells) -> Motion:
    """How the face moved between two frames' cells of one place."""
    height, width = before.grey.shape
    if min(height, width) < _FEWEST:
        return Motion(0.0, 0.0, 0.0)
    x, y, weight, slope = _tables(before.count)
    if (height, width) != x.shape:  # some lie beyond the picture
        top, left = before.top - before.first_row, before.left - before.first_column
        there = slice(top, top + height), slice(left, left + width)
        x, y, weight, slope = x[there], y[there], weight[there], slope[there]
    # Slopes to the right, downwards and outwards, plain brightness, and the change that they have to explain:
    # what moves by m changes by −slope·m.
    right, down = cv2.spatialGradient(before.grey)
    rows = np.empty((5, height, width), np.float32)
    np.multiply(right, slope, out=rows[0])
    np.multiply(down, slope, out=rows[1])
    np.multiply(rows[0], x, out=rows[2])
    rows[2] += rows[1] * y
    rows[3] = weight
    np.subtract(before.grey, now.grey, out=rows[4], dtype=np.float32)
    rows[4] *= weight
    flat = rows.reshape(5, -1)
    found = _solved((flat @ flat.T).tolist())
    return Motion(*(min(max(value, -_LONGEST), _LONGEST) for value in found[:3]))


def _solved(rows: list[list[float]]) -> list[float]:
    """x (4,) of ``rows[:4, :4]`` x = ``rows[:4, 4]``, symmetric and positive; here plain numbers beat LAPACK."""
    for i in range(4):
        rows[i][i] += _RIDGE
    for i in range(3):
        for j in range(i + 1, 4):
            factor = rows[j][i] / rows[i][i]
            rows[j] = [a - factor * b for a, b in zip(rows[j], rows[i], strict=True)]
    found = [0.0] * 4
    for i in range(3, -1, -1):
        found[i] = (rows[i][4] - sum(rows[i][j] * found[j] for j in range(i + 1, 4))) / rows[i][i]
    return found


def moved(roi: Sequence[float], by: Motion, seen: Cells) -> NDArray[np.float64]:
    """A ROI (four numbers) after a movement that was found in some cells: ROI (4,)."""
    x, y, side = seen.square
    grown = 1.0 + by.growth
    to_x, to_y = x + side * by.right, y + side * by.down
    a, b, c, d = roi
    return np.array([to_x + grown * (a - x), to_y + grown * (b - y), to_x + grown * (c - x), to_y + grown * (d - y)])
