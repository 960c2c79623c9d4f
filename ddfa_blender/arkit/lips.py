# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the lips touch: the seam on our mesh, and in which frames the footage shows it closed (B, M, P, rest)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..face_model import FaceModel
from ..morphable_model import MorphableModel
from ..names import ARKIT_NAMES
from ..projection import Pose

#: Points of the upper and the lower lip's inner edge that face each other (iBUG-68).
_INNER_LIPS = ((61, 62, 63), (67, 66, 65))
#: The upper lip moves by less than the first share of the jaw's largest drop, the lower by more than the second.
_UPPER, _LOWER = 0.2, 0.6
#: Vertices of the two lips that lie nearer to each other than this touch on the neutral face, millimetres.
_NEIGHBOURS = 1.5
#: An actor's closed lips may read as so many millimetres apart; they close in this share of a clip's frames …
_LARGEST_LEVEL, _CLOSED_SHARE = 1.5, 0.05
#: … and count as closed up to so many millimetres more.
TOUCHING = 1.0


@dataclass(frozen=True, eq=False)
class LipSeam:
    """P pairs of vertices that touch on the neutral face."""

    upper: NDArray[np.intp]  # (P,)
    lower: NDArray[np.intp]  # (P,)
    left: NDArray[np.bool_]  # (P,) of the mouth's left half
    opening: NDArray[np.float64]  # (52, P) millimetres by which each unit at weight 1 raises the upper from the lower

    @classmethod
    @lru_cache(maxsize=4)
    def of(cls, model: MorphableModel) -> LipSeam:
        """The seam of a model: neighbours that the jaw parts. Worked out once."""
        drop = -model.arkit_basis[ARKIT_NAMES.index("jawOpen"), :, 1].astype(np.float64)
        skin = model.skin_vertices
        upper = np.flatnonzero(skin & (drop < _UPPER * drop.max()))
        lower = np.flatnonzero(skin & (drop > _LOWER * drop.max()))
        points = model.mean.astype(np.float64)
        if len(upper) and len(lower):
            distance = np.linalg.norm(points[upper][:, None] - points[lower][None], axis=-1)
            nearest, back = distance.argmin(axis=1), distance.argmin(axis=0)
            mutual = (back[nearest] == np.arange(len(upper))) & (distance.min(axis=1) < _NEIGHBOURS)
            upper, lower = upper[mutual], lower[nearest[mutual]]
        else:
            upper = lower = np.zeros(0, np.intp)
        units = model.arkit_basis[..., 1].astype(np.float64)
        return cls(upper, lower, points[upper, 0] > 0.0, units[:, upper] - units[:, lower])

    @property
    def halves(self) -> NDArray[np.float64]:
        """(2, 52): the mean opening of either half of the mouth; fewer where the model has no lips there."""
        halves = [half for half in (self.left, ~self.left) if half.any()]
        return np.array([self.opening[:, half].mean(axis=1) for half in halves]).reshape(-1, len(self.opening))

    def mean_gap(self, arkit: NDArray) -> NDArray[np.float64]:
        """Millimetres (N,) that weights (N, 52) open the seam in the mean; 0 where the model has no lips."""
        return np.asarray(self.gap(arkit).mean(axis=1) if len(self.upper) else np.zeros(len(arkit)))

    def gap(self, arkit: NDArray) -> NDArray[np.float64]:
        """Millimetres (N, P) that weights (N, 52) open the seam; negative: the lips are pressed into each other."""
        return np.asarray(arkit @ self.opening, dtype=np.float64)


@dataclass(frozen=True)
class LipReading:
    """How the gap follows from what is seen, fitted on renders (``training.evaluation.arkit_reliability``)."""

    offset: float  # millimetres
    landmarks: float  # per millimetre between the 68 points' inner lips, beyond those of the neutral face
    scores: float  # per millimetre that the network's scores open the seam

    def gap(self, landmark_gap: NDArray, score_gap: NDArray) -> NDArray[np.float64]:
        """Millimetres (N,)."""
        return np.asarray(self.offset + self.landmarks * landmark_gap + self.scores * score_gap, dtype=np.float64)

    def parted(self, landmark_gap: NDArray, score_gap: NDArray) -> NDArray[np.float64]:
        """Millimetres (N,) between the lips in the frames of one clip, beyond what this actor's closed lips read.

        Lips differ: the least gap that an actor shows counts as closed as long as it may well be. Below TOUCHING they
        touch.
        """
        gap = self.gap(landmark_gap, score_gap)
        level = np.clip(np.quantile(gap, _CLOSED_SHARE), 0.0, _LARGEST_LEVEL) if len(gap) else 0.0
        return np.asarray(gap - level)

    def contact(self, landmark_gap: NDArray, score_gap: NDArray) -> NDArray[np.bool_]:
        """(N,) frames of one clip in which the lips touch."""
        return self.parted(landmark_gap, score_gap) < TOUCHING


def inner_lips_apart(points: NDArray) -> NDArray[np.float64]:
    """How far (…,) the inner lips' points of (…, 68, 2 or 3) are apart along y, y up; negative where they cross."""
    upper, lower = (points[..., list(index), 1].mean(axis=-1) for index in _INNER_LIPS)
    return np.asarray(upper - lower, dtype=np.float64)


def landmark_gap(model: FaceModel, identity: NDArray, landmarks68: NDArray, pose: Pose) -> NDArray[np.float64]:
    """Millimetres (N,) between the inner lips' points, beyond those of the neutral face.

    Args:
        identity: (40,) or (N, 40).
        landmarks68: (N, 68, 3) image pixels, y down.
        pose: N poses, pixels per millimetre.
    """
    points = landmarks68[..., :2] * [1.0, -1.0]
    up = pose.rotation[:, :2, 1]  # the head's up axis in the picture
    length = np.linalg.norm(up, axis=1)
    upper, lower = (points[:, list(index)].mean(axis=1) for index in _INNER_LIPS)
    seen = np.einsum("nc,nc->n", upper - lower, up) / np.maximum(length, 0.3) ** 2 / pose.scale
    neutral = model.landmarks68(identity, np.zeros((*np.shape(identity)[:-1], len(model.expression_basis))))
    return np.asarray(seen - inner_lips_apart(neutral), dtype=np.float64)
