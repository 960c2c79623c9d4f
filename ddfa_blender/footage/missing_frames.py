# SPDX-License-Identifier: GPL-3.0-or-later
"""Where footage has no picture for a while (damaged packets, missing files), frames without a face stand in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Found = TypeVar("Found")

#: Seconds without a picture, and intervals of the usual length, above which something is missing.
_LONGEST_PAUSE, _INTERVALS = 0.5, 4.0
#: Frames that stand in for one gap at most.
_MOST = 1000


def believable_rate(rate: float, times: Sequence[float]) -> float:
    """The container's mean ``rate``, or that of most frames at ``times`` (N,) where it is far from theirs.

    A jump of the camera's clock makes a mean rate of a frame in ten minutes.
    """
    intervals = np.diff(np.asarray(times, dtype=np.float64))
    if not len(intervals):
        return rate
    usual = 1.0 / float(np.median(intervals))
    return rate if usual / _INTERVALS <= rate <= usual * _INTERVALS else usual


def with_missing(times: Sequence[float], found: Sequence[Found | None]) -> tuple[list[float], list[Found | None]]:
    """Times (N,) in seconds, rising, and what was found at each, with None at even times in every gap of the footage.

    A gap is an interval of more than half a second and of more than four usual ones.

    >>> with_missing([0.0, 0.1, 0.2, 1.2, 1.3], "abcde")[1]
    ['a', 'b', 'c', None, None, None, None, None, None, None, None, None, 'd', 'e']
    """
    intervals = np.diff(np.asarray(times, dtype=np.float64))
    usual = float(np.median(intervals)) if len(intervals) > 1 else np.inf
    all_times, all_found = [*times[:1]], [*found[:1]]
    for i, interval in enumerate(intervals.tolist()):
        count = 0
        if interval > max(_LONGEST_PAUSE, _INTERVALS * usual):
            count = min(round(interval / usual) - 1, _MOST)
        if count > 0:
            all_times += [float(time) for time in np.linspace(times[i], times[i + 1], count + 2)[1:-1]]
            all_found += [None] * count
        all_times.append(times[i + 1])
        all_found.append(found[i + 1])
    return all_times, all_found
