# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies around a face, made about as small as the network wants it: read out of the frame once for all uses.

Reading a face out of a full frame costs most of what surrounds the network. So the frame's pixels are averaged over
whole blocks, on a grid that is the picture's own: whoever looks at the same face a little later, or from a place a
little beside, gets the very same averages. The network's crop is cut out of these, and so are the grey cells that the
alignment compares.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from ..channels import stored, turned_back
from ..projection import CROP_SIZE

#: About so many grey cells lie side by side in a ROI.
_CELLS = 40
#: So many cells around the ROI are in the window too: the face will move.
_MARGIN = 1


@dataclass(frozen=True, eq=False)
class Cells:
    """The grey means of cells, whole blocks of the picture, under a ROI, without those that lie beyond the picture."""

    grey: NDArray[np.uint8]  # (h, w)
    left: int  # place of the first one among the picture's cells
    top: int
    #: Those of the square that belongs to the ROI: ``count`` side by side, from here on.
    first_column: int
    first_row: int
    count: int
    side: int  # of a cell, image pixels

    @property
    def square(self) -> tuple[float, float, float]:
        """Middle x and y of the square that belongs to the ROI, and its side, in image pixels."""
        side, half = float(self.side), self.count / 2.0
        return (self.first_column + half) * side, (self.first_row + half) * side, self.count * side


@dataclass(frozen=True, eq=False)
class Window:
    """Part of a picture, averaged over blocks of ``block`` × ``block`` pixels."""

    pixels: NDArray[np.uint8]  # (h, w, 3), a view of the picture where blocks are single pixels
    turned: bool  # the channels are BGR
    left: int  # image pixels, multiples of ``block * blocks_per_cell``
    top: int
    block: int
    blocks_per_cell: int
    at_right: bool  # the picture ends here
    at_bottom: bool

    @classmethod
    def around(cls, image_rgb: NDArray[np.uint8], roi: NDArray[np.float64]) -> Window:
        """What lies around a ROI (4,) in a photo (H, W, 3); at least one pixel of it, even if all lies beyond.

        Raises:
            ValueError: the ROI is empty or not finite.
        """
        x0, y0, x1, y1 = roi.tolist()
        side = max(x1 - x0, y1 - y0)
        if not math.isfinite(x0 + y0 + x1 + y1) or side <= 0.0:
            raise ValueError(f"not a region of interest: {[x0, y0, x1, y1]}")
        image, turned = stored(image_rgb)
        height, width = image.shape[:2]
        block, per_cell = _sizes(side)
        left, right = _span(x0, x0 + side, block * per_cell, width)
        top, bottom = _span(y0, y0 + side, block * per_cell, height)
        pixels = averaged(image[top:bottom, left:right], block)
        return cls(pixels, turned, left, top, block, per_cell, right >= width, bottom >= height)

    def covers(self, roi: NDArray[np.float64]) -> bool:
        """Whether all that belongs to another ROI (4,) is in here, as far as it is in the picture, in its blocks."""
        x0, y0, x1, y1 = roi.tolist()
        if _sizes(x1 - x0) != (self.block, self.blocks_per_cell):
            return False
        reach = 0.5 * self.block * self.blocks_per_cell
        height, width = self.pixels.shape[:2]
        return (
            (self.left == 0 or x0 - reach >= self.left)
            and (self.top == 0 or y0 - reach >= self.top)
            and (self.at_right or x1 + reach <= self.left + width * self.block)
            and (self.at_bottom or y1 + reach <= self.top + height * self.block)
        )

    def crop(self, roi: NDArray[np.float64]) -> NDArray[np.uint8]:
        """The ROI (4,) as (120, 120, 3) RGB; pixels beyond the picture repeat its edge."""
        x0, y0, x1, y1 = roi.tolist()
        step = max(x1 - x0, y1 - y0) / CROP_SIZE / self.block
        # Pixel centres lie at half integers: output pixel j looks at x0 + (j + 0.5)·side/120.
        x = (x0 - self.left) / self.block + 0.5 * step - 0.5
        y = (y0 - self.top) / self.block + 0.5 * step - 0.5
        cut = cv2.warpAffine(
            self.pixels, np.array([[step, 0.0, x], [0.0, step, y]]), (CROP_SIZE, CROP_SIZE),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        return turned_back(cut, self.turned)

    def cells(self, roi: NDArray[np.float64]) -> Cells | None:
        """The cells of a ROI (4,) that is covered; None where the picture has none there."""
        x0, y0, x1, y1 = roi.tolist()
        side = self.block * self.blocks_per_cell
        count = round((x1 - x0) / side)
        column, row = round((x0 + x1) / 2.0 / side - count / 2.0), round((y0 + y1) / 2.0 / side - count / 2.0)
        left, top = self.left // side, self.top // side
        all_rows, all_columns = self._grey.shape
        from_column, to_column = max(column, left), min(column + count, left + all_columns)
        from_row, to_row = max(row, top), min(row + count, top + all_rows)
        if from_column >= to_column or from_row >= to_row:
            return None
        grey = self._grey[from_row - top : to_row - top, from_column - left : to_column - left]
        return Cells(grey, from_column, from_row, column, row, count, side)

    @cached_property
    def _grey(self) -> NDArray[np.uint8]:
        """The means of all whole cells of the window (h, w)."""
        count = self.blocks_per_cell
        height, width = self.pixels.shape[0] // count, self.pixels.shape[1] // count
        if height == 0 or width == 0:
            return np.zeros((height, width), np.uint8)
        pixels = self.pixels[: height * count, : width * count]
        grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY if self.turned else cv2.COLOR_RGB2GRAY)
        return np.asarray(grey if count == 1 else cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA))


def _sizes(side: float) -> tuple[int, int]:
    """Pixels of a block and blocks of a cell, along one side, for a ROI with sides of so many pixels."""
    block = max(1, round(side / CROP_SIZE))
    return block, max(1, round(side / block / _CELLS))


def _span(low: float, high: float, cell: int, length: int) -> tuple[int, int]:
    """Where the window of a ROI from ``low`` to ``high`` begins and ends, within a picture of this length."""
    first, last = math.floor(low / cell) - _MARGIN, math.ceil(high / cell) + _MARGIN
    first = min(max(first, 0), (length - 1) // cell)
    return first * cell, min(max(last, first + 1) * cell, length)


def averaged(pixels: NDArray[np.uint8], block: int) -> NDArray[np.uint8]:
    """A picture (H, W, 3) averaged over blocks of pixels, without those at its right and bottom that fill none.

    Where it is smaller than a block, it is one block.
    """
    height, width = pixels.shape[0] // block, pixels.shape[1] // block
    if block == 1:
        return pixels
    if height == 0 or width == 0:
        return cv2.resize(pixels, (max(width, 1), max(height, 1)), interpolation=cv2.INTER_AREA)
    pixels = pixels[: height * block, : width * block]
    for size in (2, 3):
        while block % size == 0:
            block //= size
            pixels = _averaged_by(pixels, size)
    return pixels if block == 1 else _averaged_by(pixels, block)


def _averaged_by(pixels: NDArray[np.uint8], block: int) -> NDArray[np.uint8]:
    size = pixels.shape[1] // block, pixels.shape[0] // block
    if block == 3:
        # OpenCV is fast at means of 2 × 2 alone: all means of 3 × 3, of which the middle ones are kept, are the same
        # numbers in two thirds of the time.
        return cv2.resize(cv2.blur(pixels, (3, 3)), size, interpolation=cv2.INTER_NEAREST_EXACT)
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
