# SPDX-License-Identifier: GPL-3.0-or-later
"""Notice hard cuts cheaply."""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

from ..channels import stored

#: Width and height of the thumbnails that are compared, of the pixels that are picked for them, and between the two.
_SIZE, _PICKED, _BETWEEN = (32, 32), (128, 128), (64, 64)
#: A cut changes the thumbnail by at least this mean difference (0…255) …
_MINIMUM = 12.0
#: … and by this many times what frames of this shot usually change by: a mean over so many of them, of which each
#: counts so much less than the next. Nothing older counts, so that what is said hangs on few frames.
_RATIO = 4.0
_MEMORY, _FADING = 12, 0.8


class SceneCuts:
    """Compares each frame with the one before."""

    def __init__(self) -> None:
        self._last: NDArray[np.uint8] | None = None
        self._changes: deque[float] = deque(maxlen=_MEMORY)  # newest first

    def is_cut(self, image_rgb: NDArray[np.uint8]) -> bool:
        """Whether a new shot begins with this frame (H, W, 3); call once for each frame, in order."""
        return self.is_cut_to(thumbnail_of(image_rgb))

    def is_cut_to(self, thumbnail: NDArray[np.uint8]) -> bool:
        """The same, of a frame's :func:`thumbnail_of`."""
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


def thumbnail_of(image_rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """All that is compared of a frame (H, W, 3): (32, 32, 3), channels in any order, for they count alike."""
    image, _ = stored(image_rgb)
    if image.shape[0] <= _PICKED[1] and image.shape[1] <= _PICKED[0]:
        return np.asarray(cv2.resize(image, _SIZE, interpolation=cv2.INTER_AREA), np.uint8)
    # Sixteen pixels for each of the thumbnail's tell as much as all of them, and halving twice is several times as
    # fast as averaging sixteen at once.
    picked = cv2.resize(image, _PICKED, interpolation=cv2.INTER_NEAREST)
    halved = cv2.resize(picked, _BETWEEN, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(halved, _SIZE, interpolation=cv2.INTER_AREA), np.uint8)
