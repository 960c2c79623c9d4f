# SPDX-License-Identifier: GPL-3.0-or-later
"""RGB pictures that are views of what a decoder stored as BGR: nobody pays for turning a whole frame round."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def stored(image_rgb: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], bool]:
    """The array behind a picture (H, W, 3) as OpenCV takes it without a copy, and whether its channels are BGR.

    What treats all channels alike (resizing, warping) can work on it and turn only the small result round.
    """
    turned = image_rgb.strides[2] < 0
    return (image_rgb[..., ::-1] if turned else image_rgb), turned


def turned_back(result: NDArray[np.uint8], turned: bool) -> NDArray[np.uint8]:
    """A result (h, w, 3) of work on :func:`stored`, as RGB in one piece."""
    return cv2.cvtColor(result, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False) if turned else result


def whole_rgb(image_rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture (H, W, 3) in one piece: itself, or a copy in the right order, made fast."""
    return turned_back(*stored(image_rgb))
