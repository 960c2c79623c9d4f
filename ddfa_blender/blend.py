# SPDX-License-Identifier: GPL-3.0-or-later
"""What to add on top of the ten expression components: blink, gaze and tongue, never twice.

Both the ten components and ARKit's units move the same mesh, and some of the ten close the eyes a
little. So the residual is solved for on the mesh: of the eye units (and the tongue) as much is
added as takes the lids, lashes, eyeballs and tongue from where the ten leave them to where the 52
ARKit weights want them, and never more than the weights themselves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .morphable_model import MorphableModel
from .names import ARKIT_NAMES

#: The units that may be added; the ten carry the others.
RESIDUAL_UNITS: tuple[int, ...] = tuple(
    i for i, name in enumerate(ARKIT_NAMES) if name.startswith("eye") or name == "tongueOut"
)
#: A vertex takes part when one of these units moves it by at least this share of the unit's largest offset.
_TAKES_PART = 0.1
#: Pull of each weight to ARKit's own value, as a share of the unit's energy: it decides between
#: units that do nearly the same (looking down lowers the lid like a little blink).
_RIDGE = 0.02
_SWEEPS = 30


def arkit_residual(model: MorphableModel, expression: ArrayLike, arkit: ArrayLike) -> NDArray[np.float64]:
    """ARKit weights (N, 52) to add to the head that shows the ten expression weights.

    Minimises ‖E·expression + A·w − A·arkit‖² over the vertices of lids, lashes, eyeballs and tongue
    with 0 ≤ w ≤ arkit, by coordinate descent over all frames at once; w is 0 outside RESIDUAL_UNITS.

    Args:
        expression: (N, 10) weights of the expression components.
        arkit: (N, 52) weights of the ARKit units, 0…1.
    """
    b, a = np.asarray(expression, dtype=np.float64), np.clip(np.asarray(arkit, dtype=np.float64), 0.0, 1.0)
    units = np.array(RESIDUAL_UNITS)
    vertices = _moved_vertices(model, units)
    shown = _columns(model.expression_basis, vertices)
    wanted = _columns(model.arkit_basis, vertices)
    added = wanted[:, units]
    normal = added.T @ added
    pull = _RIDGE * np.diag(normal)
    limit = a[:, units]
    right = a @ (wanted.T @ added) - b @ (shown.T @ added) + limit * pull
    normal += np.diag(pull)
    weights = limit.copy()
    for _ in range(_SWEEPS):
        for u in range(len(units)):
            if normal[u, u] <= 0.0:
                continue
            step = (right[:, u] - weights @ normal[:, u]) / normal[u, u]
            weights[:, u] = np.clip(weights[:, u] + step, 0.0, limit[:, u])
    result = np.zeros_like(a)
    result[:, units] = weights
    return result


def _moved_vertices(model: MorphableModel, units: NDArray[np.intp]) -> NDArray[np.intp]:
    offset = np.linalg.norm(model.arkit_basis[units], axis=-1)
    largest = offset.max(axis=1, keepdims=True)
    return np.nonzero(((offset >= _TAKES_PART * largest) & (offset > 0.0)).any(axis=0))[0]


def _columns(basis: NDArray, vertices: NDArray[np.intp]) -> NDArray[np.float64]:
    """A basis (M, V, 3) at some vertices as a matrix (3·vertices, M)."""
    return basis[:, vertices].reshape(len(basis), -1).T.astype(np.float64)
