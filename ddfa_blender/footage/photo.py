# SPDX-License-Identifier: GPL-3.0-or-later
"""Read photos, from any path on any system."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import CaptureError
from ..paths import is_file, is_folder


class _Silence(AbstractContextManager[None]):
    """OpenCV has one log level for all threads: the first that asks lowers it, the last that leaves brings it back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._level = 0  # before the first came in

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._level = cv2.getLogLevel()
                cv2.setLogLevel(0)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                cv2.setLogLevel(self._level)


_silence = _Silence()


def silent_opencv() -> AbstractContextManager[None]:
    """While a file is opened: OpenCV's warnings would only repeat the error that follows. Threads may overlap."""
    return _silence


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
