# SPDX-License-Identifier: GPL-3.0-or-later
"""Seconds of footage to frames of a scene, and resampling of channels to those frames. No bpy here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ddfa_blender.quaternions import continuous, slerp

KeyPlacement = Literal["WHOLE", "SUBFRAME"]

#: A sample this near to a whole frame lies on it: containers round timestamps to a few microseconds.
_FRAME_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Timebase:
    """A scene's clock: second 0 of the footage is ``frame_start``; ``rate`` is frames per second (fps ÷ fps_base)."""

    frame_start: float
    rate: float

    def frame_at(self, seconds: ArrayLike) -> NDArray[np.float64]:
        """Frame numbers, with fractions, of times in seconds."""
        return self.frame_start + np.asarray(seconds, dtype=np.float64) * self.rate

    def seconds_at(self, frame: ArrayLike) -> NDArray[np.float64]:
        """Inverse of :meth:`frame_at`."""
        return (np.asarray(frame, dtype=np.float64) - self.frame_start) / self.rate

    def key_frames(self, seconds: ArrayLike, placement: KeyPlacement) -> NDArray[np.float64]:
        """Frames (K,) to key for samples at ``seconds`` (N,).

        ``SUBFRAME``: one key per sample, where it falls. ``WHOLE``: every whole frame from the first
        sample to the one nearest to the last, whatever the footage's own rate.
        """
        frames = self.frame_at(seconds)
        if placement == "SUBFRAME":
            return frames
        first = np.ceil(frames[0] - _FRAME_TOLERANCE)
        last = max(first, np.round(frames[-1]))
        return np.arange(first, last + 1.0)


@dataclass(frozen=True)
class Resampler:
    """Linear interpolation from N samples to K targets, held beyond both ends."""

    lower: NDArray[np.intp]  # (K,), the sample at or before each target
    upper: NDArray[np.intp]  # (K,), the sample at or after it
    fraction: NDArray[np.float64]  # (K,), 0…1 of the way between them

    @classmethod
    def between(cls, seconds: ArrayLike, targets: ArrayLike) -> Resampler:
        """From samples at ``seconds`` (N,) to ``targets`` (K,), both in seconds.

        Raises:
            ValueError: there is no sample, or the times do not rise.
        """
        times = np.asarray(seconds, dtype=np.float64)
        wanted = np.asarray(targets, dtype=np.float64)
        if times.size == 0 or np.any(np.diff(times) <= 0.0):
            raise ValueError("sample times must rise strictly and there must be at least one")
        upper = np.clip(np.searchsorted(times, wanted, side="left"), 0, len(times) - 1)
        lower = np.where(times[upper] > wanted, np.maximum(upper - 1, 0), upper)
        span = times[upper] - times[lower]
        fraction = np.where(span > 0.0, (wanted - times[lower]) / np.where(span > 0.0, span, 1.0), 0.0)
        return cls(lower, upper, np.clip(fraction, 0.0, 1.0))

    def linear(self, values: ArrayLike) -> NDArray[np.float64]:
        """Values (N, …) at the targets (K, …)."""
        v = np.asarray(values, dtype=np.float64)
        t = self.fraction.reshape(-1, *([1] * (v.ndim - 1)))
        return np.asarray(v[self.lower] * (1.0 - t) + v[self.upper] * t, dtype=np.float64)

    def rotations(self, quaternions: ArrayLike) -> NDArray[np.float64]:
        """Unit quaternions (N, 4) at the targets (K, 4), along the shorter arc, with continuous sign."""
        q = np.asarray(quaternions, dtype=np.float64)
        return continuous(slerp(q[self.lower], q[self.upper], self.fraction))

    def nearest(self, values: ArrayLike) -> NDArray:
        """The nearest sample's value, for flags."""
        v = np.asarray(values)
        return np.where(self.fraction < 0.5, v[self.lower], v[self.upper])
