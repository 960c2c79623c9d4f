# SPDX-License-Identifier: GPL-3.0-or-later
"""Least squares between bounds for all frames of a clip at once, neighbours in time pulled together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: A sweep ends the search that changes no weight by more than the first, and leaves no limit broken, or kept at a cost
#: with room to spare, by more than the second. So many sweeps end it anyway.
TOLERANCE, LIMIT_TOLERANCE, MOST_SWEEPS = 2e-4, 0.05, 200
#: How a limit's step changes while it stays on the same side, and when it changes sides.
_LONGER, _SHORTER = 1.2, 0.5


class Minimum(NamedTuple):
    """``weights`` (N, C); ``sweeps`` that it took; whether it ``converged``."""

    weights: NDArray[np.float64]
    sweeps: int
    converged: bool


@dataclass(frozen=True, eq=False)
class BoxQuadratic:
    """Σ_t ½ wₜ·normal·wₜ − rightₜ·wₜ + ½ Σ_t couplingₜ·(wₜ₊₁ − wₜ)², 0 ≤ w ≤ upper; N frames, C weights.

    In the frames that are ``held``, limits·w ≤ 0 as well. With a positive definite ``normal`` there is one minimum.
    """

    normal: NDArray[np.float64]  # (C, C) symmetric
    right: NDArray[np.float64]  # (N, C)
    upper: NDArray[np.float64]  # (N, C), 0…1
    coupling: NDArray[np.float64]  # (N − 1, C), 0 = the two frames do not know of each other
    limits: NDArray[np.float64]  # (L, C)
    held: NDArray[np.bool_]  # (N,)

    def value(self, weights: NDArray) -> float:
        """The objective at weights (N, C)."""
        steps = np.diff(weights, axis=0)
        each = weights * (0.5 * weights @ self.normal - self.right)
        return float(each.sum() + 0.5 * (self.coupling * steps**2).sum())

    def minimise(self, start: NDArray) -> Minimum:
        """The minimum, by coordinate descent from ``start`` (N, C).

        Each step finds the best value of one weight in every other frame: these do not depend on each other. After
        each sweep the limits' multipliers follow (:class:`_Multipliers`).
        """
        count = len(self.right)
        if not count:
            return Minimum(np.zeros_like(self.right), 0, True)
        order = np.argsort(np.arange(count) % 2, kind="stable")
        state = _State.of(self, order, np.clip(start, 0.0, self.upper))
        middle = (count + 1) // 2
        parts = [part for part in (slice(0, middle), slice(middle, count)) if part.stop > part.start]
        limits = _Multipliers(self, np.flatnonzero(self.held[order]))
        for sweep in range(1, MOST_SWEEPS + 1):
            change = max(state.sweep(part, self.normal) for part in parts)
            gap = limits.follow(state)
            if change <= TOLERANCE and gap <= LIMIT_TOLERANCE:
                return Minimum(state.in_time(order), sweep, True)
        return Minimum(state.in_time(order), MOST_SWEEPS, False)


class _Multipliers:
    """What the limits cost in each held frame; they rise while a limit is broken and sink while there is room (Uzawa).

    The first step is the one that would do if no weight met a bound. A limit that stays broken on the same side gets
    longer steps, one that changes sides shorter ones.
    """

    def __init__(self, problem: BoxQuadratic, held: NDArray[np.intp]) -> None:
        self._limits, self._held = problem.limits, held
        bend = np.einsum("lc,cl->l", problem.limits, np.linalg.solve(problem.normal, problem.limits.T))
        self._values = np.zeros((len(problem.limits), len(held)))
        self._last = np.zeros_like(self._values)
        self._step = np.ones_like(self._values) / (np.maximum(bend, 1e-12) * max(len(bend), 1))[:, None]

    def follow(self, state: _State) -> float:
        """Raise them by how far the limits are broken, lower them where there is room; the largest of both."""
        gap = self._limits @ state.weights[:, self._held]
        gap = np.where((gap < 0.0) & (self._values == 0.0), 0.0, gap)  # kept, and free
        turned = gap * self._last
        self._step *= np.where(turned > 0.0, _LONGER, np.where(turned < 0.0, _SHORTER, 1.0))
        self._last = gap
        values = np.maximum(self._values + self._step * gap, 0.0)
        state.right[:, self._held] -= self._limits.T @ (values - self._values)
        self._values = values
        return float(np.abs(gap).max(initial=0.0))


@dataclass(frozen=True, eq=False)
class _State:
    """Even frames first, then odd ones; weights before frames: (C, N)."""

    weights: NDArray[np.float64]
    right: NDArray[np.float64]
    upper: NDArray[np.float64]
    before: NDArray[np.float64]  # coupling to the frame before …
    after: NDArray[np.float64]  # … and to the one after
    previous: NDArray[np.intp]  # (N,) place of the frame before …
    following: NDArray[np.intp]  # … and of the one after

    @classmethod
    def of(cls, problem: BoxQuadratic, order: NDArray[np.intp], start: NDArray) -> _State:
        count, channels = problem.right.shape
        place = np.empty(count, np.intp)
        place[order] = np.arange(count)
        none = np.zeros((1, channels))
        before, after = np.concatenate([none, problem.coupling]), np.concatenate([problem.coupling, none])

        def ordered(values: NDArray) -> NDArray[np.float64]:
            return np.array(values[order].T, dtype=np.float64, order="C")

        return cls(
            weights=ordered(start), right=ordered(problem.right), upper=ordered(problem.upper),
            before=ordered(before), after=ordered(after),
            previous=place[np.maximum(order - 1, 0)], following=place[np.minimum(order + 1, count - 1)],
        )  # fmt: skip

    def sweep(self, part: slice, normal: NDArray) -> float:
        """Find the best value of each weight in turn in a part's frames; the largest change."""
        largest = 0.0
        previous, following = self.previous[part], self.following[part]
        for channel, row in enumerate(self.weights):
            before, after, old = self.before[channel, part], self.after[channel, part], row[part]
            downhill = self.right[channel, part] - normal[channel] @ self.weights[:, part]
            downhill += before * (row[previous] - old) + after * (row[following] - old)
            new = old + downhill / (normal[channel, channel] + before + after)
            np.minimum(new, self.upper[channel, part], out=new)
            np.maximum(new, 0.0, out=new)
            largest = max(largest, float(np.abs(new - old).max()))
            row[part] = new
        return largest

    def in_time(self, order: NDArray[np.intp]) -> NDArray[np.float64]:
        """The weights (N, C), frames in their own order."""
        result = np.empty(self.weights.T.shape)
        result[order] = self.weights.T
        return result
