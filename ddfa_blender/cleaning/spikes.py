# SPDX-License-Identifier: GPL-3.0-or-later
"""Find isolated outliers: a frame or a few that jump away from both neighbours and back, as tracking glitches do.

A running median with a threshold (Hampel's filter) would take every quick movement for an outlier. So a spike must be
very short, leave and return in single jumps that are large beside the movement around it, and land where it left
from: quick movements have flanks, saccades and cuts do not come back.

A blink may have no flanks: in footage it is often one frame long. So while a lid closes or opens, nothing that moves
with it (lids, gaze, brows, the ten components) is ever a spike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ..errors import CaptureError
from ..performance import Solution, runs
from .channel_groups import (
    ARKIT_FLOOR,
    ARKIT_GROUPS,
    BLINKS,
    EXPRESSION_FLOOR,
    FACE_GROUPS,
    GAZE,
    ROTATION_FLOOR,
    TRANSLATION_FLOOR,
)
from .gaps import GapFill

#: One spike, and two frames on each side of it.
_FEWEST_FRAMES = 5
#: Beyond this many times the larger step on either side, what lies between the two is no part of one movement.
_STEPS_AROUND = 3.0
#: Seconds to each side over which a channel's usual step is measured.
_NEIGHBOURHOOD = 0.5
#: A spike must be this many times what is just seen.
_FLOORS = 4.0
#: A lid that lies this much above its lowest level within so many seconds blinks.
_BLINK, _BLINK_SECONDS = 0.08, 0.2
#: Frames may be this much longer than the mean one within the longest spike: containers round their times.
_ROUNDING = 1.02


@dataclass(frozen=True)
class SpikeSettings:
    """When a jump counts as a spike."""

    threshold: float = 0.0  # times the usual step from frame to frame; less finds more; 0 = off
    longest: float = 0.05  # seconds: one frame of film or video, three at 60 frames per second

    def __post_init__(self) -> None:
        if not (math.isfinite(self.threshold) and (self.threshold == 0.0 or self.threshold >= 1.0)):
            raise CaptureError("The spike threshold must be 0 (off) or at least 1.")
        if not (math.isfinite(self.longest) and 0.0 <= self.longest <= 0.5):
            raise CaptureError("The longest spike must last between 0 and 0.5 seconds.")


def without_spikes(solution: Solution, settings: SpikeSettings) -> tuple[Solution, NDArray[np.bool_]]:
    """The solution with spikes bridged, and the frames (N,) in which any channel changed.

    Head, brows, lids, gaze, mouth and components are each looked at as a whole: a glitch seldom hits one channel. A
    frame is bridged in those alone that jumped.
    """
    changed = np.zeros(len(solution), bool)
    if settings.threshold <= 0.0:
        return solution, changed
    expression, arkit = solution.expression.copy(), solution.arkit.copy()
    rotation, translation = solution.head_rotation.copy(), solution.head_translation.copy()
    open_eyed = ~_blinking(solution.time, solution.arkit[:, BLINKS])

    def bridge(values: NDArray, floor: float, columns: NDArray | slice = slice(None), *, blinks: bool = True) -> None:
        vector = values[:, columns]
        found = find_spikes(solution.time, vector, settings, floor=_FLOORS * floor)
        if blinks:
            found &= open_eyed
        if found.any():
            fill = GapFill.plan(solution.time, solution.tracked & ~found).at(found)
            vector[found] = fill.rotations(vector) if values is rotation else fill.linear(vector)
            values[:, columns] = vector
            np.logical_or(changed, found, out=changed)

    bridge(rotation, ROTATION_FLOOR, blinks=False)
    bridge(translation, TRANSLATION_FLOOR, blinks=False)
    bridge(expression, EXPRESSION_FLOOR)
    for name, columns in _ARKIT_VECTORS.items():
        bridge(arkit, ARKIT_FLOOR, columns, blinks=name != "mouth")
    return (
        replace(solution, expression=expression, arkit=arkit, head_rotation=rotation, head_translation=translation),
        changed,
    )


def _arkit_vectors() -> dict[str, NDArray[np.intp]]:
    brows, eyes, mouth = (np.flatnonzero(group == ARKIT_GROUPS) for group in range(len(FACE_GROUPS)))
    gaze = GAZE.ravel()
    return {"brows": brows, "lids": np.setdiff1d(eyes, gaze), "gaze": gaze, "mouth": mouth}


_ARKIT_VECTORS = _arkit_vectors()


def _blinking(time: NDArray, lids: NDArray) -> NDArray[np.bool_]:
    """(N,) frames in which a lid (N, 2) closes or opens, and those beside them."""
    reach = math.ceil(_BLINK_SECONDS / float(np.median(np.diff(time)))) if len(time) > 1 else 1
    padded = np.pad(np.where(np.isfinite(lids), lids, np.inf), ((reach, reach), (0, 0)), constant_values=np.inf)
    lowest = sliding_window_view(padded, 2 * reach + 1, axis=0).min(axis=-1)
    risen = (lids > lowest + _BLINK).any(axis=1)
    beside = risen.copy()
    beside[1:] |= risen[:-1]
    beside[:-1] |= risen[1:]
    return beside


def find_spikes(time: NDArray, values: NDArray, settings: SpikeSettings, *, floor: float = 0.0) -> NDArray[np.bool_]:
    """(N,) frames of a vector (N, C) that are spikes, blinks among them; NaN where it is unknown.

    Jumps smaller than ``floor``, in the vector's unit, are none. One frame may be a spike however long frames are.
    """
    spikes = np.zeros(len(time), bool)
    if settings.threshold <= 0.0 or len(time) < _FEWEST_FRAMES:
        return spikes
    step = np.linalg.norm(np.diff(values, axis=0), axis=1)
    jump = np.maximum(settings.threshold * _usual_step(time, step), floor)
    frame = float(np.median(np.diff(time)))
    longest = max(settings.longest, frame) * _ROUNDING
    most = int(longest / frame)
    for length in range(1, min(most, len(time) - _FEWEST_FRAMES + 1) + 1):
        found = _of_length(values, step, jump, length)
        # Frames of uneven length are judged by their times.
        duration = (time[found + length] - time[found - 1]) * length / (length + 1)
        for offset in range(length):
            spikes[found[duration <= longest] + offset] = True
    for first, last in runs(spikes):
        if last - first >= most:  # overlapping finds: too long for a spike
            spikes[first : last + 1] = False
    return spikes


def _usual_step(time: NDArray, step: NDArray) -> NDArray[np.float64]:
    """(N,) median of the steps (N − 1,) around each frame, where the vector is known at all."""
    known = np.where(np.isfinite(step), step, np.nan)
    length = min(len(step), 1 + 2 * round(_NEIGHBOURHOOD / float(np.median(np.diff(time)))))
    # A median every quarter of the neighbourhood is enough.
    starts = np.unique(np.append(np.arange(0, len(step) - length + 1, max(1, length // 4)), len(step) - length))
    windows = np.sort(sliding_window_view(known, length)[starts], axis=1)  # NaN last
    count = np.isfinite(windows).sum(axis=1)
    median = np.take_along_axis(windows, np.maximum(count // 2, 0)[:, None].clip(max=length - 1), axis=1)[:, 0]
    return np.interp(np.arange(len(time)), starts + length / 2.0, np.where(count > 0, median, 0.0))


def _of_length(values: NDArray, step: NDArray, jump: NDArray, length: int) -> NDArray[np.intp]:
    """First frames of all spikes of exactly ``length`` frames."""
    # Frame i − 1 is the last before the spike and i + length the first after it; one more is needed on each side.
    first = np.arange(2, len(values) - length - 1)
    leaves, returns = step[first - 1], step[first + length - 1]
    around = np.maximum(step[first - 2], step[first + length])
    limit = np.maximum(jump[first], _STEPS_AROUND * around)
    first = first[(leaves > limit) & (returns > limit)]  # never where NaN is near
    if not len(first):
        return first
    before, after = values[first - 1], values[first + length]
    excursion = np.min([_off_segment(values[first + k], before, after) for k in range(length)], axis=0)
    around = np.maximum(step[first - 2], step[first + length])
    return first[excursion > np.maximum(jump[first], _STEPS_AROUND * around)]


def _off_segment(points: NDArray, start: NDArray, end: NDArray) -> NDArray[np.float64]:
    """Distances (M,) of points (M, C) from the segments between two others."""
    along = end - start
    share = ((points - start) * along).sum(axis=1) / np.maximum((along * along).sum(axis=1), 1e-30)
    return np.linalg.norm(points - start - np.clip(share, 0.0, 1.0)[:, None] * along, axis=1)
