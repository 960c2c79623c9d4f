# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the actor's resting face the neutral one.

Nobody's resting face reads as zero in every channel. What a channel shows at rest is taken away and the remainder
stretched so that its full range is still reached; the ten components, which have no range, are only offset. Eyelids
are calibrated on their own (eyelids.py), and so is the gaze, whose opposite directions share one zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import CaptureError
from ..names import ARKIT_NAMES
from ..performance import Solution
from .channel_groups import BLINKS, GAZE
from .eyelids import lid_levels

#: ``automatic`` finds the resting frames by itself, ``time`` and ``range`` are told them.
NeutralMode = Literal["off", "automatic", "time", "range"]

#: Seconds around a chosen time that count as that moment, so that no single frame's noise becomes the neutral face.
_MOMENT = 0.1
#: A channel that shows more than this in frames which were found automatically is held, not resting; and by how much
#: a channel may be stretched where the user chose the frames.
_LARGEST_FOUND, _LARGEST_CHOSEN = 0.5, 0.9
#: The same for the ten components, in standard deviations, where the frames were found automatically.
_LARGEST_OFFSET = 3.0
#: Nor does a unit rest at a level below which it lies in this share of the clip.
_BELOW_REST = 0.25
#: The calmest share of a clip is looked through for rest, and at least this share of all frames, or seconds, taken.
_CALM_SHARE, _REST_SHARE, _REST_SECONDS = 0.5, 0.1, 0.3
#: Share of a clip in which the eyes count as open.
_OPEN_EYED = 0.7
#: Weight of a standard deviation of an expression component beside an ARKit unit's full weight.
_COMPONENT_WEIGHT = 0.2

_LIDS_AND_GAZE = np.isin(np.arange(len(ARKIT_NAMES)), [*BLINKS, *GAZE.ravel()])


@dataclass(frozen=True)
class NeutralSettings:
    """Which face is neutral, and for which channels."""

    mode: NeutralMode = "off"
    time: float = 0.0  # seconds of the footage, for ``time``
    start: float = 0.0  # seconds of the footage, for ``range``
    end: float = 0.0
    face: bool = True  # the ten components, and ARKit's units but for blinks and gaze
    eyelids: bool = True
    gaze: bool = True

    def __post_init__(self) -> None:
        if self.mode not in get_args(NeutralMode):
            raise CaptureError("The neutral face is `off`, `automatic`, at a `time` or over a `range`.")
        if not all(math.isfinite(seconds) for seconds in (self.time, self.start, self.end)):
            raise CaptureError("The time of the neutral face must be a number of seconds.")
        if self.mode == "range" and self.end < self.start:
            raise CaptureError("The range of the neutral face ends before it starts; swap the two.")


def neutralised(solution: Solution, settings: NeutralSettings) -> Solution:
    """The solution with the resting face at zero; not clamped.

    Raises:
        CaptureError: the face was lost at the chosen time.
    """
    if settings.mode == "off":
        return solution
    resting = resting_frames(solution, settings)
    chosen = settings.mode != "automatic"
    expression, arkit = solution.expression, solution.arkit.copy()
    if settings.face:
        offset = np.median(expression[resting], axis=0)
        expression = expression - (offset if chosen else np.clip(offset, -_LARGEST_OFFSET, _LARGEST_OFFSET))
        columns = np.flatnonzero(~_LIDS_AND_GAZE)
        level = np.median(arkit[np.ix_(resting, columns)], axis=0)
        if not chosen:
            usual = np.quantile(arkit[np.ix_(solution.tracked, columns)], _BELOW_REST, axis=0)
            level = np.minimum(level, usual)
        level = np.minimum(level, _LARGEST_CHOSEN if chosen else _LARGEST_FOUND)
        arkit[:, columns] = (arkit[:, columns] - level) / (1.0 - level)
    if settings.eyelids:
        for column in BLINKS:
            levels = lid_levels(arkit[:, column], resting if chosen else None)
            arkit[:, column] = levels.calibrate(arkit[:, column])
    if settings.gaze:
        # A calm face may look aside for long; what people look at most of the time is straight ahead.
        _center_gaze(arkit, resting if chosen else _open_eyed(solution))
    return replace(solution, expression=expression, arkit=arkit)


def resting_frames(solution: Solution, settings: NeutralSettings) -> NDArray[np.bool_]:
    """(N,) tracked frames that show the neutral face; at least one.

    Raises:
        CaptureError: the face was lost at the chosen time.
    """
    if settings.mode == "automatic":
        return _find_rest(solution)
    start, end = settings.start, settings.end
    if settings.mode == "time":
        start, end = settings.time - _MOMENT, settings.time + _MOMENT
    resting = solution.tracked & (solution.time >= start) & (solution.time <= end)
    if not resting.any():
        raise CaptureError(
            f"The face was not seen between {start:.2f} s and {end:.2f} s of the footage; "
            "choose another moment for the neutral face."
        )
    return resting


def _find_rest(solution: Solution) -> NDArray[np.bool_]:
    """The calm frames with the least in the face, eyes open."""
    known = np.flatnonzero(solution.tracked)
    time, face = solution.time[known], solution.arkit[known]
    face = np.concatenate([face[:, ~_LIDS_AND_GAZE], _COMPONENT_WEIGHT * solution.expression[known]], axis=1)
    wanted = max(math.ceil(_REST_SHARE * len(known)), np.searchsorted(time, time[0] + _REST_SECONDS))
    opened = _open_eyed(solution)[known]
    speed = _speed(time, face)
    calm = opened & (speed <= np.quantile(speed[opened], _CALM_SHARE))
    # ARKit's units start at 0 and rest low; components are signed and rest near their usual value.
    units = face.shape[1] - solution.expression.shape[1]
    rest = np.concatenate([np.quantile(face[:, :units], 0.05, axis=0), np.median(face[calm, units:], axis=0)])
    effort = np.where(calm, np.linalg.norm(face - rest, axis=1), np.inf)
    order = np.argsort(effort, kind="stable")[: min(int(wanted), np.count_nonzero(calm))]
    resting = np.zeros(len(solution), bool)
    resting[known[order]] = True
    return resting


def _open_eyed(solution: Solution) -> NDArray[np.bool_]:
    """(N,) tracked frames but for those in which the eyes are most closed; at least one."""
    lids = solution.arkit[:, BLINKS].max(axis=1)
    return np.asarray(solution.tracked & (lids <= np.quantile(lids[solution.tracked], _OPEN_EYED)))


def _speed(time: NDArray, face: NDArray) -> NDArray[np.float64]:
    """(N,) how fast the face changes around each frame, per second, over a few frames."""
    if len(time) < 2:
        return np.zeros(len(time))
    step = np.linalg.norm(np.diff(face, axis=0), axis=1) / np.diff(time)
    padded = np.concatenate([step[:1], step, step[-1:]])
    return np.maximum(padded[:-1], padded[1:])


def _center_gaze(arkit: NDArray, ahead: NDArray[np.bool_]) -> None:
    """Make the usual gaze of some frames straight ahead, in place; opposite directions become one signed channel."""
    for one, other in GAZE:
        gaze = arkit[:, one] - arkit[:, other]
        rest = float(np.clip(np.median(gaze[ahead]), -_LARGEST_FOUND, _LARGEST_FOUND))
        gaze = np.where(gaze > rest, (gaze - rest) / (1.0 - rest), (gaze - rest) / (1.0 + rest))
        arkit[:, one], arkit[:, other] = np.maximum(gaze, 0.0), np.maximum(-gaze, 0.0)
