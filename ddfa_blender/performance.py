# SPDX-License-Identifier: GPL-3.0-or-later
"""The Performance: clean channels over time, ready to be keyed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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

    def __len__(self) -> int:
        return len(self.time)
