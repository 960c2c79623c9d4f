# SPDX-License-Identifier: GPL-3.0-or-later
"""Fill the frames in which the face was lost."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .quaternions import slerp

#: ``hold`` keeps the last tracked value, ``interpolate`` goes straight to the next one.
GapMode = Literal["hold", "interpolate"]


class GapFill(NamedTuple):
    """For each of N frames the tracked frames before and after it, and how far it is between them."""

    before: NDArray[np.intp]
    after: NDArray[np.intp]
    share: NDArray[np.float64]  # 0…1

    @classmethod
    def plan(cls, time: NDArray, tracked: NDArray[np.bool_], mode: GapMode) -> GapFill:
        """Plan for frames at ``time`` (N,); before the first and after the last tracked frame values are held.

        Raises:
            ValueError: no frame is tracked.
        """
        known = np.nonzero(tracked)[0]
        if not len(known):
            raise ValueError("no tracked frame")
        frames = np.arange(len(time))
        position = np.searchsorted(known, frames, side="right")
        before = known[np.clip(position - 1, 0, None)]
        after = np.where(tracked, frames, known[np.clip(position, None, len(known) - 1)])
        if mode == "hold":
            after = before
        span = time[after] - time[before]
        share = np.where(span > 0.0, (time - time[before]) / np.where(span > 0.0, span, 1.0), 0.0)
        return cls(before, after, np.clip(share, 0.0, 1.0))

    def linear(self, values: NDArray) -> NDArray[np.float64]:
        """Channels (N, …) with the gaps filled linearly."""
        share = self.share.reshape(-1, *([1] * (values.ndim - 1)))
        return (1.0 - share) * values[self.before] + share * values[self.after]

    def rotations(self, quaternions: NDArray) -> NDArray[np.float64]:
        """Unit quaternions (N, 4) with the gaps filled on the shortest arc."""
        return slerp(quaternions[self.before], quaternions[self.after], self.share)
