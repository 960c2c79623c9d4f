# SPDX-License-Identifier: GPL-3.0-or-later
"""Seconds of footage to frames of a scene, and resampling of channels to those frames. No bpy here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.footage.frame_rate import average_rate
from ..ddfa_blender.quaternions import continuous, slerp

if TYPE_CHECKING:
    from .settings import BakeSettings, KeyPlacement

#: A sample this near to a whole frame lies on it: containers round timestamps to a few microseconds.
_FRAME_TOLERANCE = 1e-3
#: Frames of a Blender scene, about.
_MOST_FRAMES = 1_000_000


@dataclass(frozen=True, eq=False)
class Timebase:
    """Which frame of a scene shows which second of the footage. ``rate``: the scene's fps ÷ fps_base.

    Second 0 of the footage is ``frame_start``. ``stretch`` makes the animation that many times as long. With
    ``samples`` (N,), the times of the footage's frames, each of these takes one frame of the scene instead, whatever
    the two rates.
    """

    frame_start: float
    rate: float
    stretch: float = 1.0
    samples: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, settings: BakeSettings, rate: float, seconds: ArrayLike) -> Timebase:
        """For samples at ``seconds`` (N,) in a scene of this ``rate``."""
        if settings.timing == "FRAMES":
            return cls(settings.frame_start, rate, samples=np.asarray(seconds, dtype=np.float64))
        return cls(settings.frame_start, rate, settings.stretch if settings.timing == "STRETCH" else 1.0)

    @property
    def duration_factor(self) -> float:
        """How many times as long as the footage the animation is."""
        return self.stretch if self.samples is None else self._sample_rate / self.rate

    def frame_at(self, seconds: ArrayLike) -> NDArray[np.float64]:
        """Frame numbers, with fractions, of times in seconds."""
        s = np.asarray(seconds, dtype=np.float64)
        if self.samples is None:
            return self.frame_start + s * (self.rate * self.stretch)
        return self.frame_start + _along(s, self.samples, self._sample_numbers, self._sample_rate)

    def seconds_at(self, frame: ArrayLike) -> NDArray[np.float64]:
        """Inverse of :meth:`frame_at`."""
        f = np.asarray(frame, dtype=np.float64) - self.frame_start
        if self.samples is None:
            return f / (self.rate * self.stretch)
        return _along(f, self._sample_numbers, self.samples, 1.0 / self._sample_rate)

    def key_frames(self, seconds: ArrayLike, placement: KeyPlacement) -> NDArray[np.float64]:
        """Frames (K,) to key for samples at ``seconds`` (N,).

        ``SUBFRAME``: one key per sample, where it falls. ``WHOLE``: every whole frame from the first
        sample to the one nearest to the last, whatever the footage's own rate.

        Raises:
            CaptureError: they would be more than Blender has frames: the take's times are wrong.
        """
        frames = self.frame_at(seconds)
        if placement == "SUBFRAME":
            return frames
        first = np.ceil(frames[0] - _FRAME_TOLERANCE)
        last = max(first, np.round(frames[-1]))
        if last - first > _MOST_FRAMES:
            raise CaptureError(
                f"The animation would be {last - first:.0f} frames long; choose a lower frame rate or another take."
            )
        return np.arange(first, last + 1.0)

    @property
    def _sample_rate(self) -> float:
        return average_rate(() if self.samples is None else self.samples) or self.rate

    @property
    def _sample_numbers(self) -> NDArray[np.float64]:
        """The samples' frames counted from the footage's beginning: an in point keeps its distance from there."""
        samples = np.zeros(0) if self.samples is None else self.samples
        return np.round(samples[0] * self._sample_rate) + np.arange(len(samples), dtype=np.float64)


def _along(x: NDArray, xs: NDArray, ys: NDArray, slope: float) -> NDArray[np.float64]:
    """Linear between the points (xs, ys), straight on with ``slope`` beyond both ends."""
    beyond = np.minimum(x - xs[0], 0.0) + np.maximum(x - xs[-1], 0.0)
    return np.asarray(np.interp(x, xs, ys) + slope * beyond, dtype=np.float64)


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
