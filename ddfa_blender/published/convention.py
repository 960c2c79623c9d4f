# SPDX-License-Identifier: GPL-3.0-or-later
"""From the authors' conventions to ours, folded into the stored model so that no other code knows of them.

=============  =======================================  ===================================
what           the authors                              here (docs/architecture.md)
=============  =======================================  ===================================
model space    micrometres, origin inside the head      millimetres, origin at the pivot
crop pixels    V, x one-based: image x = V_x − 1,       image x = V_x, y = 120 − V_y
               y = 120 − V_y
coefficients   of any size                              unit variance
T[2, 3]        a depth that means nothing               0
=============  =======================================  ===================================

The similarity from our model space to theirs is the one that takes the bundled model's 68 mean landmarks
nearest to theirs: so poses, millimetres and the pivot of both mean the same. All of it is affine in the 62
parameters.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..imported_model import ImportedModel
from ..morphable_model import MorphableModel
from ..names import EXPRESSION_COUNT, PARAMETER_COUNT, SHAPE_COUNT
from ..projection import CROP_SIZE, Pose
from ..refit import procrustes
from .files import PublishedFace, Statistics

#: Name of the coefficients of every model that the authors published.
PUBLISHED_BASIS = "3DDFA-V2"
#: The authors' crop coordinate 1 is our 0 (`similar_transform` in their utils/tddfa_util.py). It ignores that a
#: pixel's centre lies half a pixel from its edge; it is kept, since the published scores were reached with it.
_X_OFFSET = -1.0
#: The landmark branch gives x of all points, then y, in −1…1 of the crop, y down. The authors' code never
#: reads it; against the projected parameters the scale came out as 60.2 and 60.4 and the centre as 60.0.
LANDMARK_SCALE = LANDMARK_CENTER = CROP_SIZE / 2.0


class AffineMap(NamedTuple):
    """``matrix @ values + offset``."""

    matrix: NDArray[np.float64]
    offset: NDArray[np.float64]


def align(face: PublishedFace, bundled: MorphableModel) -> Pose:
    """The similarity from our millimetres to the authors' model space."""
    ours = bundled.landmarks68(np.zeros(SHAPE_COUNT), np.zeros(EXPRESSION_COUNT)).astype(np.float64)
    theirs = face.mean[face.keypoints]
    pose = procrustes(ours[None], theirs[None], np.full(len(ours), 1.0 / len(ours)))
    return Pose(pose.scale[0], pose.rotation[0], pose.translation[0])


def params_map(statistics: Statistics, alignment: Pose) -> AffineMap:
    """What takes the network's z-scored output (62,) to our parameters (62,)."""
    matrix, offset = np.zeros((PARAMETER_COUNT, PARAMETER_COUNT)), np.zeros(PARAMETER_COUNT)
    # The authors' S = scale·R·S' + pivot, so T' = scale·T·R and t' = t + T·pivot.
    for row in range(3):
        linear, translation = slice(4 * row, 4 * row + 3), 4 * row + 3
        matrix[linear, linear] = alignment.scale * alignment.rotation.T
        if row < 2:
            matrix[translation, linear] = alignment.translation
            matrix[translation, translation] = 1.0
    offset[3] = _X_OFFSET
    coefficients = np.arange(12, PARAMETER_COUNT)
    matrix[coefficients, coefficients] = 1.0 / statistics.std[12:]
    return AffineMap(matrix * statistics.std, matrix @ statistics.mean + offset)


def landmarks_map() -> AffineMap:
    """What takes the landmark branch's output (136,) to 68 × (x, y) crop pixels, y down."""
    matrix = np.zeros((136, 136))
    points = np.arange(68)
    matrix[2 * points, points] = matrix[2 * points + 1, 68 + points] = LANDMARK_SCALE
    return AffineMap(matrix, np.full(136, LANDMARK_CENTER))


def imported_model(face: PublishedFace, statistics: Statistics, alignment: Pose) -> ImportedModel:
    """The authors' face in our space, for coefficients of unit variance."""

    def turned(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values @ alignment.rotation / alignment.scale

    std = statistics.std[12:, None, None]
    return ImportedModel(
        mean=turned(face.mean - alignment.translation).astype(np.float32),
        shape_basis=(turned(face.shape_basis) * std[:SHAPE_COUNT]).astype(np.float32),
        expression_basis=(turned(face.expression_basis) * std[SHAPE_COUNT:]).astype(np.float32),
        landmark_vertices=np.repeat(face.keypoints[:, None], 3, axis=1).astype(np.int32),
        landmark_weights=np.tile(np.array([1.0, 0.0, 0.0], np.float32), (68, 1)),
        faces=face.triangles,
        basis=PUBLISHED_BASIS,
    )
