# SPDX-License-Identifier: GPL-3.0-or-later
"""A small symmetric mesh and the bundled model for the tests of the training code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from ddfa_blender.morphable_model import MorphableModel


@dataclass(frozen=True, eq=False)
class SymmetricGrid:
    """A curved sheet that is its own mirror image in x = 0; columns −4…4, rows 0…6."""

    vertices: NDArray[np.float64]
    triangles: NDArray[np.int64]
    mirror: NDArray[np.int64]


@pytest.fixture(scope="session")
def grid() -> SymmetricGrid:
    columns, rows = 9, 7
    x, y = np.meshgrid(np.arange(columns) - 4.0, np.arange(rows, dtype=float))
    vertices = np.stack([x, y, 3.0 - 0.1 * x**2 - 0.05 * (y - 3) ** 2], axis=-1).reshape(-1, 3)
    index = np.arange(columns * rows).reshape(rows, columns)
    corners = [index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]]
    quads = np.stack([corner.ravel() for corner in corners], axis=1)
    triangles = np.concatenate([quads[:, list(each)] for each in ((0, 1, 2), (0, 2, 3), (0, 1, 3), (1, 2, 3))])
    return SymmetricGrid(vertices, triangles, index[:, ::-1].ravel())


@pytest.fixture(scope="session")
def model() -> MorphableModel:
    return MorphableModel.load()
