# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs of units of which a face shows at most one: opposite ways to move the same thing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..names import ARKIT_NAMES

_SIDED = (
    ("eyeBlink", "eyeWide"), ("eyeLookIn", "eyeLookOut"), ("eyeLookUp", "eyeLookDown"), ("mouthSmile", "mouthFrown"),
)  # fmt: skip
#: (P, 2) channels.
EXCLUSIVE_PAIRS = np.array(
    [[ARKIT_NAMES.index(one), ARKIT_NAMES.index(other)] for one, other in (
        ("jawLeft", "jawRight"), ("mouthLeft", "mouthRight"),
        *((one + side, other + side) for one, other in _SIDED for side in ("Left", "Right")),
    )]
)  # fmt: skip
#: Those of them whose common part means nothing. A lid is known far better to be shut than to be wide: what is said of
#: the latter takes nothing off a blink.
_RIVALS = np.array([pair for pair in EXCLUSIVE_PAIRS if not ARKIT_NAMES[pair[0]].startswith("eyeBlink")])


def differences(scores: NDArray) -> NDArray[np.float64]:
    """Scores (N, 52) with each pair's common part taken away, but for blinks and wide eyes.

    A network gives both of a pair a little all the time; what it knows is by how much one exceeds the other. Simply
    dropping the weaker would make the stronger jump where they change places.
    """
    result = np.array(scores, dtype=np.float64)
    pairs = result[:, _RIVALS]  # (N, P, 2)
    result[:, _RIVALS] = pairs - pairs.min(axis=2, keepdims=True)
    return result


def allowed(weights: NDArray) -> NDArray[np.float64]:
    """Upper bounds (N, 52): 0 for the weaker of each pair in weights (N, 52), 1 for all else."""
    upper = np.ones_like(weights, dtype=np.float64)
    one, other = EXCLUSIVE_PAIRS.T
    weaker = np.where(weights[:, one] >= weights[:, other], other, one)
    np.put_along_axis(upper, weaker, 0.0, axis=1)
    return upper
