# SPDX-License-Identifier: GPL-3.0-or-later
"""Notice hard cuts cheaply."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

#: Width and height of the thumbnails that are compared.
_SIZE = (32, 32)
#: A cut changes the thumbnail by at least this mean difference (0…255) …
_MINIMUM = 12.0
#: … and by this many times what frames of this shot usually change by.
_RATIO = 4.0


class SceneCuts:
    """Compares each frame with the one before."""

    def __init__(self) -> None:
        self._last: NDArray[np.float32] | None = None
        self._usual = 0.0

    def is_cut(self, image_rgb: NDArray[np.uint8]) -> bool:
        """Whether a new shot begins with this frame (H, W, 3); call once for each frame, in order."""
        thumbnail = cv2.resize(image_rgb, _SIZE, interpolation=cv2.INTER_AREA).astype(np.float32)
        last, self._last = self._last, thumbnail
        if last is None:
            return False
        difference = float(np.abs(thumbnail - last).mean())
        cut = difference > max(_MINIMUM, _RATIO * self._usual)
        # The cut itself says little of how lively the new shot is.
        self._usual = 0.8 * self._usual + 0.2 * (min(difference, _MINIMUM) if cut else difference)
        return cut
