# SPDX-License-Identifier: GPL-3.0-or-later
"""Eyes that close, close by ``eyeBlink`` alone and entirely.

On photographs a network names a closed eye by several channels at once: two thirds of a blink, and the rest a gaze that
looks down and a squint. On our head they add up to closed lids, or to a little less, or to lids that cross. A character
whose gaze leaves its lids alone would blink by two thirds. So what all channels together close is what counts: where
that nears what this actor's blinks reach, the blink takes it over, and the gaze no longer looks down behind the lid.
Eyes that close alike are judged by their mean, so that none of a pair stays ajar; those of a wink each by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..morphable_model import MorphableModel
from ..names import ARKIT_NAMES
from ..performance import runs
from ..smoothstep import smoothstep
from .channel_groups import BLINKS

#: iBUG-68 points of the upper and the lower lid that face each other, left and right eye of the face.
_LIDS = (((43, 44), (47, 46)), ((37, 38), (41, 40)))
_LOOKS_DOWN = tuple(ARKIT_NAMES.index(f"eyeLookDown{side}") for side in ("Left", "Right"))
#: Lids less closed than the first stay as they are: squints, downward looks, half blinks. Those that the actor closes
#: further than the second are closed; its least such blinks, but for this share of them, are to reach 1.
_HALF, _CLOSED, _LESS = 0.5, 0.75, 0.25
#: Eyes close alike up to this difference; from the second on it is a wink.
_ALIKE, _WINK = 0.25, 0.45


@dataclass(frozen=True, eq=False)
class LidClosure:
    """How far each unit closes the lids, beside ``eyeBlink`` of that eye."""

    shares: NDArray[np.float64]  # (52, 2): left, right; 1 at the eye's own blink, below 0 what opens the eye

    @classmethod
    @lru_cache(maxsize=4)
    def of(cls, model: MorphableModel) -> LidClosure | None:
        """For a model; worked out once. None: its blinks close nothing."""
        height = model.at_landmarks(model.arkit_basis)[..., 1].astype(np.float64)
        drop = np.stack([
            height[:, list(lower)].mean(axis=1) - height[:, list(upper)].mean(axis=1) for upper, lower in _LIDS
        ], axis=1)  # fmt: skip
        blinks = drop[list(BLINKS), [0, 1]]
        return cls(drop / blinks) if (blinks > 0.0).all() else None

    def closed(self, arkit: NDArray) -> NDArray[np.float64]:
        """(N, 2) how far weights (N, 52) close each eye: 1 = the lids meet, above it they cross."""
        return np.asarray(arkit @ self.shares)


def full_blinks(arkit: NDArray, model: MorphableModel) -> NDArray[np.float64]:
    """Weights (N, 52) of one clip in which closed eyes have a blink of 1 and no downward gaze.

    Between half closed and closed the lids are where they were, or nearer to each other by what this actor's blinks
    lack. A face without blinks is left as it is.
    """
    closure = LidClosure.of(model)
    result = np.array(arkit, dtype=np.float64)
    if closure is None:
        return result
    closed = closure.closed(result)
    for blink, down, own, judged in zip(BLINKS, _LOOKS_DOWN, closed.T, _judged(closed).T, strict=True):
        shut = np.minimum(_HALF + (judged - _HALF) * (1.0 - _HALF) / (_reached(judged) - _HALF), 1.0)
        alone = smoothstep(shut, _CLOSED, 1.0)
        # What is gained, both eyes gain; they become one only as they shut.
        wanted = alone * shut + (1.0 - alone) * np.minimum(own + shut - judged, 1.0)
        others = (1.0 - alone) * (own - result[:, blink])
        moving = judged > _HALF
        result[moving, blink] = np.clip(wanted - others, 0.0, 1.0)[moving]
        result[:, down] *= np.where(moving, 1.0 - alone, 1.0)
    return result


def _judged(closed: NDArray) -> NDArray[np.float64]:
    """(N, 2) by how much eyes that are ``closed`` (N, 2) are taken to close: both by their mean, unless they wink."""
    wink = smoothstep(np.abs(closed[:, 0] - closed[:, 1]), _ALIKE, _WINK)[:, None]
    return np.asarray(wink * closed + (1.0 - wink) * closed.mean(axis=1, keepdims=True))


def _reached(closed: NDArray) -> float:
    """How closed (N,) an eye is in a blink of this actor, at most 1."""
    peaks = np.array([closed[first : last + 1].max() for first, last in runs(closed > _HALF)])
    peaks = peaks[peaks > _CLOSED]
    return min(float(np.quantile(peaks, _LESS, method="lower")), 1.0) if len(peaks) else 1.0
