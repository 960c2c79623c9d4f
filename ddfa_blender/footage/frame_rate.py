# SPDX-License-Identifier: GPL-3.0-or-later
"""The rate of footage, from its own time stamps, and as the fraction that editors write it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

#: Frames per second of NTSC television are whole numbers divided by this.
NTSC = 1.001
#: What rounding does to a container's time stamps in all, seconds: the coarsest in use are whole milliseconds.
_STAMP_ERROR = 1e-3
#: Neighbouring intervals that differ by more than that are meant to differ.
_UNEVEN = 1.5 * _STAMP_ERROR


@dataclass(frozen=True)
class FrameRate:
    """``fps`` ÷ ``base`` frames per second, as Blender's scenes have it: 29.97 is 30 ÷ 1.001."""

    fps: int
    base: float = 1.0

    @property
    def value(self) -> float:
        """Frames per second."""
        return self.fps / self.base


def average_rate(time: ArrayLike) -> float:
    """Frames per second of frames at ``time`` (N,) seconds, rising; 0 of a single one.

    >>> average_rate([0.0, 0.1, 0.2])
    10.0
    """
    t = np.asarray(time, dtype=np.float64)
    return float((len(t) - 1) / (t[-1] - t[0])) if len(t) > 1 else 0.0


def is_variable(time: ArrayLike) -> bool:
    """Whether the intervals between frames at ``time`` (N,) differ by more than a container's rounding."""
    intervals = np.diff(np.asarray(time, dtype=np.float64))
    return bool(len(intervals) > 1 and np.ptp(intervals) > _UNEVEN)


def nearest_rate(rate: float, seconds: float) -> FrameRate:
    """The fraction for a ``rate`` that was measured over so many ``seconds``.

    A whole rate, or a whole one ÷ 1.001, where that is within what rounded time stamps can hide: over the whole
    clip it shifts nothing by more than a millisecond. Any other rate is kept as it is.

    >>> nearest_rate(29.970029, 60.0)
    FrameRate(fps=30, base=1.001)
    >>> nearest_rate(24.0, 60.0)
    FrameRate(fps=24, base=1.0)

    Raises:
        ValueError: the rate is not positive.
    """
    if not rate > 0.0:
        raise ValueError(f"not a frame rate: {rate}")
    standard = [FrameRate(max(1, round(rate))), FrameRate(max(1, round(rate * NTSC)), NTSC)]
    best = min(standard, key=lambda candidate: abs(candidate.value - rate))
    # Seconds by which the clip would become longer or shorter.
    if abs(rate / best.value - 1.0) * max(seconds, 0.0) <= _STAMP_ERROR:
        return best
    whole = max(1, round(rate))
    return FrameRate(whole, whole / rate)


def rate_text(rate: float) -> str:
    """For people: ``29.97``, ``24``, ``59.94``.

    >>> rate_text(30 / 1.001), rate_text(24.0)
    ('29.97', '24')
    """
    return f"{rate:.2f}".rstrip("0").rstrip(".")
