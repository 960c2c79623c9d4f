# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes that another program recorded: ARKit weights and the head's rotation, no picture to fit anything to."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .blend import RESIDUAL_UNITS
from .errors import CaptureError
from .face_model import FaceModel
from .morphable_model import MorphableModel
from .names import ARKIT_NAMES, SHAPE_COUNT
from .performance import Solution
from .quaternions import continuous
from .take import Take

#: Pull of the components to zero, as a share of their mean energy on the mesh: where the ten can do nothing for a
#: shape, they stay small.
_RIDGE = 0.02
#: The units that the ten components stand for; eyes and tongue are added to them (``blend.arkit_residual``).
_CARRIED = np.array([i for i in range(len(ARKIT_NAMES)) if i not in RESIDUAL_UNITS])


def recorded_solution(take: Take, model: FaceModel) -> Solution:
    """The Solution that a recorded take states: its weights and rotations as they are, the mean actor, no movement.

    The ten components are those that come nearest, on the skin, to what the 52 weights do.

    Raises:
        CaptureError: the model has no ARKit units, or the take has no frame with a face.
    """
    if take.head_rotation is None:
        raise ValueError("the take was not recorded by another program")
    if not isinstance(model, MorphableModel):
        raise CaptureError("The take was recorded by another program and needs the bundled model; choose that.")
    tracked = take.tracked
    if not tracked.any():
        raise CaptureError("The take has no frame with a face; record again.")
    nothing = np.where(tracked, 0.0, np.nan)[:, None]
    arkit = np.clip(take.arkit.astype(np.float64), 0.0, 1.0)
    rotation = np.full(take.head_rotation.shape, np.nan)
    rotation[tracked] = continuous(take.head_rotation[tracked])
    return Solution(
        time=take.time.copy(),
        expression=components_of(model, arkit),
        arkit=arkit,
        head_rotation=rotation,
        head_translation=np.repeat(nothing, 3, axis=1),
        identity=np.zeros(SHAPE_COUNT),
        tracked=tracked,
        recorded=True,
    )


def components_of(model: MorphableModel, arkit: ArrayLike) -> NDArray[np.float64]:
    """Weights (N, 10) of the expression components for ARKit weights (N, 52): least squares on the skin's vertices.

    Eyes and tongue take no part.
    """
    weights = np.asarray(arkit, dtype=np.float64)[:, _CARRIED]
    return np.asarray(weights @ _map(model).T, dtype=np.float64)


@lru_cache(maxsize=4)
def _map(model: MorphableModel) -> NDArray[np.float64]:
    """(10, units): components for one unit each."""
    skin = model.skin_vertices
    shown, wanted = (
        basis[:, skin].reshape(len(basis), -1).astype(np.float64)
        for basis in (model.expression_basis, model.arkit_basis[_CARRIED])
    )
    normal = shown @ shown.T
    pull = _RIDGE * np.trace(normal) / len(normal)
    return np.asarray(np.linalg.solve(normal + pull * np.eye(len(normal)), shown @ wanted.T))
