# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a face may be the one that was followed a moment ago.

By the colour of its middle alone, in which the amount of light counts little. Within 2.5 seconds of one shot faces kept
it to 0.07 on the eleven clips tried; four fifths of other people's differ by more than the limit here. The network's
coefficients of identity were tried too: in single frames they hang more on the pose than on the person.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..projection import CROP_SIZE

#: The share of a crop's width and height, about its middle, that is skin, eyes and mouth: between brows and chin.
_MIDDLE = 0.4
#: What the logarithm of lightness counts beside the two of colour: light comes and goes.
_LIGHT = 0.25
#: Colours of one face are not farther apart.
_ALIKE = 0.09
#: Added to red, green and blue, of 255: noise must not tell the dark apart.
_DARK = 4.0


def colour(crop: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The mean colour (3,) of the middle of a face's crop (120, 120, 3) RGB: logarithms of R/G, B/G, and the light."""
    margin = round(CROP_SIZE * (1.0 - _MIDDLE) / 2.0)
    middle = np.ascontiguousarray(crop[margin:-margin, margin:-margin])
    red, green, blue = np.log(np.array(cv2.mean(middle)[:3]) + _DARK)
    return np.array([red - green, blue - green, _LIGHT * (red + green + blue) / 3.0])


def may_be_one(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether two colours (3,) may be those of one face."""
    return float(np.linalg.norm(one - other)) <= _ALIKE
