# SPDX-License-Identifier: GPL-3.0-or-later
"""A transition without a kink."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def smoothstep(x: NDArray, low: float = 0.0, high: float = 1.0) -> NDArray:
    """From 0 where ``x`` (of any shape) is ``low`` or beyond to 1 at ``high``, a cubic in between.

    ``low`` may be the larger one.
    """
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    result: NDArray = t * t * (3.0 - 2.0 * t)
    return result
