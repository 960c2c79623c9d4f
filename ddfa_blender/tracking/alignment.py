# SPDX-License-Identifier: GPL-3.0-or-later
"""How a face moved from one frame to the next, told from its pixels alone, in a fraction of a network's run.

The network measures best when the crop lies where its own landmarks will say. The last frame's landmarks lag by one
frame's movement; aligning two small grey crops of the same ROI (one Gauss-Newton step of Lucas and Kanade's method for
shift, scale and brightness) takes nearly all of that away, so that measuring twice is rarely needed.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

#: Side of the grey crops that are compared, pixels.
_SIDE = 40
#: The face counts more than what is behind it: a Gaussian of this standard deviation, share of the crop's side.
_FOCUS = 0.22
#: Longest believable movement between two frames, and largest change of size; shares of the side.
_LONGEST = 0.15
#: Keeps a picture without any structure from moving anywhere.
_RIDGE = 1e-3


class Motion(NamedTuple):
    """Right and down as shares of the ROI's side, and growth (0.01 = 1 % larger)."""

    right: float
    down: float
    growth: float


def _coordinates() -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    across = ((np.arange(_SIDE) + 0.5) / _SIDE - 0.5).astype(np.float32)
    x, y = np.meshgrid(across, across)
    return x.ravel(), y.ravel(), np.exp(-(x * x + y * y) / (2.0 * _FOCUS**2)).ravel().astype(np.float32)


_X, _Y, _WEIGHT = _coordinates()


def small_grey(crop_rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A crop (h, w, 3) as :func:`motion` wants it."""
    grey = cv2.cvtColor(crop_rgb, cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)


def motion(before: NDArray[np.float32], now: NDArray[np.float32]) -> Motion:
    """How the face moved between two grey crops of one ROI."""
    # Sobel's kernel sums eight differences across two pixels' distance …
    right = cv2.Sobel(before, cv2.CV_32F, 1, 0, scale=_SIDE / 8.0).ravel()
    down = cv2.Sobel(before, cv2.CV_32F, 0, 1, scale=_SIDE / 8.0).ravel()
    slopes = np.stack([right, down, right * _X + down * _Y, np.ones_like(right)])
    weighted = slopes * _WEIGHT
    change = (before - now).ravel()
    # … of brightness 0…255 in sides: what moves by m changes by −slope·m.
    normal = (weighted @ slopes.T).astype(np.float64) + _RIDGE * np.eye(4)
    found = np.linalg.solve(normal, (weighted @ change).astype(np.float64))
    return Motion(*(float(v) for v in np.clip(found[:3], -_LONGEST, _LONGEST)))


def moved(roi: NDArray[np.float64], by: Motion, seen_in: NDArray[np.float64]) -> NDArray[np.float64]:
    """A ROI (4,) after a movement that was measured in another one, ``seen_in`` (4,)."""
    side, center = seen_in[2] - seen_in[0], (seen_in[:2] + seen_in[2:]) / 2.0
    shift = center + side * np.array([by.right, by.down])
    return np.asarray(np.tile(shift, 2) + (1.0 + by.growth) * (roi - np.tile(center, 2)))
