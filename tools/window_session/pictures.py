# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of the screen: reading, cutting, comparing. RGB, (height, width, 3) uint8."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..project import BuildError

Picture = NDArray[np.uint8]

#: Largest file for the docs, bytes, and the JPEG qualities to try in turn.
LIMIT = 120_000
_QUALITIES = (92, 85, 78, 70)


def read(path: Path) -> Picture:
    """The picture in a file.

    Raises:
        BuildError: there is none.
    """
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise BuildError(f"{path} is no picture; look at the X server's log beside it.")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def cut(picture: Picture, box: tuple[int, int, int, int]) -> Picture:
    """The part left, top, right, bottom (exclusive), as far as it lies in the picture."""
    left, top, right, bottom = box
    return picture[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]


def difference(a: Picture, b: Picture, *, tolerance: int = 8) -> float:
    """Fraction, 0..1, of the pixels whose channels differ by more than ``tolerance``; 1 for unequal sizes."""
    if a.shape != b.shape:
        return 1.0
    apart = np.abs(a.astype(np.int16) - b.astype(np.int16)).max(axis=2) > tolerance
    return float(apart.mean()) if apart.size else 0.0


def rows_of_change(a: Picture, b: Picture, *, tolerance: int = 8) -> tuple[int, int]:
    """First row in which two pictures of the same size differ, and the row below the last one; (0, 0) for none."""
    apart = np.abs(a.astype(np.int16) - b.astype(np.int16)).max(axis=(1, 2)) > tolerance
    rows = np.flatnonzero(apart)
    return (int(rows[0]), int(rows[-1]) + 1) if rows.size else (0, 0)


def box_of_change(a: Picture, b: Picture, *, tolerance: int = 8) -> tuple[int, int, int, int]:
    """The box left, top, right, bottom (exclusive) of what differs between two pictures of the same size.

    Raises:
        BuildError: nothing does.
    """
    apart = np.abs(a.astype(np.int16) - b.astype(np.int16)).max(axis=2) > tolerance
    rows, columns = np.flatnonzero(apart.any(axis=1)), np.flatnonzero(apart.any(axis=0))
    if not rows.size:
        raise BuildError("Nothing has appeared; look at the last picture.")
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def count_colour(picture: Picture, colour: Sequence[float], *, tolerance: int = 12) -> int:
    """How many pixels have the theme colour ``colour`` (red, green, blue, … in 0..1), give or take ``tolerance``."""
    wanted = np.round(np.asarray(colour[:3], float) * 255.0)
    return int((np.abs(picture.astype(float) - wanted).max(axis=2) <= tolerance).sum())


def save_for_docs(picture: Picture, path: Path) -> None:
    """Write a PNG or JPEG, as the name says, of at most :data:`LIMIT` bytes.

    Raises:
        BuildError: it is empty or does not fit.
    """
    if picture.size == 0:
        raise BuildError(f"{path.name} would be empty; look at the pictures of the steps before it.")
    image = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    options: list[list[int]] = [[cv2.IMWRITE_PNG_COMPRESSION, 9]]
    if path.suffix == ".jpg":
        options = [[cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1] for quality in _QUALITIES]
    for option in options:
        done, data = cv2.imencode(path.suffix, image, option)
        if done and len(data) <= LIMIT:
            path.write_bytes(data.tobytes())
            return
    raise BuildError(f"{path.name} takes more than {LIMIT // 1000} kB; cut a smaller part, or make it a .jpg.")
