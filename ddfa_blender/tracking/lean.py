# SPDX-License-Identifier: GPL-3.0-or-later
"""Notices footage that lies on its side: filmed upright, but turned when it was cut or converted."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

#: Degrees that nobody's head leans by for most of a clip.
_ON_ITS_SIDE = 60.0
#: The points of the two eyes among the 68: that at the left of an upright picture, then the other.
_EYES = slice(36, 42), slice(42, 48)


def usual_lean(landmarks68: NDArray) -> float:
    """By how many degrees the line through the eyes is turned in a middling frame of (N, 68, 2 or 3) points: 0…180.

    NaN where no frame has a face; such frames hold NaN.
    """
    left, right = (landmarks68[:, eye, :2].mean(axis=1) for eye in _EYES)
    across, down = (right - left).astype(np.float64).T
    angles = np.abs(np.degrees(np.arctan2(down, across)))
    return float(np.median(angles[np.isfinite(angles)])) if np.isfinite(angles).any() else math.nan


def lean_note(landmarks68: NDArray) -> str | None:
    """What to tell the user of a clip with such points (N, 68, 2 or 3); None where the heads are upright enough."""
    lean = usual_lean(landmarks68)
    if not lean >= _ON_ITS_SIDE:
        return None
    return (
        f"The head lies on its side here, by about {lean:.0f} degrees, and is measured badly: "
        "turn the footage upright in a video editor and capture it again."
    )
