# SPDX-License-Identifier: GPL-3.0-or-later
"""Smooth transitions, for the mesh's weights and the renderer's masks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def smooth_step(values: NDArray, low: float, high: float) -> NDArray:
    """0 at ``low``, 1 at ``high`` (``low`` may be the larger one), a cubic in between."""
    t = np.clip((values - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)
