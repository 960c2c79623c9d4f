# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pass over footage gathers, frame by frame, until it becomes a Take."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .footage.missing_frames import believable_rate, with_missing
from .footage.video import Frame
from .names import ARKIT_NAMES, PARAMETER_COUNT
from .take import Take, TakeHeader
from .tracking.tracker import FaceFit
from .tracking.upright_reader import Reading


@dataclass(eq=False)
class Track:
    """The frames in order, and what was found in them."""

    times: list[float] = field(default_factory=list)
    fits: list[FaceFit | None] = field(default_factory=list)  # None = lost
    indices: list[int] = field(default_factory=list)  # which frame of the file, counted by its reader
    width: int = 0
    height: int = 0
    readings: list[Reading | None] = field(default_factory=list)  # of some upright faces; empty: nobody read any

    def __len__(self) -> int:
        return len(self.times)

    def add(self, frame: Frame, fit: FaceFit | None) -> None:
        """Keep what was found in the next frame, in little memory."""
        self.height, self.width = frame.view.shape[:2]
        self.times.append(frame.time)
        self.indices.append(frame.index)
        if fit is not None:
            fit = FaceFit(fit.params, fit.confidence, fit.roi, fit.landmarks68.astype(np.float32), fit.arkit)
        self.fits.append(fit)

    def continued(self, later: Track, place: int) -> Track:
        """This track, then another one from behind its ``place``, where it has this one's last frame."""
        shift = self.indices[-1] - later.indices[place]
        behind = slice(place + 1, None)
        return Track(
            self.times + later.times[behind],
            self.fits + later.fits[behind],
            self.indices + [index + shift for index in later.indices[behind]],
            later.width,
            later.height,
            self.readings + later.readings[behind],
        )

    @property
    def decoded(self) -> int:
        """Frames of the file up to the last one that was looked at."""
        return self.indices[-1] + 1 if self.indices else 0

    def take(self, header: TakeHeader) -> Take:
        """All of it as arrays."""
        read = self.readings or [None] * len(self.fits)
        times, found = with_missing(self.times, list(zip(self.fits, read, strict=True)))
        header = replace(header, fps=believable_rate(header.fps, self.times))
        count = len(times)
        params = np.full((count, PARAMETER_COUNT), np.nan, np.float32)
        confidence = np.zeros(count, np.float32)
        roi = np.full((count, 4), np.nan)
        landmarks68 = np.full((count, 68, 3), np.nan, np.float32)
        arkit = np.full((count, len(ARKIT_NAMES)), np.nan, np.float32)
        read_weights = np.full_like(arkit, np.nan)
        for i, (fit, reading) in enumerate(each or (None, None) for each in found):
            if fit is not None:
                params[i], confidence[i], roi[i] = fit.params, fit.confidence, fit.roi
                landmarks68[i], arkit[i] = fit.landmarks68, fit.arkit
            if reading is not None:
                read_weights[i] = reading.weights
        readings = _between(read_weights, confidence > 0.0) if self.readings else None
        return Take(np.array(times), params, confidence, roi, landmarks68, arkit, header, readings=readings)


def _between(weights: NDArray[np.float32], seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Weights (N, 52) of all frames in which a face is ``seen`` (N,), those that were not read (NaN) between those that
    were; never across frames without a face."""
    result, frames = weights.copy(), np.arange(len(weights))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], seen, [False]])))
    for first, end in edges.reshape(-1, 2):
        part = frames[first:end]
        read = part[np.isfinite(weights[part, 0])]
        if len(read):
            columns = [np.interp(part, read, weights[read, channel]) for channel in range(weights.shape[1])]
            result[part] = np.stack(columns, axis=1)
    return result
