# SPDX-License-Identifier: GPL-3.0-or-later
"""What tracking and solving need of a morphable model: a linear face with 68 landmarks, with or without a head."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Name of the bundled model's coefficients. Numbers in one basis mean nothing in another.
BUNDLED_BASIS = "bundled"


@dataclass(frozen=True, eq=False)
class FaceModel:
    """S = mean + shape_basis·α_id + expression_basis·α_exp (paper Eq. 1) at V points.

    Millimetres: x to the subject's left, y up, z out of the face; the origin is the head's pivot (top of the
    neck), so that rotating about it is what a head bone does.
    """

    mean: NDArray[np.float32]  # (V, 3)
    shape_basis: NDArray[np.float32]  # (40, V, 3), unit variance per coefficient
    expression_basis: NDArray[np.float32]  # (10, V, 3), unit variance per coefficient
    landmark_vertices: NDArray[np.int32]  # (68, 3), iBUG-68 on triangles …
    landmark_weights: NDArray[np.float32]  # (68, 3), … in barycentric coordinates
    basis: str = field(default=BUNDLED_BASIS, kw_only=True)  # which coefficients these are

    @property
    def skin_vertices(self) -> NDArray[np.bool_]:
        """(V,) where the vertices are skin; here everywhere."""
        return np.ones(len(self.mean), dtype=bool)

    def at_landmarks(self, values: NDArray) -> NDArray:
        """What vertices carry (…, V, 3), at the iBUG-68 points (…, 68, 3)."""
        return np.einsum("lk,...lkc->...lc", self.landmark_weights, values[..., self.landmark_vertices, :])

    @cached_property
    def _landmark_bases(self) -> tuple[NDArray, NDArray, NDArray]:
        """Of the 204 coordinates: mean (204,) and bases (40, 204) and (10, 204)."""
        flat = [self.at_landmarks(basis).reshape(len(basis), -1) for basis in (self.shape_basis, self.expression_basis)]
        return self.at_landmarks(self.mean).ravel(), flat[0], flat[1]

    def landmarks68(self, shape: ArrayLike, expression: ArrayLike) -> NDArray:
        """The iBUG-68 points (…, 68, 3) in millimetres for coefficients (…, 40) and (…, 10)."""
        mean, shape_basis, expression_basis = self._landmark_bases
        points = mean + np.asarray(shape) @ shape_basis + np.asarray(expression) @ expression_basis
        return points.reshape(*points.shape[:-1], 68, 3)

    @cached_property
    def _joint_landmark_basis(self) -> NDArray:
        """Both bases, one below the other: (50, 204)."""
        return np.concatenate(self._landmark_bases[1:])

    def one_landmarks68(self, coefficients: NDArray) -> NDArray:
        """The same (68, 3) of one face, 40 and 10 coefficients in a row (50,): what tracking does for every frame."""
        # `@` could wake all threads of OpenBLAS, which then spin for nothing.
        points = np.einsum("k,kc->c", coefficients, self._joint_landmark_basis)
        points += self._landmark_bases[0]
        return points.reshape(68, 3)
