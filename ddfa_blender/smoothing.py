# SPDX-License-Identifier: GPL-3.0-or-later
"""Zero-phase smoothing: a local quadratic around each frame, by the frames' own times.

This is Savitzky–Golay's filter freed from even spacing: in the middle of a clip the window is
symmetric, so that nothing is delayed, and a quadratic keeps the height of peaks far better than a
mean does. At the ends the window is one-sided.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Frames that a quadratic needs to average at all; with fewer in reach a frame keeps its value.
_MINIMUM_SUPPORT = 4


def smooth(time: ArrayLike, values: ArrayLike, window: float) -> NDArray[np.float64]:
    """Smooth channels (N, …) given at ``time`` (N,) seconds; ``window`` seconds is the full reach, 0 = off."""
    t, v = np.asarray(time, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if window <= 0.0 or len(t) < _MINIMUM_SUPPORT:
        return v.copy()
    first = np.searchsorted(t, t - window / 2.0, side="left")
    last = np.searchsorted(t, t + window / 2.0, side="right")
    reach = int((last - first).max())
    index = first[:, None] + np.arange(reach)
    inside = index < last[:, None]
    index = np.minimum(index, len(t) - 1)
    x = (t[index] - t[:, None]) / (window / 2.0)
    # The tricube weight falls to 0 at the window's rim, so that a frame entering it makes no jump.
    weight = np.where(inside, np.clip(1.0 - np.abs(x) ** 3, 0.0, 1.0) ** 3, 0.0)
    coefficients = _center_row(x, weight)
    alone = np.count_nonzero(weight > 1e-9, axis=1) < _MINIMUM_SUPPORT
    coefficients[alone] = (index[alone] == np.nonzero(alone)[0][:, None]) & inside[alone]
    flat = v.reshape(len(t), -1)
    return np.einsum("nw,nwc->nc", coefficients, flat[index]).reshape(v.shape)


def _center_row(x: NDArray, weight: NDArray) -> NDArray:
    """For each window (N, W): the coefficients that give the fitted quadratic's value at x = 0."""
    powers = np.stack([np.ones_like(x), x, x * x], axis=-1)
    moments = np.einsum("nw,nwi,nwj->nij", weight, powers, powers)
    # Only windows with too few frames are singular; they are replaced afterwards.
    moments += 1e-12 * np.eye(3)
    target = np.broadcast_to(np.array([1.0, 0.0, 0.0])[:, None], (len(x), 3, 1))
    solution = np.linalg.solve(moments, target)[..., 0]
    return weight * np.einsum("nwi,ni->nw", powers, solution)
