# SPDX-License-Identifier: GPL-3.0-or-later
"""How wide this actor opens the mouth, beside what the weights found for the clip say.

Scores follow a mouth that opens well, but by how much is another matter: they learnt that from a teacher whose own
scores open our lips by two thirds of what its own points show, and what they make of it differs from actor to actor.
The 68 points see the lips part. They tell one number per clip, by which all that opens and closes the lips is
multiplied: no frame's noise comes in, closed lips stay closed, and a mouth that hardly moves is left as it is.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..morphable_model import MorphableModel
from ..names import ARKIT_NAMES
from .landmark_reading import Movement
from .lips import inner_lips_apart

#: What opens the lips and, of the same size on our head, closes them over a dropped jaw.
OPENERS: tuple[int, ...] = tuple(
    ARKIT_NAMES.index(name)
    for name in (
        "jawOpen", "mouthClose", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    )
)  # fmt: skip
#: The points' gap is wrong by about so many millimetres (docs/arkit-channels.md), all along for so many seconds.
_POINTS_ERROR, _FOR_SECONDS = 2.0, 0.3
#: Without having seen an actor: the number is 1, give or take the first; never is it beyond the other two.
_USUAL_SPREAD, _LEAST, _MOST = 0.3, 0.5, 2.0


def opening_gain(model: MorphableModel, moved: Movement, weights: NDArray, time: NDArray) -> float:
    """By how much the openers of a clip are to be multiplied for its lips to part as its points do.

    The slope of what the points show on what the openers show, the other units' part taken off, both about their means;
    drawn towards 1 as far as the mouth moves too little to tell.

    Args:
        moved: the points of N frames.
        weights: (N, 52) found for them.
        time: (N,) seconds.
    """
    trust, total = moved.trust, float(moved.trust.sum())
    if len(time) < 2 or total <= 0.0:
        return 1.0
    opening = _opening(model)
    openers = np.zeros_like(opening)
    openers[list(OPENERS)] = opening[list(OPENERS)]
    ours = weights @ openers
    seen = inner_lips_apart(moved.points.reshape(len(time), 68, 2)) - weights @ (opening - openers)
    ours, seen = (values - float(trust @ values) / total for values in (ours, seen))
    # Frames that follow each other err alike: together they count as one for each _FOR_SECONDS.
    news = min(float(np.median(np.diff(time))) / _FOR_SECONDS, 1.0) / _POINTS_ERROR**2
    usual = 1.0 / _USUAL_SPREAD**2
    gain = (news * float(trust @ (ours * seen)) + usual) / (news * float(trust @ ours**2) + usual)
    return float(np.clip(gain, _LEAST, _MOST))


@lru_cache(maxsize=4)
def _opening(model: MorphableModel) -> NDArray[np.float64]:
    """Millimetres (52,) by which each unit at weight 1 parts the inner lips' points. Worked out once."""
    units = model.at_landmarks(model.arkit_basis.astype(np.float64))
    return inner_lips_apart(units)
