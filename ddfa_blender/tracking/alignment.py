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

from ..channels import stored

#: Side of the grey crops that are compared, pixels.
_SIDE = 40
#: So many places of a picture are looked at for each of theirs, across and down, and at each its neighbours are mixed.
#: Two places, or the nearest pixels alone, made the points jitter by 2 to 3 % more on some footage.
_PLACES_PER_PIXEL = 3
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
_ROOT_WEIGHT = np.sqrt(_WEIGHT)
_DAMPING = _RIDGE * np.eye(5)


def small_grey(crop_rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A crop (h, w, 3) as :func:`motion` wants it."""
    grey = cv2.cvtColor(crop_rgb, cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)


def small_grey_at(image_rgb: NDArray[np.uint8], roi: NDArray[np.float64]) -> NDArray[np.float32]:
    """The same of a ROI (4,) of a photo (H, W, 3), nearly, without cutting its crop out, which costs most.

    Each pixel is the mean of a few places instead of all: the alignment sums over so many that it hardly matters.
    """
    pixels, turned = stored(image_rgb)
    x0, y0, x1, _ = roi.tolist()
    count = _SIDE * _PLACES_PER_PIXEL
    step = (x1 - x0) / count
    offset = 0.5 * step - 0.5
    inverse = np.array([[step, 0.0, x0 + offset], [0.0, step, y0 + offset]])
    places = cv2.warpAffine(
        pixels, inverse, (count, count),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    grey = cv2.cvtColor(places, cv2.COLOR_BGR2GRAY if turned else cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)


def motion(before: NDArray[np.float32], now: NDArray[np.float32]) -> Motion:
    """How the face moved between two grey crops of one ROI."""
    # Slopes to the right, downwards and outwards, plain brightness, and the change that they have to explain.
    rows = np.empty((5, _SIDE * _SIDE), np.float32)
    # Sobel's kernel sums eight differences across two pixels' distance …
    rows[0] = cv2.Sobel(before, cv2.CV_32F, 1, 0, scale=_SIDE / 8.0).ravel()
    rows[1] = cv2.Sobel(before, cv2.CV_32F, 0, 1, scale=_SIDE / 8.0).ravel()
    rows[2] = rows[0] * _X + rows[1] * _Y
    rows[3] = 1.0
    rows[4] = (before - now).ravel()
    rows *= _ROOT_WEIGHT
    # … of brightness 0…255 in sides: what moves by m changes by −slope·m.
    products = (rows @ rows.T).astype(np.float64)
    found = _solved((products + _DAMPING).tolist())
    return Motion(*(min(max(value, -_LONGEST), _LONGEST) for value in found[:3]))


def _solved(rows: list[list[float]]) -> list[float]:
    """x (4,) of ``rows[:4, :4]`` x = ``rows[:4, 4]``, symmetric and positive; here plain numbers beat LAPACK."""
    for i in range(3):
        for j in range(i + 1, 4):
            factor = rows[j][i] / rows[i][i]
            rows[j] = [a - factor * b for a, b in zip(rows[j], rows[i], strict=True)]
    found = [0.0] * 4
    for i in range(3, -1, -1):
        found[i] = (rows[i][4] - sum(rows[i][j] * found[j] for j in range(i + 1, 4))) / rows[i][i]
    return found


def moved(roi: NDArray[np.float64], by: Motion, seen_in: NDArray[np.float64]) -> NDArray[np.float64]:
    """A ROI (4,) after a movement that was measured in another one, ``seen_in`` (4,)."""
    x0, y0, x1, y1 = seen_in.tolist()
    x, y, side, grown = (x0 + x1) / 2.0, (y0 + y1) / 2.0, x1 - x0, 1.0 + by.growth
    to_x, to_y = x + side * by.right, y + side * by.down
    a, b, c, d = roi.tolist()
    return np.array([to_x + grown * (a - x), to_y + grown * (b - y), to_x + grown * (c - x), to_y + grown * (d - y)])
