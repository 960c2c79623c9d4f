# SPDX-License-Identifier: GPL-3.0-or-later
"""Fewer keys for hand editing: curves thinned within a bounded error.

Straight lines between the kept keys never leave the curve by more than the tolerance, neither at the dropped keys nor
between them (both are broken lines, and their distance is largest at a key). The key that is farthest from the line is
kept, the two halves are looked at in the same way, and so on (Ramer, Douglas and Peucker, measured along the value
axis, as animation is), for all stretches of all curves at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class ThinnedKeys:
    """Which of a curve's keys stay, and by how much straight lines between them miss the others at most."""

    kept: NDArray[np.intp]  # rising, first and last key among them
    error: float


def thin(
    frames: ArrayLike, values: ArrayLike, tolerance: float, filled: NDArray[np.bool_] | None = None
) -> ThinnedKeys:
    """Thin a curve (K,), or several (K, C) that keep the same keys, such as a quaternion's.

    Both ends stay, each turn back by more than the tolerance with its exact height, and the keys on both sides of
    every border of a gap.

    Args:
        frames: (K,) rising.
        tolerance: largest departure of any value, in its unit; 0 drops only what lies on a straight line.
        filled: (K,) which keys were filled in, if any.

    Raises:
        ValueError: an array has the wrong shape, a number is not finite, or frames do not rise.
    """
    v = np.asarray(values, dtype=np.float64)
    v = v[:, None] if v.ndim == 1 else v
    if v.ndim != 2:
        raise ValueError(f"expected one curve or a row of curves, got an array of shape {v.shape}")
    return _thin(frames, v[None], np.array([tolerance], dtype=np.float64), filled)[0]


def thin_each(
    frames: ArrayLike, values: ArrayLike, tolerances: ArrayLike, filled: NDArray[np.bool_] | None = None
) -> list[ThinnedKeys]:
    """Thin C curves (K, C), each by itself within its own of the tolerances (C,); see :func:`thin`."""
    v = np.asarray(values, dtype=np.float64)
    limits = np.asarray(tolerances, dtype=np.float64)
    if v.ndim != 2 or limits.shape != v.shape[1:]:
        raise ValueError(f"{v.shape} curves and {limits.shape} tolerances do not fit")
    return _thin(frames, v.T[:, :, None], limits, filled)


def _thin(
    frames: ArrayLike, curves: NDArray, tolerances: NDArray, filled: NDArray[np.bool_] | None
) -> list[ThinnedKeys]:
    """Thin S sets of curves (S, K, C); those of a set keep the same keys, within the set's tolerance (S,)."""
    x = np.asarray(frames, dtype=np.float64)
    _check(x, curves, tolerances, filled)
    sets, count = curves.shape[:2]
    kept = np.zeros((sets, count), bool)
    kept[:, [0, -1]] = True
    if filled is not None:
        border = np.flatnonzero(np.diff(np.asarray(filled, dtype=bool)))
        kept[:, border] = kept[:, border + 1] = True
    for own, curve, tolerance in zip(kept, curves, tolerances.tolist(), strict=True):
        for values in curve.T:
            own[_turns(values, tolerance)] = True
    # What rounding adds to a straight line is no departure from it.
    slack = 1e-12 * np.abs(curves).max(axis=(1, 2))
    errors = _refine(np.tile(x, sets), curves.reshape(sets * count, -1), kept, tolerances + slack)
    return [ThinnedKeys(np.flatnonzero(own), error) for own, error in zip(kept, errors.tolist(), strict=True)]


def _check(x: NDArray, curves: NDArray, tolerances: NDArray, filled: NDArray[np.bool_] | None) -> None:
    count = curves.shape[1]
    if x.shape != (count,) or count == 0 or (filled is not None and np.shape(filled) != (count,)):
        raise ValueError("frames, values and flags must have the same length, at least 1")
    if not all(np.isfinite(numbers).all() for numbers in (x, curves, tolerances)) or (tolerances < 0.0).any():
        raise ValueError("frames, values and tolerances must be finite, tolerances 0 or more")
    if (np.diff(x) <= 0.0).any():
        raise ValueError("frames must rise")


def _turns(values: NDArray, tolerance: float) -> list[int]:
    """Where a curve (K,) turns back by more than the tolerance: its highest and lowest keys in alternation."""
    rising = np.sign(np.diff(values))
    moving = np.flatnonzero(rising)
    # Between turns of any size nothing has to be looked at.
    bends = moving[np.flatnonzero(np.diff(rising[moving])) + 1] if len(moving) else moving
    candidates = [0, *bends.tolist(), len(values) - 1]
    heights = values[candidates].tolist()
    turns: list[int] = []
    high = low = 0
    direction = 0
    for i, height in enumerate(heights):
        if direction >= 0 and height > heights[high]:
            high = i
        if direction <= 0 and height < heights[low]:
            low = i
        if direction >= 0 and heights[high] - height > tolerance:
            turns.append(candidates[high])
            direction, low = -1, i
        elif direction <= 0 and height - heights[low] > tolerance:
            turns.append(candidates[low])
            direction, high = 1, i
    return turns


def _refine(x: NDArray, curves: NDArray, kept: NDArray[np.bool_], limits: NDArray) -> NDArray[np.float64]:
    """Keep more of S·K keys in place until all S sets are within their limits (S,); errors (S,) that remain.

    Works on all keys that are not settled yet: ``left`` and ``right`` are the kept keys around each.
    """
    sets, count = kept.shape
    flat, errors = kept.reshape(-1), np.zeros(sets)
    places = np.arange(sets * count)
    key = np.flatnonzero(~flat)
    left = np.maximum.accumulate(np.where(flat, places, 0))[key]
    right = np.minimum.accumulate(np.where(flat, places, sets * count)[::-1])[::-1][key]
    while len(key):
        share = ((x[key] - x[left]) / (x[right] - x[left]))[:, None]
        missed = np.abs(curves[key] - (curves[left] + share * (curves[right] - curves[left]))).max(axis=1)
        starts = np.flatnonzero(np.diff(left, prepend=-1))
        lengths = np.diff(starts, append=len(key))
        farthest = np.maximum.reduceat(missed, starts)
        owner = left[starts] // count
        splits = farthest > limits[owner]
        np.maximum.at(errors, owner[~splits], farthest[~splits])
        # The first key of each stretch that is as far off as any of it.
        at_farthest = np.flatnonzero(missed == np.repeat(farthest, lengths))
        first = at_farthest[np.searchsorted(at_farthest, starts)]
        flat[key[first[splits]]] = True
        middle = np.repeat(key[first], lengths)
        stay = np.repeat(splits, lengths) & (key != middle)
        key, left, right, middle = key[stay], left[stay], right[stay], middle[stay]
        left, right = np.where(key > middle, middle, left), np.where(key < middle, middle, right)
    return errors
