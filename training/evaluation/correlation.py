# SPDX-License-Identifier: GPL-3.0-or-later
"""How well one curve follows another, over the frames where both exist."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: A channel moves in a clip where the reference's standard deviation over the shared frames reaches this:
#: a lone blink of height 0.5 over four frames in a hundred gives 0.1, a still face's noise stays below 0.03.
MOVING = 0.05
#: Fewer shared frames than this say nothing about a curve.
FEWEST_FRAMES = 20


def correlation(measured: NDArray, reference: NDArray) -> float:
    """Pearson's correlation of two curves (N,) over the frames where both are finite.

    A measured curve that stands still has followed nothing: 0. NaN where the reference itself stands still or
    fewer than two frames are shared.
    """
    shared = np.isfinite(measured) & np.isfinite(reference)
    if shared.sum() < 2:
        return float("nan")
    a = np.asarray(measured, dtype=np.float64)[shared]
    b = np.asarray(reference, dtype=np.float64)[shared]
    a, b = a - a.mean(), b - b.mean()
    if not b.any():
        return float("nan")
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0.0 else 0.0


def moving_correlations(measured: NDArray, reference: NDArray, threshold: float = MOVING) -> NDArray[np.float64]:
    """Correlation of each channel (C,) of two tracks (N, C); NaN for a channel that does not move in the reference.

    A channel moves where the reference's standard deviation over the frames that both tracks have is at least
    ``threshold``. With fewer than ``FEWEST_FRAMES`` shared frames nothing counts.
    """
    shared = np.isfinite(measured).all(axis=1) & np.isfinite(reference).all(axis=1)
    count = measured.shape[1]
    result = np.full(count, np.nan)
    if shared.sum() < FEWEST_FRAMES:
        return result
    for channel in range(count):
        if reference[shared, channel].std() >= threshold:
            result[channel] = correlation(measured[shared, channel], reference[shared, channel])
    return result


def pooled_correlation(measured: list[NDArray], reference: list[NDArray]) -> float:
    """Correlation of one channel over several clips [(N,), …] put end to end.

    Unlike the mean over clips it also counts how the clips' levels compare.
    """
    return correlation(np.concatenate(measured), np.concatenate(reference))
