# SPDX-License-Identifier: GPL-3.0-or-later
"""Amplify or quieten channels, and even out or shift the two halves of the face."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..errors import CaptureError
from ..names import ARKIT_NAMES, EXPRESSION_NAMES
from ..quaternions import slerp
from .channel_groups import ARKIT_GROUPS, GAZE_PAIRS, SIDE_PAIRS, SIDEWAYS, ExpressionParts, GroupValues

_CHANNELS = (*EXPRESSION_NAMES, *ARKIT_NAMES)


@dataclass(frozen=True)
class Gains(GroupValues):
    """Factors: one for each group, times one for each channel by its name. The head turns and moves about its mean."""

    head: float = 1.0
    brows: float = 1.0
    eyes: float = 1.0
    mouth: float = 1.0
    channels: Mapping[str, float] = field(default_factory=dict)  # those that are not named keep their strength

    def __post_init__(self) -> None:
        problem = "Gains must be 0 or more, and finite."
        self.check(0.0, 1e6, problem)
        unknown = sorted(set(self.channels) - set(_CHANNELS))
        if unknown:
            raise CaptureError(f"There is no channel {unknown[0]}; use the names of the shape keys.")
        if not all(math.isfinite(gain) and gain >= 0.0 for gain in self.channels.values()):
            raise CaptureError(problem)

    def of(self, names: tuple[str, ...]) -> NDArray[np.float64]:
        """The own gains (C,) of C channels; 1 where a channel has none."""
        return np.array([self.channels.get(name, 1.0) for name in names])


@dataclass(frozen=True)
class Balance:
    """Left against right for each group of the face.

    The shift −1…1 multiplies the left side by 1 + shift and the right side by 1 − shift: 1 leaves the left side alone
    and doubles it. ``symmetrise`` 0…1 pulls both sides to their mean; eyes are pulled to the same gaze, not crossed.
    """

    shift: GroupValues = field(default_factory=GroupValues)
    symmetrise: GroupValues = field(default_factory=GroupValues)

    def __post_init__(self) -> None:
        self.shift.check(-1.0, 1.0, "The balance must lie between −1 (right only) and 1 (left only).")
        self.symmetrise.check(0.0, 1.0, "The symmetry must lie between 0 (as captured) and 1 (both sides alike).")


def balanced_arkit(arkit: NDArray, balance: Balance) -> NDArray[np.float64]:
    """Balance ARKit channels (N, 52); not clamped."""
    result = np.array(arkit, dtype=np.float64)
    even = np.array(balance.symmetrise.face)[ARKIT_GROUPS]
    pairs = np.concatenate([SIDE_PAIRS, GAZE_PAIRS])
    sides = result[:, pairs]  # (N, P, 2)
    result[:, pairs] = sides + even[pairs[:, 0], None] * (sides.mean(axis=2, keepdims=True) - sides)
    result[:, SIDEWAYS] *= 1.0 - even[SIDEWAYS]
    shift = np.array(balance.shift.face)[ARKIT_GROUPS]
    result[:, SIDE_PAIRS] *= 1.0 + shift[SIDE_PAIRS] * [1.0, -1.0]
    return result


def balanced_expression(expression: NDArray, balance: Balance, parts: ExpressionParts) -> NDArray[np.float64]:
    """Balance expression coefficients (N, 10) as nearly as ten components can."""
    even = np.eye(expression.shape[1]) - np.einsum("g,gij->ij", balance.symmetrise.face, parts.asymmetry)
    shifted = np.eye(expression.shape[1]) + np.einsum("g,gij->ij", balance.shift.face, parts.side)
    return expression @ (shifted @ even).T


def amplified_arkit(arkit: NDArray, gains: Gains) -> NDArray[np.float64]:
    """ARKit channels (N, 52) times their gains; not clamped."""
    factors: NDArray[np.float64] = np.array(gains.face)[ARKIT_GROUPS] * gains.of(ARKIT_NAMES)
    return arkit * factors


def amplified_expression(expression: NDArray, gains: Gains, parts: ExpressionParts) -> NDArray[np.float64]:
    """Expression coefficients (N, 10) times their gains; a group's acts on the components' part in its region."""
    beyond = np.array(gains.face) - 1.0
    region = np.eye(expression.shape[1]) + np.einsum("g,gij->ij", beyond, parts.region)
    return expression @ (gains.of(EXPRESSION_NAMES)[:, None] * region).T


def amplified_rotations(quaternions: NDArray, gain: float) -> NDArray[np.float64]:
    """Rotations (N, 4) turned ``gain`` times as far from their mean."""
    if gain == 1.0:
        return quaternions
    mean = np.linalg.eigh(quaternions.T @ quaternions)[1][:, -1]
    return slerp(np.broadcast_to(mean, quaternions.shape), quaternions, np.full(len(quaternions), gain))
