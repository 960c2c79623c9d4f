# SPDX-License-Identifier: GPL-3.0-or-later
"""Footage whose pictures change their size on the way: all are brought to the size of the first."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Size = tuple[int, int]  # width, height


def size_of(image: NDArray) -> Size:
    """Width and height of a picture (H, W) or (H, W, C)."""
    return image.shape[1], image.shape[0]


def in_size(image: NDArray, size: Size) -> NDArray:
    """A picture (H, W) or (H, W, C) in another size: whole, undistorted, in the middle, black around it.

    One that has the size already comes back as it is.
    """
    if size_of(image) == size:
        return image
    width, height = size
    scale = min(width / image.shape[1], height / image.shape[0])
    inner = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    small = cv2.resize(image, inner, interpolation=cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR)
    result = np.zeros((height, width, *image.shape[2:]), image.dtype)
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    result[top : top + inner[1], left : left + inner[0]] = small
    return result
