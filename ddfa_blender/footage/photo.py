# SPDX-License-Identifier: GPL-3.0-or-later
"""Read photos, from any path on any system."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import CaptureError
from ..paths import is_file, is_folder


@contextmanager
def silent_opencv() -> Iterator[None]:
    """While a file is opened: OpenCV's warnings would only repeat the error that follows."""
    level = cv2.getLogLevel()
    cv2.setLogLevel(0)
    try:
        yield
    finally:
        cv2.setLogLevel(level)


def read_photo(path: Path | str) -> NDArray[np.uint8]:
    """A photo as (H, W, 3) uint8 RGB, turned as its EXIF orientation says.

    Raises:
        CaptureError: the file is missing or is not a photo.
    """
    file = Path(path)
    if is_folder(file):
        raise CaptureError(f"{file} is a folder; pick a photo in it.")
    if not is_file(file):
        raise CaptureError(f"There is no photo at {file}; check the path.")
    try:
        # cv2.imread cannot open non-ASCII paths on Windows.
        content = np.fromfile(file, dtype=np.uint8)
    except OSError as error:
        raise CaptureError(f"The photo {file} cannot be read ({error.strerror}); check its permissions.") from error
    try:
        with silent_opencv():
            image = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    except (cv2.error, MemoryError):  # it claims to be larger than any picture, or is
        image = None
    if image is None:
        raise CaptureError(f"{file} is not a photo that can be read; use a JPEG or PNG file.")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
