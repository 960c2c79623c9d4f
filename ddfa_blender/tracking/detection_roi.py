# SPDX-License-Identifier: GPL-3.0-or-later
"""From a detection to the ROI that the box of the 68 landmarks would give.

The detector draws its box around the whole head's front and its five points wobble; a linear map
of both, fitted by ``training/fit_detection_roi.py``, gives the landmarks' ROI.
On faces kept apart from the fit its centre is off by 2 % of the side (RMS), its side by 5 %.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .detector import Detection
from .roi import square

#: Offset of the ROI's centre to the right, per odd feature; in units of the box size √(w·h).
ODD_COEFFICIENTS = np.array([0.10341, -0.21712, 0.06639, -0.00979, -0.07895])
#: Offset of the ROI's centre downwards, and its side, per even feature; same units.
EVEN_COEFFICIENTS = np.array(
    [
        [0.00524, -0.14114, 0.27586, 0.12425, 0.23951, 0.07071, 0.08623, -0.02856, -0.17376],
        [0.99435, 0.37461, -0.40657, -0.41003, 0.68414, 0.68800, -0.31849, 0.00905, 0.15642],
    ]
)


def detection_features(detection: Detection) -> tuple[NDArray, NDArray, NDArray, float]:
    """Odd features (5,) that change sign in a mirrored photo, even ones (9,), box centre (2,) and size."""
    center = (detection.box[:2] + detection.box[2:]) / 2.0
    width, height = detection.box[2:] - detection.box[:2]
    size = float(np.sqrt(width * height))
    q = (detection.points - center) / size
    eyes, nose, mouth = (q[0] + q[1]) / 2.0, q[2], (q[3] + q[4]) / 2.0
    eye_line, mouth_line = q[1] - q[0], q[4] - q[3]
    odd = np.array([eyes[0], nose[0], mouth[0], eye_line[1], mouth_line[1]])
    even = np.array(
        [
            1.0, np.log(width / height), eyes[1], nose[1], mouth[1], eye_line[0], mouth_line[0],
            (nose[0] - eyes[0]) ** 2, eye_line[1] ** 2,
        ]
    )  # fmt: skip
    return odd, even, center, size


def roi_from_detection(detection: Detection) -> NDArray[np.float64]:
    """The ROI (4,) in image pixels that the landmarks of this face would give, nearly."""
    odd, even, center, size = detection_features(detection)
    down, side = EVEN_COEFFICIENTS @ even
    right = float(ODD_COEFFICIENTS @ odd)
    # The features of a freak detection may be far from all that was fitted.
    side = float(np.clip(side, 0.6, 2.5))
    return square(center + size * np.clip([right, down], -0.5, 0.5), size * side)
