# SPDX-License-Identifier: GPL-3.0-or-later
"""Zero-phase smoothing that keeps peaks.

The smoother is a local quadratic around each frame, by the frames' own times: Savitzky–Golay's filter freed from even
spacing. In the middle of a clip the window is symmetric, so that nothing is delayed; at the ends it is one-sided.

However short the window that noise needs, a blink is as short. So the channel is smoothed with the full window, its
half, its quarter and so on, and what each step to a finer window adds is put back as far as it stands out from what
noise alone would add (shrinkage of a redundant wavelet-like transform, with Gao's non-negative garrote). Jitter does
not stand out; blinks, plosives and saccades do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import CaptureError
from .channel_groups import GroupValues

#: Frames that a quadratic needs to average at all; with fewer in reach a frame keeps its value.
_MINIMUM_SUPPORT = 4
#: What a finer window adds counts as real from this many standard deviations of the noise.
_DEVIATIONS = 3.0
#: Frames over which the noise is measured, and the share of a clip that is surely calmer than the rest.
_NOISE_FRAMES = 9
_CALM_SHARE = 0.25
#: A channel that stands perfectly still for more than this share of a clip has no noise.
_STILL_SHARE = 0.9
#: Ratio of the calm share's noise to all noise, where there is nothing but noise: nine frames vary by chance.
_CALM_BIAS = 0.82


@dataclass(frozen=True)
class Smoothing(GroupValues):
    """Full reach of the zero-phase smoothing in seconds for each group of channels; 0 = off.

    All are off by default: what is steady is so because the network is. 0.3 s for the head take three quarters off what
    it still trembles (``python -m tools.default_result``); lips that touch for two frames would not quite.
    """

    keep_peaks: float = 1.0  # 0…1: how much of what stands out from the noise is put back

    def __post_init__(self) -> None:
        self.check(0.0, math.inf, "Smoothing must be 0 seconds (off) or more.")
        if not 0.0 <= self.keep_peaks <= 1.0:
            raise CaptureError("How much of the peaks is kept must lie between 0 and 1.")


class Smoother:
    """Smooths channels given at ``time`` (N,) seconds; what depends on the times alone is worked out once."""

    def __init__(self, time: ArrayLike) -> None:
        self._time = np.asarray(time, dtype=np.float64)
        self._kernels: dict[float, _Kernel] = {}

    def smooth(
        self,
        values: ArrayLike,
        window: float,
        *,
        keep_peaks: float = 0.0,
        floor: float | NDArray = 0.0,
        together: bool = False,
    ) -> NDArray[np.float64]:
        """Smooth channels (N, …).

        Args:
            window: seconds of full reach, 0 = off.
            keep_peaks: 0…1, how much of what stands out from the noise is put back.
            floor: what is smaller is never a peak, in the channels' unit; one for all or (C,).
            together: the channels are one vector, such as a rotation's; it stands out or not as a whole.
        """
        v = np.asarray(values, dtype=np.float64)
        if window <= 0.0 or len(v) < _MINIMUM_SUPPORT:
            return v.copy()
        flat = v.reshape(len(v), -1)
        kernel = self._kernel(window)
        coarse = kernel.apply(flat)
        result = coarse.copy()
        if keep_peaks > 0.0 and flat.shape[1]:
            noise = _noise(flat, together=together)
            while not kernel.is_identity:
                window /= 2.0
                finer = self._kernel(window)
                fine = finer.apply(flat)
                limit = np.hypot(finer.gain_beyond(kernel)[:, None] * (_DEVIATIONS * noise), floor)
                result += keep_peaks * _standing_out(fine - coarse, limit, together=together)
                kernel, coarse = finer, fine
        return result.reshape(v.shape)

    def _kernel(self, window: float) -> _Kernel:
        if window not in self._kernels:
            self._kernels[window] = _Kernel.around(self._time, window)
        return self._kernels[window]


@dataclass(frozen=True, eq=False)
class _Kernel:
    """Coefficients (2R + 1, N): row R + o is the weight of the frame o places after each frame."""

    coefficients: NDArray[np.float64]

    @classmethod
    def around(cls, t: NDArray, window: float) -> _Kernel:
        """The value at each frame of the quadratic fitted to the frames within the window around it."""
        count, half = len(t), window / 2.0
        first = np.searchsorted(t, t - half, side="left")
        last = np.searchsorted(t, t + half, side="right")
        frames = np.arange(count)
        reach = int(max((frames - first).max(), (last - 1 - frames).max()))
        if 2 * reach + 1 < _MINIMUM_SUPPORT:
            return cls(np.ones((1, count)))
        index = frames + np.arange(-reach, reach + 1)[:, None]
        inside = (index >= first) & (index < last)
        x = (t[np.clip(index, 0, count - 1)] - t) / half
        # The tricube weight falls to 0 at the window's rim, so that a frame entering it makes no jump.
        distance = np.abs(x)
        weight = np.where(inside, np.clip(1.0 - distance * distance * distance, 0.0, 1.0) ** 3, 0.0)
        coefficients = _center_row(x, weight)
        alone = np.count_nonzero(weight > 1e-9, axis=0) < _MINIMUM_SUPPORT
        coefficients[:, alone] = 0.0
        coefficients[reach, alone] = 1.0
        return cls(coefficients)

    @property
    def reach(self) -> int:
        """R: frames to each side."""
        return len(self.coefficients) // 2

    @cached_property
    def is_identity(self) -> bool:
        """Whether every frame keeps its value."""
        return self.reach == 0 or bool((self.coefficients[self.reach] == 1.0).all())

    def apply(self, values: NDArray) -> NDArray[np.float64]:
        """Smooth (N, C)."""
        count = len(values)
        result = self.coefficients[self.reach][:, None] * values
        for offset in range(1, min(self.reach, count - 1) + 1):
            before, after = self.coefficients[self.reach - offset], self.coefficients[self.reach + offset]
            result[offset:] += before[offset:, None] * values[:-offset]
            result[:-offset] += after[:-offset, None] * values[offset:]
        return result

    def gain_beyond(self, coarser: _Kernel) -> NDArray[np.float64]:
        """(N,) deviation of what this kernel adds to a coarser one's result, for noise of deviation 1."""
        difference = -coarser.coefficients
        start = coarser.reach - self.reach
        difference[start : start + len(self.coefficients)] += self.coefficients
        return np.sqrt((difference**2).sum(axis=0))


def _center_row(x: NDArray, weight: NDArray) -> NDArray[np.float64]:
    """For each window (W, N): the coefficients that give the fitted quadratic's value at x = 0."""
    powers = [weight]
    for _ in range(4):
        powers.append(powers[-1] * x)
    s0, s1, s2, s3, s4 = (power.sum(axis=0) for power in powers)
    # First row of the inverse of the moments' matrix, by cofactors.
    c0, c1, c2 = s2 * s4 - s3 * s3, s2 * s3 - s1 * s4, s1 * s3 - s2 * s2
    determinant = s0 * c0 + s1 * c1 + s2 * c2
    # Only windows with too few frames are singular; they are replaced afterwards.
    scale = 1.0 / np.where(np.abs(determinant) > 1e-12, determinant, 1.0)
    return (c0 * powers[0] + c1 * powers[1] + c2 * powers[2]) * scale


def _noise(values: NDArray, *, together: bool) -> NDArray[np.float64]:
    """(C,) standard deviation of the noise in (N, C), measured where the clip is calm.

    Where a channel stands perfectly still it tells nothing about its noise, so such frames do not count.
    """
    # Each frame against the middle of its neighbours: for white noise 1.5 times its variance.
    rough = (values[1:-1] - (values[:-2] + values[2:]) / 2.0) ** 2 / 1.5
    if together:
        rough = np.broadcast_to(rough.mean(axis=1, keepdims=True), rough.shape)
    total = np.concatenate([np.zeros((1, rough.shape[1])), np.cumsum(rough, axis=0)])
    length = min(_NOISE_FRAMES, len(rough))
    local = np.sort((total[length:] - total[:-length])[:: max(1, length // 3)] / length, axis=0)
    still = np.count_nonzero(local <= 1e-12, axis=0)
    rank = still + ((len(local) - still) * _CALM_SHARE).astype(int)
    calm = np.take_along_axis(local, np.minimum(rank, len(local) - 1)[None], axis=0)[0]
    calm[still > _STILL_SHARE * len(local)] = 0.0
    return np.sqrt(np.maximum(calm, 0.0)) / _CALM_BIAS


def _standing_out(detail: NDArray, limit: NDArray, *, together: bool) -> NDArray[np.float64]:
    """Of a detail (N, C) all that is far beyond the limit (N, C), and nothing that is within."""
    size = detail * detail
    if together:
        size = size.sum(axis=1, keepdims=True)
        limit = np.sqrt((limit * limit).mean(axis=1, keepdims=True) * detail.shape[1])
    return detail * np.clip(1.0 - limit * limit / np.maximum(size, 1e-30), 0.0, 1.0)
