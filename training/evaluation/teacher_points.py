# SPDX-License-Identifier: GPL-3.0-or-later
"""The teacher's own 68 points: combinations of its 478 landmarks that lie where people put the 68.

Fitted to ``../shared/bench/calibration.npz`` (435 photos that are in no benchmark); each point is a mean of at most
six neighbouring landmarks with weights that are positive and sum to 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from training.faces import SHARED

#: The last ten of the 478 are the irises, which follow the gaze.
_MESH_LANDMARKS = 468
_NEIGHBOURS = 6
#: Weight of the equation that makes the weights sum to 1; the other equations are shares of the face's size.
_SUM_WEIGHT = 100.0


def fit_points(teacher: NDArray, human: NDArray) -> NDArray[np.float64]:
    """Weights (68, 478) that take the teacher's landmarks (n, 478, 2 or 3) nearest to the human points (n, 68, 2)."""
    landmarks = teacher[:, :_MESH_LANDMARKS, :2].astype(np.float64)
    size = np.sqrt(np.ptp(human, axis=1).prod(axis=-1))[:, None, None]
    landmarks, targets = landmarks / size, human.astype(np.float64) / size
    weights = np.zeros((human.shape[1], teacher.shape[1]))
    for point in range(human.shape[1]):
        distance = np.linalg.norm(landmarks - targets[:, point, None], axis=-1).mean(axis=0)
        near = np.argsort(distance)[:_NEIGHBOURS]
        equations = landmarks[:, near].transpose(0, 2, 1).reshape(-1, _NEIGHBOURS)
        rows = np.concatenate([equations, np.full((1, _NEIGHBOURS), _SUM_WEIGHT)])
        values = np.append(targets[:, point].reshape(-1), _SUM_WEIGHT)
        solution = nnls(rows, values)[0]
        weights[point, near] = solution / solution.sum()
    return weights


def read_point_weights() -> NDArray[np.float64]:
    """Weights (68, 478) fitted to the calibration photos."""
    with np.load(SHARED / "bench" / "calibration.npz", allow_pickle=False) as data:
        return fit_points(data["landmarks"], data["landmarks68"])
