# SPDX-License-Identifier: GPL-3.0-or-later
"""The upright face: a square of the picture in which every head has the same size, place and roll.

The ROI that the regressor sees grows as a mouth opens, and keeps the head's roll. Here lids, lips and brows keep their
places, whatever the face does, so that a network needs no pooling to find them, and small movements stay legible.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..channels import stored, turned_back
from ..projection import CROP_SIZE

#: Side of the upright face in pixels, and how many of them show a millimetre of the head.
UPRIGHT_SIZE, PIXELS_PER_MM = 128, 0.85
#: Where the anchor lies in it, pixels from the left and from the top.
_PLACE = (64.0, 52.0)
#: iBUG-68: corners of the eyes, ridge and foot of the nose. Expressions hardly move their mean, the anchor.
ANCHOR_POINTS = np.array([27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 39, 42, 45])


def upright_warp(transform: NDArray, scale: float, anchor: NDArray, size: int = UPRIGHT_SIZE) -> NDArray[np.float64]:
    """The similarity (2, 3) from image pixels to pixels of the upright face, both y down, centres at half numbers.

    Args:
        transform: (3, 4) of a fitted head, model millimetres to pixels, y up (``projection.py``).
        scale: image pixels per pixel of ``transform``.
        anchor: (2,) mean of the anchor points, image pixels.
        size: side of the square; a larger one shows more around the same middle.
    """
    # How the head's own axes lie in the picture: across and upwards both tell of the roll.
    across, upwards = transform[:2, 0], transform[:2, 1]
    cosine, sine = across[0] + upwards[1], across[1] - upwards[0]
    length = float(np.hypot(cosine, sine))
    cosine, sine = (cosine / length, sine / length) if length > 0.0 else (1.0, 0.0)
    rows = transform[:, :3]
    pixels_per_mm = scale * float(np.sqrt((rows * rows).sum() / 3.0))
    grown = PIXELS_PER_MM / max(pixels_per_mm, 1e-9)
    # Counter-clockwise with y up is clockwise with y down; the warp turns it back.
    turn = grown * np.array([[cosine, -sine], [sine, cosine]])
    middle = np.add(_PLACE, (size - UPRIGHT_SIZE) / 2.0)
    return np.concatenate([turn, (middle - turn @ anchor)[:, None]], axis=1)


def warp_of_fit(params: NDArray, roi: NDArray, landmarks68: NDArray, size: int = UPRIGHT_SIZE) -> NDArray[np.float64]:
    """The same for what a regressor found: ``params`` (62,) in the crop of ``roi`` (4,), ``landmarks68`` (68, 2 or 3)
    in image pixels."""
    transform = np.asarray(params[:12], np.float64).reshape(3, 4)
    anchor = landmarks68[ANCHOR_POINTS, :2].mean(axis=0)
    return upright_warp(transform, float(roi[2] - roi[0]) / CROP_SIZE, anchor, size)


def upright_face(image_rgb: NDArray[np.uint8], warp: NDArray, size: int = UPRIGHT_SIZE) -> NDArray[np.uint8]:
    """The square (size, size, 3) out of a picture (H, W, 3); beyond it, its edge repeats itself."""
    picture, turned = stored(image_rgb)
    shrink = float(np.hypot(warp[0, 0], warp[0, 1]))
    if shrink < 0.6:  # fine detail must not alias: average first over what becomes a pixel
        picture, warp = _averaged(picture, warp, int(1.0 / shrink), size)
    moved = warp.copy()
    moved[:, 2] += 0.5 * (warp[:, 0] + warp[:, 1]) - 0.5  # OpenCV's centres are whole numbers
    seen = cv2.warpAffine(picture, moved, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return turned_back(np.asarray(seen, np.uint8), turned)


def _averaged(
    picture: NDArray[np.uint8], warp: NDArray, block: int, size: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """What the square shows of a picture, averaged over blocks of pixels, and the warp out of that."""
    back = cv2.invertAffineTransform(warp)
    corners = np.array([[0, 0], [size, 0], [0, size], [size, size]], np.float64) @ back[:, :2].T + back[:, 2]
    height, width = picture.shape[:2]
    x0, y0 = (np.clip(np.floor(corners.min(axis=0)) - block, 0, [width - 1, height - 1])).astype(int)
    x1, y1 = (np.clip(np.ceil(corners.max(axis=0)) + block, [x0 + 1, y0 + 1], [width, height])).astype(int)
    part = picture[y0:y1, x0:x1]
    small = cv2.resize(
        part, (max(part.shape[1] // block, 1), max(part.shape[0] // block, 1)), interpolation=cv2.INTER_AREA
    )
    step = np.array([part.shape[1] / small.shape[1], part.shape[0] / small.shape[0]])
    moved = warp.copy()
    moved[:, 2] = warp[:, 2] + warp[:, :2] @ [x0, y0]
    moved[:, :2] = warp[:, :2] * step
    return small, moved
