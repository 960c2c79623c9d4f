# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures of accuracy and steadiness (../shared/DESIGN.md §7); all are shares of the face's box."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: The first of the 68 points that is not on the jaw line.
_FIRST_INNER = 17
#: Share of the box above which an alignment counts as failed.
FAILURE = 0.08


class ErrorSummary(NamedTuple):
    """Over all photos, in percent of the box; ``over_8`` is the percentage of photos above 8 %."""

    mean: float
    median: float
    over_8: float


def box_size(landmarks68: ArrayLike) -> NDArray[np.float64]:
    """√(w·h) of the tight box of points (…, 68, 2 or 3), pixels (…,)."""
    extent = np.ptp(np.asarray(landmarks68, dtype=np.float64)[..., :2], axis=-2)
    return np.sqrt(extent.prod(axis=-1))


def nme68(predicted: ArrayLike, labelled: ArrayLike) -> NDArray[np.float64]:
    """Mean distance of the 68 points (…, 68, 2 or 3) in the picture ÷ the labelled box's size, (…,)."""
    return _distances(predicted, labelled).mean(axis=-1) / box_size(labelled)


def nme51(predicted: ArrayLike, labelled: ArrayLike) -> NDArray[np.float64]:
    """The same over the 51 points inside the jaw line (18–68), divided by the same box."""
    return _distances(predicted, labelled)[..., _FIRST_INNER:].mean(axis=-1) / box_size(labelled)


def stability(predicted: ArrayLike, labelled: ArrayLike) -> float:
    """Mean error of the frame-to-frame offsets of a labelled sequence (N, 68, 2 or 3) ÷ box size (paper, 3.1)."""
    p, q = (np.asarray(x, dtype=np.float64)[..., :2] for x in (predicted, labelled))
    distance = np.linalg.norm(np.diff(p, axis=0) - np.diff(q, axis=0), axis=-1)
    return float((distance.mean(axis=-1) / box_size(q)[1:]).mean())


def jitter(landmarks68: ArrayLike) -> float | None:
    """Mean |second difference| of points (N, 68, 2 or 3) ÷ box size; NaN frames split the sequence.

    None where no three frames in a row are tracked.
    """
    points = np.asarray(landmarks68, dtype=np.float64)[..., :2]
    if len(points) < 3:
        return None
    second = np.linalg.norm(points[2:] - 2.0 * points[1:-1] + points[:-2], axis=-1).mean(axis=-1)
    shares = second / box_size(points)[1:-1]
    shares = shares[np.isfinite(shares)]
    return float(shares.mean()) if len(shares) else None


def summarise(errors: ArrayLike) -> ErrorSummary:
    """Summary of per-photo errors (n,), n ≥ 1, given as shares of the box."""
    e = np.asarray(errors, dtype=np.float64)
    return ErrorSummary(float(100.0 * e.mean()), float(100.0 * np.median(e)), float(100.0 * (e > FAILURE).mean()))


def _distances(predicted: ArrayLike, labelled: ArrayLike) -> NDArray[np.float64]:
    p, q = (np.asarray(x, dtype=np.float64)[..., :2] for x in (predicted, labelled))
    return np.linalg.norm(p - q, axis=-1)
