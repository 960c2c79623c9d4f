# SPDX-License-Identifier: GPL-3.0-or-later
"""Solution → Performance: spikes, neutral face, gaps, smoothing, blinks, balance, gains. Quick enough for a slider."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..face_model import FaceModel
from ..morphable_model import MorphableModel
from ..performance import Performance, Solution
from ..quaternions import continuous
from ..solve import SolveSettings, solve
from ..take import Take
from .channel_groups import (
    ARKIT_FLOOR,
    ARKIT_GROUPS,
    EXPRESSION_FLOOR,
    FACE_GROUPS,
    ROTATION_FLOOR,
    TRANSLATION_FLOOR,
    ExpressionParts,
)
from .full_blinks import full_blinks
from .gains import (
    Balance,
    Gains,
    amplified_arkit,
    amplified_expression,
    amplified_rotations,
    balanced_arkit,
    balanced_expression,
)
from .gaps import GapFill, GapSettings
from .neutral import NeutralSettings, neutralised
from .smoothing import Smoother, Smoothing
from .spikes import SpikeSettings, without_spikes


@dataclass(frozen=True)
class CleanUpSettings:
    """How a Solution becomes a Performance. By default gaps are filled, shut eyes close entirely, and that is all."""

    gaps: GapSettings = field(default_factory=GapSettings)
    spikes: SpikeSettings = field(default_factory=SpikeSettings)
    neutral: NeutralSettings = field(default_factory=NeutralSettings)
    smoothing: Smoothing = field(default_factory=Smoothing)
    balance: Balance = field(default_factory=Balance)
    gains: Gains = field(default_factory=Gains)
    full_blinks: bool = True  # closed eyes close entirely, by the blink alone; never in recordings of other programs


def perform(
    take: Take, model: FaceModel, solving: SolveSettings | None = None, cleaning: CleanUpSettings | None = None
) -> Performance:
    """Solve a Take and clean it.

    Raises:
        CaptureError: the Take cannot be solved, or a setting does not fit it.
    """
    return clean(solve(take, model, solving), model, cleaning)


def clean(solution: Solution, model: FaceModel, settings: CleanUpSettings | None = None) -> Performance:
    """Clean a Solution that was solved with the model.

    Raises:
        CaptureError: the face was lost where the neutral face should be.
    """
    settings = settings or CleanUpSettings()
    solution, spikes = without_spikes(solution, settings.spikes)
    solution = neutralised(solution, settings.neutral)
    fill = GapFill.plan(solution.time, solution.tracked, settings.gaps)
    parts, smoothing, smoother = ExpressionParts.of(model), settings.smoothing, Smoother(solution.time)
    expression, arkit = fill.expression(solution.expression), fill.expression(solution.arkit)
    expression, arkit = _smooth_face(smoother, expression, arkit, smoothing, parts)
    if settings.full_blinks and not solution.recorded and isinstance(model, MorphableModel):
        arkit = full_blinks(arkit, model)
    expression = balanced_expression(expression, settings.balance, parts)
    arkit = amplified_arkit(balanced_arkit(arkit, settings.balance), settings.gains)
    rotation = continuous(fill.rotations(solution.head_rotation))
    rotation = _smooth_head(smoother, rotation, smoothing, ROTATION_FLOOR)
    rotation /= np.linalg.norm(rotation, axis=1, keepdims=True)
    translation = fill.linear(solution.head_translation)
    translation = _smooth_head(smoother, translation, smoothing, TRANSLATION_FLOOR)
    return Performance(
        time=solution.time.copy(),
        expression=amplified_expression(expression, settings.gains, parts),
        arkit=np.clip(arkit, 0.0, 1.0),
        head_rotation=continuous(amplified_rotations(rotation, settings.gains.head)),
        head_translation=translation * settings.gains.head,
        identity=solution.identity.copy(),
        tracked=solution.tracked.copy(),
        spikes=spikes if settings.spikes.threshold > 0.0 else None,
    )


def _smooth_face(
    smoother: Smoother, expression: NDArray, arkit: NDArray, smoothing: Smoothing, parts: ExpressionParts
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """ARKit's channels smoothed as their groups are, and of the components each region's part as its group is."""
    result, units = expression.copy(), arkit.copy()
    count = expression.shape[1]
    for window in set(smoothing.face) - {0.0}:
        groups = [group for group, other in enumerate(smoothing.face) if other == window]
        columns = np.flatnonzero(np.isin(ARKIT_GROUPS, groups))
        floor = np.repeat([EXPRESSION_FLOOR, ARKIT_FLOOR], [count, len(columns)])
        both = np.concatenate([expression, arkit[:, columns]], axis=1)
        smoothed = smoother.smooth(both, window, keep_peaks=smoothing.keep_peaks, floor=floor)
        units[:, columns] = smoothed[:, count:]
        change = smoothed[:, :count] - expression
        # The three regions' parts of a change are all of it, but for what the components cannot tell apart.
        result += change if len(groups) == len(FACE_GROUPS) else change @ parts.region[groups].sum(axis=0).T
    return result, units


def _smooth_head(smoother: Smoother, values: NDArray, smoothing: Smoothing, floor: float) -> NDArray[np.float64]:
    return smoother.smooth(values, smoothing.head, keep_peaks=smoothing.keep_peaks, floor=floor, together=True)
