# SPDX-License-Identifier: GPL-3.0-or-later
"""Notice hard cuts cheaply."""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

from ..channels import stored

#: Width and height of the thumbnails that are compared, and so many rows for each of theirs are enough.
_SIZE = (32, 32)
_ROWS_PER_PIXEL = 4
#: From so many columns on up to 31 may be missing.
_WIDE = 320
#: A cut changes the thumbnail by at least this mean difference (0…255) …
_MINIMUM = 12.0
#: … and by this many times what frames of this shot usually change by: a mean over so many of them, of which each
#: counts so much less than the next. Nothing older counts, so that what is said hangs on few frames.
_RATIO = 4.0
_MEMORY, _FADING = 12, 0.8


class SceneCuts:
    """Compares each frame with the one before."""

    def __init__(self) -> None:
        self._last: NDArray[np.float32] | None = None
        self._changes: deque[float] = deque(maxlen=_MEMORY)  # newest first

    def is_cut(self, image_rgb: NDArray[np.uint8]) -> bool:
        """Whether a new shot begins with this frame (H, W, 3); call once for each frame, in order."""
        thumbnail = _thumbnail(stored(image_rgb)[0])  # all channels count alike
        last, self._last = self._last, thumbnail
        if last is None:
            return False
        difference = cv2.norm(thumbnail, last, cv2.NORM_L1) / thumbnail.size
        cut = difference > max(_MINIMUM, _RATIO * self._usual())
        # The cut itself says little of how lively the new shot is.
        self._changes.appendleft(min(difference, _MINIMUM) if cut else difference)
        return cut

    def state(self) -> bytes:
        """All that the next answers hang on besides the next frames: equal = the answers will be."""
        return np.array(self._changes).tobytes() + (b"" if self._last is None else self._last.tobytes())

    def _usual(self) -> float:
        return (1.0 - _FADING) * sum(change * _FADING**age for age, change in enumerate(self._changes))


def _thumbnail(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    height, width = image.shape[:2]
    count = _SIZE[1] * _ROWS_PER_PIXEL
    rows = image[(np.arange(count) * height + height // 2) // count] if height > count else image
    # Averaging whole blocks is several times as fast; a few columns at the right are left out for that.
    whole = rows[:, : width - width % _SIZE[0]] if width >= _WIDE else rows
    return cv2.resize(whole, _SIZE, interpolation=cv2.INTER_AREA).astype(np.float32)
