# SPDX-License-Identifier: GPL-3.0-or-later
"""What the 68 points' movement within a clip tells of the 52 weights.

Where the points of one picture stand says little: a raised brow and a high brow look alike. Within a clip the person
stays the same, and what moves is the expression. The points follow the network's landmark branch, which sees what the
ten components of the mesh cannot show: one corner of the mouth, a jaw pushed aside, the lids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..face_model import FaceModel
from ..names import ARKIT_NAMES
from ..projection import Pose, euler_degrees

#: Numbers of a frame: 68 points, right and up.
COORDINATES = 136
#: Faces turned to the side by more degrees than the first are believed less, from the second on not at all.
_FRONTAL, _SIDEWAYS = 40.0, 65.0


class Movement(NamedTuple):
    """Of N frames of one clip."""

    points: NDArray[np.float64]  # (N, 136) millimetres that the points stand off the neutral face, x and y in turn
    trust: NDArray[np.float64]  # (N,) 0…1


def movement(
    model: FaceModel, identity: NDArray, landmarks68: NDArray, pose: Pose, width: int, height: int
) -> Movement:
    """How the 68 points stand off those of the clip's neutral face, in the head's axes as far as a picture shows it.

    Args:
        identity: (40,) of the clip.
        landmarks68: (N, 68, 3) image pixels, y down.
        pose: N poses, pixels per millimetre, translation from the centre of an image of ``width`` and ``height``.
    """
    seen = landmarks68[..., :2] * [1.0, -1.0] + [-width / 2.0, height / 2.0]
    seen = (seen - pose.translation[:, None, :2]) / pose.scale[:, None, None]
    neutral = model.landmarks68(identity, np.zeros(len(model.expression_basis)))
    away = seen - np.einsum("nij,lj->nli", pose.rotation[:, :2], neutral)
    in_head = np.einsum("nij,nli->nlj", pose.rotation[:, :2, :2], away)
    yaw = np.abs(euler_degrees(pose.rotation)[:, 0])
    trust = np.clip((_SIDEWAYS - yaw) / (_SIDEWAYS - _FRONTAL), 0.0, 1.0)
    return Movement(in_head.reshape(len(in_head), COORDINATES), trust)


@dataclass(frozen=True, eq=False)
class LandmarkReading:
    """How weights change with the points, and how far that is to be believed.

    Learnt on renders (``training.evaluation.arkit_reliability``).
    """

    weights: NDArray[np.float64]  # (136, 52) change of each weight per millimetre
    information: NDArray[np.float64]  # (52,) inverse of squared errors; 0: the points tell nothing of it

    def expected(self, moved: Movement, found: NDArray) -> NDArray[np.float64]:
        """Weights (N, 52) that change as the points do, about the level of ``found`` (N, 52).

        Where a frame is not to be trusted they are those found.
        """
        trust = moved.trust[:, None]
        total = trust.sum()
        if total <= 0.0:
            return np.array(found, dtype=np.float64)
        changes = (moved.points - (trust * moved.points).sum(axis=0) / total) @ self.weights
        level = (trust * found).sum(axis=0) / total
        return np.asarray(trust * (level + changes) + (1.0 - trust) * found, dtype=np.float64)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> LandmarkReading:
        """Out of what :meth:`to_json` made.

        Raises:
            ValueError, KeyError, TypeError: it is something else.
        """
        weights = np.array([data["weights"][name] for name in ARKIT_NAMES], dtype=np.float64).T
        information = np.array([data["information"][name] for name in ARKIT_NAMES], dtype=np.float64)
        if weights.shape != (COORDINATES, len(ARKIT_NAMES)) or information.shape != (len(ARKIT_NAMES),):
            raise ValueError("not a reading of 68 points")
        if not (np.isfinite(weights).all() and np.isfinite(information).all() and (information >= 0.0).all()):
            raise ValueError("not a reading of 68 points")
        return cls(weights, information)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "information": {name: round(float(x), 2) for name, x in zip(ARKIT_NAMES, self.information, strict=True)},
            "weights": {
                name: [round(float(x), 4) for x in column]
                for name, column in zip(ARKIT_NAMES, self.weights.T, strict=True)
            },
        }
