# SPDX-License-Identifier: GPL-3.0-or-later
"""Notice hard cuts cheaply."""

from __future__ import annotations

import weakref
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
#: Frames on which it hangs whether the next one is a cut.
FRAMES_REMEMBERED = _MEMORY + 1


class Thumbnail:
    """All that is compared of a frame; remembers how far it is from the one that it was compared with last.

    So whoever decodes the frames may compare each with the one before, where there is time for it.
    """

    def __init__(self, image_rgb: NDArray[np.uint8]) -> None:
        """Of a frame (H, W, 3)."""
        self.pixels = thumbnail_of(image_rgb)
        self._compared: tuple[weakref.ref[Thumbnail], float] | None = None

    def difference(self, other: Thumbnail) -> float:
        """Mean difference of two frames' pixels, 0…255."""
        if self._compared is None or self._compared[0]() is not other:
            total = cv2.norm(self.pixels, other.pixels, cv2.NORM_L1)
            self._compared = weakref.ref(other), total / self.pixels.size
        return self._compared[1]


class SceneCuts:
    """Compares each frame with the one before."""

    def __init__(self) -> None:
        self._last: Thumbnail | None = None
        self._changes: deque[float] = deque(maxlen=_MEMORY)  # newest first

    def is_cut(self, image_rgb: NDArray[np.uint8]) -> bool:
        """Whether a new shot begins with this frame (H, W, 3); call once for each frame, in order."""
        return self.is_cut_to(Thumbnail(image_rgb))

    def is_cut_to(self, thumbnail: Thumbnail) -> bool:
        """The same, of a frame's thumbnail."""
        last, self._last = self._last, thumbnail
        if last is None:
            return False
        difference = thumbnail.difference(last)
        cut = difference > max(_MINIMUM, _RATIO * self._usual())
        # The cut itself says little of how lively the new shot is.
        self._changes.appendleft(min(difference, _MINIMUM) if cut else difference)
        return cut

    def state(self) -> bytes:
        """All that the next answers hang on besides the next frames: equal = the answers will be."""
        return np.array(self._changes).tobytes() + (b"" if self._last is None else self._last.pixels.tobytes())

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
