# SPDX-License-Identifier: GPL-3.0-or-later
"""Lips of the ten components: where the footage shows them touch, the fitted mesh closes them, and no further.

The points of the lips' edges follow lips of every thickness, so that one actor's closed mouth is fitted two millimetres
open and another's two millimetres overlapping. The frames in which the lips are seen to touch (``arkit/lips.py``) tell
by how much; that is taken off, and what is left open there is closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .arkit.lips import TOUCHING, LipSeam
from .morphable_model import MorphableModel

#: Lips that read as so many millimetres apart are wide open: a seam that closes too late says nothing of them.
_WIDE_OPEN = 6.0
#: The seam may open by so many millimetres for each that the lips read beyond touching; the two differ in scale.
_MOST_OPENING = 2.0
#: The iBUG-68 point above which closing lips should move nothing; movement there counts so many times.
_UNDER_THE_NOSE, _ABOVE = 33, 3.0


@dataclass(frozen=True, eq=False)
class _Seam:
    """How the ten components part the lips of a model."""

    opening: NDArray[np.float64]  # (10,) millimetres in the mean over the seam
    own: NDArray[np.float64]  # (40,) millimetres that the identity parts them
    closing: NDArray[np.float64]  # (10,) the change that closes them by a millimetre and moves the skin least

    @classmethod
    @lru_cache(maxsize=4)
    def of(cls, model: MorphableModel) -> _Seam | None:
        """Worked out once; None: the components part no lips."""
        seam = LipSeam.of(model)
        if not len(seam.upper):
            return None
        opening, own = (
            (basis[:, seam.upper, 1].astype(np.float64) - basis[:, seam.lower, 1]).mean(axis=1)
            for basis in (model.expression_basis, model.shape_basis)
        )
        skin, points = model.skin_vertices, model.mean.astype(np.float64)
        above = points[skin, 1] > model.at_landmarks(points)[_UNDER_THE_NOSE, 1]
        basis = model.expression_basis[:, skin].astype(np.float64) * np.where(above, _ABOVE, 1.0)[:, None]
        basis = basis.reshape(len(basis), -1)
        least = np.linalg.lstsq(basis @ basis.T, opening, rcond=None)[0]
        bend = float(opening @ least)
        return cls(opening, own, -least / bend) if bend > 0.0 else None

    def gap(self, identity: NDArray, expression: NDArray) -> NDArray[np.float64]:
        """Millimetres (N,) between the lips; negative: they overlap."""
        return np.asarray(expression @ self.opening + identity @ self.own)


def lip_gap(model: MorphableModel, identity: NDArray, expression: NDArray) -> NDArray[np.float64]:
    """Millimetres (N,) between the lips that the components (N, 10) move on an identity (40,), in the mean over the
    seam; negative: they overlap. 0 where the components part no lips."""
    seam = _Seam.of(model)
    return seam.gap(identity, expression) if seam is not None else np.zeros(len(expression))


def close_lips(model: MorphableModel, identity: NDArray, expression: NDArray, parted: NDArray) -> NDArray[np.float64]:
    """Components (N, 10) of one clip whose lips meet where they are seen to.

    A clip in which they never touch is left as it is.

    Args:
        identity: (40,) of the clip.
        expression: (N, 10) as fitted.
        parted: (N,) millimetres by which the lips read apart (:meth:`LipReading.parted`).
    """
    seam, touching = _Seam.of(model), parted < TOUCHING
    if seam is None or not touching.any():
        return np.array(expression, dtype=np.float64)
    gap = seam.gap(identity, expression)
    level = float(np.median(gap[touching]))
    if level < 0.0:
        wanted = np.maximum(gap, np.minimum(gap - level, 0.0))  # overlapping lips part until they touch, no further
    else:
        wanted = gap - level * np.clip((_WIDE_OPEN - parted) / (_WIDE_OPEN - TOUCHING), 0.0, 1.0)
    wanted = np.minimum(wanted, _MOST_OPENING * np.maximum(parted - TOUCHING, 0.0))
    return np.asarray(expression + (gap - wanted)[:, None] * seam.closing, dtype=np.float64)
