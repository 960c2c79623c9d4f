# SPDX-License-Identifier: GPL-3.0-or-later
"""The square region of interest (ROI) that the network sees.

A ROI is ``(4,)`` x0, y0, x1, y1 in continuous image pixels: a square of side √2 × the longer side
of the tight box of the 68 landmarks, centred on that box. It may reach beyond the photo.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..channels import stored, turned_back
from ..projection import CROP_SIZE
from .window import Window

#: x0, y0, x1, y1 as plain numbers.
Corners = tuple[float, float, float, float]

#: Side of the ROI ÷ longer side of the landmarks' tight box.
ROI_SCALE = float(np.sqrt(2.0))
#: The grid of :func:`snapped`.
_SIDES_PER_OCTAVE, _CENTRES_PER_SIDE = 256, 1024


def square(center: ArrayLike, side: ArrayLike) -> NDArray[np.float64]:
    """The square (…, 4) around ``center`` (…, 2) with sides of ``side`` (…,) pixels."""
    c = np.asarray(center, dtype=np.float64)
    half = np.asarray(side, dtype=np.float64)[..., None] / 2.0
    return np.concatenate([c - half, c + half], axis=-1)


def roi_from_box(box: ArrayLike) -> NDArray[np.float64]:
    """ROI (…, 4) of the landmarks' tight box (…, 4)."""
    b = np.asarray(box, dtype=np.float64)
    low, high = b[..., :2], b[..., 2:]
    return square((low + high) / 2.0, ROI_SCALE * (high - low).max(axis=-1))


def box_from_landmarks(landmarks: ArrayLike) -> NDArray[np.float64]:
    """Tight box (…, 4) of points (…, N, 2 or 3) in image pixels."""
    points = np.asarray(landmarks, dtype=np.float64)[..., :2]
    return np.concatenate([points.min(axis=-2), points.max(axis=-2)], axis=-1)


def roi_from_landmarks(landmarks68: ArrayLike) -> NDArray[np.float64]:
    """ROI (…, 4) of landmarks (…, 68, 2 or 3) in image pixels."""
    points = np.asarray(landmarks68, dtype=np.float64)
    if points.ndim > 2:
        return roi_from_box(box_from_landmarks(points))
    return np.array(roi_from_extent(extent(points)))


# Tracking does these for every frame: plain numbers are several times as fast as arrays of four.


def extent(points: NDArray) -> Corners:
    """The tight box of points (N, 2 or 3)."""
    x0, y0 = np.minimum.reduce(points).tolist()[:2]
    x1, y1 = np.maximum.reduce(points).tolist()[:2]
    return x0, y0, x1, y1


def roi_from_extent(box: Corners) -> Corners:
    """The ROI of the landmarks' tight box."""
    x0, y0, x1, y1 = box
    x, y, half = (x0 + x1) / 2.0, (y0 + y1) / 2.0, ROI_SCALE * max(x1 - x0, y1 - y0) / 2.0
    return x - half, y - half, x + half, y + half


def snapped(roi: ArrayLike) -> NDArray[np.float64]:
    """The ROI (4,) nearest to a square one (4,) on a grid of sides (0.3 % apart) and centres (0.1 % of the side apart).

    Two trackers that look nearly at the same place look at the very same one then, and measure the very same.
    """
    x0, y0, x1, y1 = np.asarray(roi, dtype=np.float64).tolist()
    half = 2.0 ** (round(_SIDES_PER_OCTAVE * math.log2(x1 - x0)) / _SIDES_PER_OCTAVE) / 2.0
    step = 2.0 * half / _CENTRES_PER_SIDE
    x, y = round((x0 + x1) / 2.0 / step) * step, round((y0 + y1) / 2.0 / step) * step
    return np.array([x - half, y - half, x + half, y + half])


def deviation(a: NDArray, b: NDArray) -> float:
    """How far apart two square ROIs (4,) are: the larger of shift and growth, as a share of the side."""
    (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = a.tolist(), b.tolist()
    shift = max(abs(ax0 + ax1 - bx0 - bx1), abs(ay0 + ay1 - by0 - by1)) / 2.0
    return float(max(shift, abs((ax1 - ax0) - (bx1 - bx0))) / (bx1 - bx0))


def overlap(a: ArrayLike, b: ArrayLike) -> float:
    """Intersection over union of two boxes (4,), 0…1."""
    p, q = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    extent = np.clip(np.minimum(p[2:], q[2:]) - np.maximum(p[:2], q[:2]), 0.0, None)
    shared = float(extent.prod())
    total = float((p[2:] - p[:2]).prod() + (q[2:] - q[:2]).prod()) - shared
    return shared / total if total > 0.0 else 0.0


def crop(image_rgb: NDArray[np.uint8], roi: ArrayLike) -> NDArray[np.uint8]:
    """The ROI (4,) of a photo (H, W, 3) as (120, 120, 3) uint8; pixels beyond the photo repeat its edge.

    Large ROIs are first averaged over whole blocks, so that fine detail does not alias.

    Raises:
        ValueError: the ROI is empty or not finite.
    """
    corners = np.asarray(roi, dtype=np.float64)
    return Window.around(image_rgb, corners).crop(corners)


def crop_as_published(image_rgb: NDArray[np.uint8], roi: ArrayLike) -> NDArray[np.uint8]:
    """The ROI (4,) of a photo (H, W, 3) as (120, 120, 3) uint8, as the authors of 3DDFA-V2 cut it.

    Their network was trained on it and judged with it: corners at whole pixels (without account of that when
    going back to the photo), black beyond the photo, bilinear without regard to aliasing.

    Raises:
        ValueError: the ROI is empty or not finite.
    """
    corners = np.asarray(roi, dtype=np.float64)
    if not np.isfinite(corners).all():
        raise ValueError(f"not a region of interest: {corners.tolist()}")
    x0, y0, x1, y1 = (int(v) for v in np.rint(corners))
    if x1 <= x0 or y1 <= y0:
        raise ValueError(f"not a region of interest: {corners.tolist()}")
    image, turned = stored(image_rgb)
    height, width = image.shape[:2]
    window = np.zeros((y1 - y0, x1 - x0, 3), np.uint8)
    left, top, right, bottom = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    if left < right and top < bottom:
        window[top - y0 : bottom - y0, left - x0 : right - x0] = image[top:bottom, left:right]
    cut = cv2.resize(window, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
    return turned_back(cut, turned)


Crop = Callable[[NDArray[np.uint8], ArrayLike], NDArray[np.uint8]]

BUNDLED_CROP = "bundled"
#: How a network's crops are cut, by the name in its ONNX file's metadata (key ``crop``; none = bundled).
CROPS: Mapping[str, Crop] = MappingProxyType({BUNDLED_CROP: crop, "published": crop_as_published})
