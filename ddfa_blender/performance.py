# SPDX-License-Identifier: GPL-3.0-or-later
"""The Solution (what the take says, gaps and all) and the Performance (clean channels, ready to be keyed)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Solution:
    """N frames of one actor, raw: where the face was lost every channel is NaN. At least one frame is tracked."""

    time: NDArray[np.float64]  # (N,) seconds since the footage's first frame
    expression: NDArray[np.float64]  # (N, 10), unit variance
    arkit: NDArray[np.float64]  # (N, 52), 0…1
    head_rotation: NDArray[np.float64]  # (N, 4) unit quaternion w, x, y, z in model axes, continuous sign
    head_translation: NDArray[np.float64]  # (N, 3) millimetres in model axes, relative to the clip's median
    identity: NDArray[np.float64]  # (40,), one actor for the whole clip
    tracked: NDArray[np.bool_]  # (N,), False where the face was lost
    recorded: bool = False  # by another program: its channels are its own

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True, eq=False)
class Performance:
    """N frames of one actor; everything is finite, gaps are filled and marked."""

    time: NDArray[np.float64]  # (N,) seconds since the footage's first frame
    expression: NDArray[np.float64]  # (N, 10), unit variance
    arkit: NDArray[np.float64]  # (N, 52), 0…1
    head_rotation: NDArray[np.float64]  # (N, 4) unit quaternion w, x, y, z in model axes, continuous sign
    head_translation: NDArray[np.float64]  # (N, 3) millimetres in model axes, relative to the clip's median
    identity: NDArray[np.float64]  # (40,), one actor for the whole clip
    tracked: NDArray[np.bool_]  # (N,), False where a gap was filled
    spikes: NDArray[np.bool_] | None = None  # (N,), True where a spike was taken out; None = not looked for

    def __len__(self) -> int:
        return len(self.time)

    @property
    def gaps(self) -> NDArray[np.float64]:
        """(G, 2): seconds of the first and the last frame of each gap that was filled."""
        return self.time[runs(~self.tracked)]


def runs(flags: NDArray[np.bool_]) -> NDArray[np.intp]:
    """(R, 2): first and last index of each run of True in (N,)."""
    edges = np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8))
    return np.stack([np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1], axis=1)
