# SPDX-License-Identifier: GPL-3.0-or-later
"""Footage that is long enough to be cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..project import BuildError


def there_and_back(count: int, length: int) -> Iterator[int]:
    """``length`` indices into ``count`` frames that run to the end, back to the start, and so on, without a jump."""
    period = max(2 * (count - 1), 1)
    for i in range(length):
        place = i % period
        yield min(place, period - place)


def lengthen(clip: Path, target: Path, seconds: float) -> Path:
    """Write ``clip``, played to and fro for ``seconds``, to ``target`` (.mp4).

    Raises:
        BuildError: the clip cannot be read or the target not written.
    """
    frames, fps = _read(clip)
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(target), cv2.VideoWriter.fourcc(*"mp4v"), fps, (width, height))
    if not writer.isOpened():
        raise BuildError(f"{target} cannot be written as a video; choose another --out folder.")
    for index in there_and_back(len(frames), round(seconds * fps)):
        writer.write(frames[index])
    writer.release()
    return target


def _read(clip: Path) -> tuple[list[NDArray[np.uint8]], float]:
    capture = cv2.VideoCapture(str(clip))
    frames = []
    while True:
        found, frame = capture.read()
        if not found:
            break
        frames.append(np.asarray(frame, np.uint8))
    fps = capture.get(cv2.CAP_PROP_FPS)
    capture.release()
    if not frames or fps <= 0.0:
        raise BuildError(f"{clip} cannot be read as a video; name another --clip.")
    return frames, fps
