# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of a movement's peak survives: smoothness alone would reward freezing (../shared/DESIGN.md §7)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

#: A peak's foot is looked for within so many seconds on either side.
_REACH = 0.75
#: A measured peak may come so many frames early or late.
_LAG = 2


class Event(NamedTuple):
    """One peak of the reference: its frame, the frames where its feet are searched, and its height above them."""

    frame: int
    first: int
    last: int
    height: float


class Retention(NamedTuple):
    """``kept`` = sum of the measured heights ÷ sum of the reference's; NaN without an event."""

    events: int
    kept: float

    @classmethod
    def of(cls, measured: list[float], reference: list[float]) -> Retention:
        """From the heights of each event."""
        total = float(sum(reference))
        return cls(len(reference), float(sum(measured)) / total if total > 0.0 else float("nan"))


def _height(curve: NDArray, event: tuple[int, int, int], lag: int) -> float:
    """The peak near the event's frame above the mean of the lowest values on either side of it."""
    frame, first, last = event
    around = slice(max(first, frame - lag), min(last, frame + lag) + 1)
    top = around.start + int(np.argmax(curve[around]))
    feet = curve[first : top + 1].min(), curve[top : last + 1].min()
    return float(curve[top] - (feet[0] + feet[1]) / 2.0)


def find_events(reference: NDArray, time: NDArray, least: float) -> list[Event]:
    """Peaks of a curve (N,) that stand out by at least ``least``; ``time`` (N,) in seconds.

    NaN frames split the curve; a peak is an event only where the frames within its reach are all there.
    """
    step = float(np.median(np.diff(time)))
    reach = max(2, round(_REACH / step))
    present = np.isfinite(reference)
    filled = np.where(present, reference, np.nanmin(reference) if present.any() else 0.0)
    frames, _ = find_peaks(filled, prominence=least, wlen=2 * reach + 1)
    events: list[Event] = []
    for frame in frames:
        first, last = max(0, frame - reach), min(len(reference) - 1, frame + reach)
        if not present[first : last + 1].all():
            continue
        height = _height(filled, (frame, first, last), 0)
        if height >= least:
            events.append(Event(int(frame), first, last, height))
    return events


def peak_heights(measured: NDArray, events: list[Event]) -> tuple[list[float], list[float]]:
    """Heights of the measured curve (N,) at the reference's events, and the reference's own.

    Each is the highest value within two frames of the reference's peak, above the mean of the lowest values before
    and after it, within the same 0.75 s as the reference's. Events with a frame that was not measured are left out.
    """
    pairs = [
        (_height(measured, event[:3], _LAG), event.height)
        for event in events
        if np.isfinite(measured[event.first : event.last + 1]).all()
    ]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]
