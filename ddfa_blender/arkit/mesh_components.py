# SPDX-License-Identifier: GPL-3.0-or-later
"""What 52 ARKit weights look like in the ten components that a frame's mesh is fitted with."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..morphable_model import MorphableModel
from ..refit import FaceSubset


@lru_cache(maxsize=4)
def unit_components(model: MorphableModel) -> NDArray[np.float64]:
    """(52, 10): the components nearest to each unit at weight 1, by least squares over the skin's displacements."""
    skin = model.skin_vertices
    basis, units = (
        values[:, skin].reshape(len(values), -1).astype(np.float64)
        for values in (model.expression_basis, model.arkit_basis)
    )
    return np.asarray(np.linalg.lstsq(basis @ basis.T, basis @ units.T, rcond=None)[0].T, dtype=np.float64)


def without_prior(subset: FaceSubset, expression: NDArray, prior: float) -> NDArray[np.float64]:
    """Refitted components (N, 10) as they would be without the refit's prior, which draws them towards none.

    Args:
        subset: the vertices that they were fitted on.
        prior: as in :func:`ddfa_blender.refit.refit`, millimetres.
    """
    basis = subset.expression_basis.reshape(len(subset.expression_basis), -1)
    gram = basis @ basis.T
    return np.asarray(expression + prior**2 * np.linalg.lstsq(gram, expression.T, rcond=None)[0].T, dtype=np.float64)
