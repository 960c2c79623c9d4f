# SPDX-License-Identifier: GPL-3.0-or-later
"""The mirror symmetry of a finished morphable model: vertex map and parity of each component."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import PARAMETER_COUNT

from .symmetric_pca import mirrored


def vertex_mirror(model: MorphableModel) -> NDArray[np.int64]:
    """(V,) mirror image of each vertex, by position and motion (coincident vertices differ in how they move).

    Raises:
        ValueError: the model is not symmetric.
    """

    flip = np.array([-1.0, 1.0, 1.0])
    _, mirror = cKDTree(model.mean).query(model.mean * flip)
    if not (mirror[mirror] == np.arange(len(mirror))).all():
        raise ValueError("the morphable model's mean is not mirror-symmetric")
    return mirror


def component_parity(model: MorphableModel) -> NDArray[np.float64]:
    """(50,) +1 for a component that is its own mirror image, −1 for one that is the negative of it."""
    mirror = vertex_mirror(model)
    bases = np.concatenate([model.shape_basis, model.expression_basis])
    correlation = (bases * mirrored(bases, mirror)).sum(axis=(1, 2)) / (bases**2).sum(axis=(1, 2))
    if len(bases) + 12 != PARAMETER_COUNT or (np.abs(correlation) < 0.98).any():
        raise ValueError("a component of the morphable model is neither symmetric nor antisymmetric")
    return np.sign(correlation)
