# SPDX-License-Identifier: GPL-3.0-or-later
"""What to add on top of the ten expression components: blink, gaze and tongue, never twice.

Both the ten components and ARKit's units move the same mesh, and some of the ten close the eyes a
little. So the residual is solved for on the mesh: of the units of the lids (and the tongue) as much is
added as takes lids, lashes and tongue from where the ten and the gaze leave them to where the 52
ARKit weights want them, and never more than the weights themselves. The gaze is added in full: the
ten turn no eyeball, and a gaze held back for the lids that it drags along would look elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .morphable_model import MorphableModel
from .names import ARKIT_NAMES

#: The units that may be added; the ten carry the others.
RESIDUAL_UNITS: tuple[int, ...] = tuple(
    i for i, name in enumerate(ARKIT_NAMES) if name.startswith("eye") or name == "tongueOut"
)
#: Those of them that turn the eyeballs.
_GAZE: tuple[int, ...] = tuple(i for i in RESIDUAL_UNITS if ARKIT_NAMES[i].startswith("eyeLook"))
#: A vertex takes part when one of these units moves it by at least this share of the unit's largest offset.
_TAKES_PART = 0.1
#: Pull of each weight to ARKit's own value, as a share of the unit's energy: it decides between
#: units that do nearly the same (looking down lowers the lid like a little blink).
_RIDGE = 0.02
_SWEEPS = 30


def arkit_residual(model: MorphableModel, expression: ArrayLike, arkit: ArrayLike) -> NDArray[np.float64]:
    """ARKit weights (N, 52) to add to the head that shows the ten expression weights.

    Minimises ‖E·expression + A·w − A·arkit‖² over the vertices of lids, lashes, eyeballs and tongue
    with 0 ≤ w ≤ arkit, by coordinate descent over all frames at once; w = arkit for the gaze and 0 outside
    RESIDUAL_UNITS.

    Args:
        expression: (N, 10) weights of the expression components.
        arkit: (N, 52) weights of the ARKit units, 0…1.
    """
    b, a = np.asarray(expression, dtype=np.float64), np.clip(np.asarray(arkit, dtype=np.float64), 0.0, 1.0)
    problem = _Problem.of(model)
    units, normal = problem.units, problem.normal
    # Units first: each step works on one unit's values in all frames.
    limit = np.ascontiguousarray(a[:, units].T)
    right = problem.from_arkit @ a.T - problem.from_expression @ b.T + limit * problem.pull[:, None]
    weights = limit.copy()
    step = np.empty(len(a))
    for _ in range(_SWEEPS):
        for u in problem.solved:
            np.dot(normal[u], weights, out=step)
            np.subtract(right[u], step, out=step)
            step /= normal[u, u]
            weights[u] += step
            # Faster than np.clip on so few numbers.
            np.minimum(weights[u], limit[u], out=weights[u])
            np.maximum(weights[u], 0.0, out=weights[u])
    result = np.zeros_like(a)
    result[:, units] = weights.T
    return result


@dataclass(frozen=True, eq=False)
class _Problem:
    """The normal equations of U residual units on the vertices that they move."""

    units: NDArray[np.intp]  # (U,)
    normal: NDArray[np.float64]  # (U, U), pull included
    pull: NDArray[np.float64]  # (U,)
    solved: tuple[int, ...]  # places of those that are solved for; the others are as large as asked
    from_arkit: NDArray[np.float64]  # (U, 52), what is wanted …
    from_expression: NDArray[np.float64]  # (U, 10), … and what is there already

    @classmethod
    @lru_cache(maxsize=4)
    def of(cls, model: MorphableModel) -> _Problem:
        """For a model; worked out once."""
        units = np.array(RESIDUAL_UNITS)
        vertices = _moved_vertices(model, units)
        shown, wanted = _columns(model.expression_basis, vertices), _columns(model.arkit_basis, vertices)
        added = wanted[:, units]
        normal: NDArray[np.float64] = added.T @ added
        pull: NDArray[np.float64] = _RIDGE * np.diagonal(normal)
        solved = tuple(u for u in range(len(units)) if units[u] not in _GAZE and normal[u, u] > 0.0)
        return cls(units, normal + np.diag(pull), pull, solved, added.T @ wanted, added.T @ shown)


def _moved_vertices(model: MorphableModel, units: NDArray[np.intp]) -> NDArray[np.intp]:
    offset = np.linalg.norm(model.arkit_basis[units], axis=-1)
    largest = offset.max(axis=1, keepdims=True)
    return np.nonzero(((offset >= _TAKES_PART * largest) & (offset > 0.0)).any(axis=0))[0]


def _columns(basis: NDArray, vertices: NDArray[np.intp]) -> NDArray[np.float64]:
    """A basis (M, V, 3) at some vertices as a matrix (3·vertices, M)."""
    return basis[:, vertices].reshape(len(basis), -1).T.astype(np.float64)
