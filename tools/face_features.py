# SPDX-License-Identifier: GPL-3.0-or-later
"""What an animator sees of a face in motion: lips, corners of the mouth, lids, brows, jaw and gaze, as lengths.

Measured on 70 points in the head's axes: the 68 of iBUG and the middle of the left and of the right iris. A length is
the same whether the points come from footage, from the labels' teacher or from a mesh, so that their curves compare.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.arkit.lips import inner_lips_apart
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import REGION_NAMES
from ddfa_blender.projection import Pose

POINTS = 70
_LEFT_IRIS, _RIGHT_IRIS = 68, 69
#: iBUG-68: outer and inner corner of the left and of the right eye.
_LEFT_EYE, _RIGHT_EYE = (45, 42), (36, 39)
_EYES = (*_LEFT_EYE, *_RIGHT_EYE)

Points = NDArray[np.float64]  # (N, 70, 2 or 3): x to the subject's left, y up


def _x(points: Points, *index: int) -> NDArray[np.float64]:
    return np.asarray(points[:, list(index), 0].mean(axis=1))


def _y(points: Points, *index: int) -> NDArray[np.float64]:
    return np.asarray(points[:, list(index), 1].mean(axis=1))


def _gaze_aside(points: Points) -> NDArray[np.float64]:
    return _x(points, _LEFT_IRIS, _RIGHT_IRIS) - _x(points, *_EYES)


def _gaze_up(points: Points) -> NDArray[np.float64]:
    return _y(points, _LEFT_IRIS, _RIGHT_IRIS) - _y(points, *_EYES)


#: Lengths (N,) by name; left and right are the subject's.
FEATURES: dict[str, Callable[[Points], NDArray[np.float64]]] = {
    "lips apart": inner_lips_apart,
    "jaw dropped": lambda p: _y(p, *_EYES) - _y(p, 8),
    "upper lip up": lambda p: _y(p, 61, 62, 63) - _y(p, *_EYES),
    "mouth wide": lambda p: _x(p, 54) - _x(p, 48),
    "left corner up": lambda p: _y(p, 54) - _y(p, *_EYES),
    "right corner up": lambda p: _y(p, 48) - _y(p, *_EYES),
    "left corner above right": lambda p: _y(p, 54) - _y(p, 48),
    "mouth to the left": lambda p: _x(p, 54, 48) - _x(p, *_EYES),
    "left lids apart": lambda p: _y(p, 43, 44) - _y(p, 47, 46),
    "right lids apart": lambda p: _y(p, 37, 38) - _y(p, 41, 40),
    "left brow up": lambda p: _y(p, 22, 23, 24, 25, 26) - _y(p, *_LEFT_EYE),
    "right brow up": lambda p: _y(p, 17, 18, 19, 20, 21) - _y(p, *_RIGHT_EYE),
    "inner brows up": lambda p: _y(p, 21, 22) - _y(p, *_EYES),
    "gaze to the left": _gaze_aside,
    "gaze up": _gaze_up,
}
#: Those of the irises: behind closed lids nobody sees them.
GAZE = ("gaze to the left", "gaze up")


def eye_distance(points: Points) -> NDArray[np.float64]:
    """Distance (N,) between the outer corners of the eyes."""
    return np.asarray(np.linalg.norm(points[:, _LEFT_EYE[0]] - points[:, _RIGHT_EYE[0]], axis=-1))


def measured(points: Points, unit: float) -> dict[str, NDArray[np.float64]]:
    """Each feature (N,) of points, in hundredths of ``unit``; NaN where a point is."""
    return {name: 100.0 * feature(points) / unit for name, feature in FEATURES.items()}


@dataclass(frozen=True, eq=False)
class HeadPoints:
    """The 70 points of a model's head, all linear in its coefficients."""

    mean: NDArray[np.float64]  # (70, 3)
    shape_basis: NDArray[np.float64]  # (40, 70, 3)
    expression_basis: NDArray[np.float64]  # (10, 70, 3)
    arkit_basis: NDArray[np.float64]  # (52, 70, 3)

    @classmethod
    def of(cls, model: MorphableModel) -> HeadPoints:
        """Those of a model."""
        irises = [_foremost(model, name) for name in ("eye_left", "eye_right")]

        def at_points(values: NDArray) -> NDArray[np.float64]:
            points = [model.at_landmarks(values), values[..., irises, :]]
            return np.concatenate(points, axis=-2).astype(np.float64)

        bases = model.mean, model.shape_basis, model.expression_basis, model.arkit_basis
        return cls(*(at_points(basis) for basis in bases))

    def neutral(self, identity: NDArray) -> NDArray[np.float64]:
        """(70, 3) of an identity (40,)."""
        return self.mean + np.tensordot(identity, self.shape_basis, axes=1)

    def shown(self, identity: NDArray, arkit: NDArray, expression: NDArray | None = None) -> Points:
        """(N, 70, 3) of a head with the weights (N, 52) and, unless None, the components (N, 10)."""
        points = self.neutral(identity) + np.tensordot(arkit, self.arkit_basis, axes=1)
        return points if expression is None else points + np.tensordot(expression, self.expression_basis, axes=1)


def _foremost(model: MorphableModel, region: str) -> int:
    """The vertex of a region that stands out most: an eye's, before it looks anywhere."""
    vertices = np.unique(model.quads[model.quad_regions == REGION_NAMES.index(region)])
    return int(vertices[model.mean[vertices, 2].argmax()])


def in_head(seen: NDArray, neutral: NDArray, pose: Pose, size: Sequence[int]) -> Points:
    """Points of pictures in the head's axes, millimetres (N, 70, 2), as far as a picture shows them.

    What a point stands off the neutral face is turned back; how far it came nearer no picture tells.

    Args:
        seen: (N, 70, 2 or 3) pixels, y down.
        neutral: (70, 3) millimetres.
        pose: N poses, pixels per millimetre, translation from the centre of a picture of ``size`` (width, height).
    """
    pixels = seen[..., :2] * [1.0, -1.0] + np.array([-size[0], size[1]]) / 2.0
    away = (pixels - pose.translation[:, None, :2]) / pose.scale[:, None, None]
    away -= np.einsum("nij,lj->nli", pose.rotation[:, :2], neutral)
    return neutral[:, :2] + np.einsum("nij,nli->nlj", pose.rotation[:, :2, :2], away)
