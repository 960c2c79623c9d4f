# SPDX-License-Identifier: GPL-3.0-or-later
"""Calibrate eyelids by where this actor's lids rest and how far they close.

A resting lid that is measured as a quarter closed must become open, yet a blink must still close the eye: taking the
rest away, as from other channels, would leave every blink three quarters closed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..performance import runs

#: Share of the frames with open eyes below the level at which lids rest; above lie squints and downward gaze.
_OPEN_SHARE = 0.4
#: A clip whose lids never rise this far above where they rest shows no blink.
_SMALLEST_BLINK = 0.2
#: Of the blinks of a clip some are half ones: this share of them is taken to close less than entirely.
_HALF_BLINKS = 0.6
#: Never stretch lids more than this; a barely measured blink would make open eyes tremble.
_LARGEST_GAIN = 2.5


class LidLevels(NamedTuple):
    """What is measured when the eye is open and when it is closed, 0…1."""

    open: float
    closed: float

    def calibrate(self, values: NDArray) -> NDArray[np.float64]:
        """Open → 0, closed → 1; not clamped."""
        return (values - self.open) / (self.closed - self.open)


def lid_levels(values: NDArray, resting: NDArray[np.bool_] | None = None) -> LidLevels:
    """Levels of one eye.

    Args:
        values: (N,) its blink channel; NaN where the face was lost, and at least one value.
        resting: (N,) frames in which the actor rests; the eye counts as open there unless it is closed in most.
    """
    known = values[np.isfinite(values)]
    low, high = np.quantile(known, [0.05, 1.0])
    middle = (low + high) / 2.0 if high - low > _SMALLEST_BLINK else np.inf
    opened = float(np.quantile(known[known < middle], _OPEN_SHARE))
    if resting is not None:
        rested = float(np.nanmedian(values[resting])) if np.isfinite(values[resting]).any() else np.inf
        opened = rested if rested < middle else opened
    opened = min(opened, 1.0 - 1.0 / _LARGEST_GAIN)
    peaks = [float(values[first : last + 1].max()) for first, last in runs(values > middle)]
    if not peaks or max(peaks) < opened + _SMALLEST_BLINK:
        return LidLevels(opened, 1.0)
    closed = float(np.quantile(peaks, _HALF_BLINKS, method="higher"))
    return LidLevels(opened, min(max(closed, opened + 1.0 / _LARGEST_GAIN), 1.0))
