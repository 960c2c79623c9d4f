# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields on the vertices of a mesh that change as little as possible: sparse systems by conjugate gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Operator = Callable[[NDArray], NDArray]


class Graph:
    """Vertices and the edges (E, 2) between them; what is told of a vertex comes from its neighbours alike."""

    def __init__(self, count: int, edges: NDArray) -> None:
        both = np.concatenate([edges, edges[:, ::-1]])
        both = both[np.argsort(both[:, 0], kind="stable")]
        self.count = count
        self._from, self._to = both.T
        self.degree = np.bincount(both[:, 0], minlength=count).astype(np.float64)
        self._filled = np.flatnonzero(self.degree > 0)
        ends = np.cumsum(self.degree[self._filled]).astype(np.int64)
        self._starts = ends - self.degree[self._filled].astype(np.int64)

    def among(self, vertices: NDArray) -> Graph:
        """Only some of the vertices, numbered anew in their order, and the edges between them."""
        number = np.full(self.count, -1, dtype=np.int64)
        number[vertices] = np.arange(len(vertices))
        edges = number[np.column_stack([self._from, self._to])]
        return Graph(len(vertices), edges[(edges[:, 0] >= 0) & (edges[:, 0] < edges[:, 1])])

    def around(self, field: NDArray) -> NDArray[np.float64]:
        """The sum (V, …) of a field (V, …) over each vertex's neighbours."""
        result = np.zeros(field.shape)
        if len(self._to):
            result[self._filled] = np.add.reduceat(field[self._to], self._starts, axis=0)
        return result

    def laplacian(self, field: NDArray) -> NDArray[np.float64]:
        """Degree · field − sum over the neighbours, (V, …); symmetric and never negative."""
        return _each(self.degree, field) * field - self.around(field)

    def products(self, a: NDArray, b: NDArray) -> NDArray[np.float64]:
        """The sum (V, 3, 3) of outer products of the edges' vectors in two states (V, 3) of a mesh."""
        x, y = a[self._to] - a[self._from], b[self._to] - b[self._from]
        result = np.zeros((self.count, 3, 3))
        if len(self._to):
            result[self._filled] = np.add.reduceat(np.einsum("ei,ej->eij", x, y), self._starts, axis=0)
        return result

    def mean_around(self, field: NDArray) -> NDArray[np.float64]:
        """The mean (V, …) of a field over each vertex's neighbours; a vertex without any keeps its own."""
        alone = _each(self.degree, field) == 0.0
        return np.where(alone, field, self.around(field) / np.maximum(_each(self.degree, field), 1.0))

    def smoothed(self, field: NDArray, rounds: int) -> NDArray[np.float64]:
        """A field (V, …) averaged with its neighbours, some rounds over."""
        for _ in range(rounds):
            field = 0.5 * (field + self.mean_around(field))
        return field


@dataclass(frozen=True, eq=False)
class Pull:
    """What draws a field of vectors (V, 3) to wanted ones: fully along ``normals``, by ``sliding`` across them."""

    wanted: NDArray[np.float64]  # (V, 3)
    weight: NDArray[np.float64]  # (V,)
    normals: NDArray[np.float64]  # (V, 3), of unit length; 0 has no direction, so ``sliding`` is all that counts
    sliding: NDArray[np.float64]  # (V,), 0…1

    def apply(self, x: NDArray) -> NDArray[np.float64]:
        """Weights times the vectors (V, 3)."""
        along = np.einsum("vd,vd->v", self.normals, x)[:, None] * self.normals
        return np.asarray(self.weight[:, None] * ((1.0 - self.sliding)[:, None] * along + self.sliding[:, None] * x))


def fitted(graph: Graph, pull: Pull, stiffness: float, bending: float, start: NDArray) -> NDArray[np.float64]:
    """The field (V, 3) that follows a pull and is smooth otherwise.

    Least squares of what the pull says, of differences along the edges (stiffness) and of Laplacians (bending).
    """

    def matrix(x: NDArray) -> NDArray:
        difference = graph.laplacian(x)
        return np.asarray(pull.apply(x) + stiffness * difference + bending * graph.laplacian(difference))

    diagonal = pull.weight + stiffness * graph.degree + bending * (graph.degree**2 + graph.degree)
    return conjugate_gradients(
        matrix, pull.apply(pull.wanted), np.maximum(diagonal, 1e-12), start, tolerance=1e-3, most=120
    )


def conjugate_gradients(
    matrix: Operator, right: NDArray, diagonal: NDArray, start: NDArray | None = None, *,
    tolerance: float = 1e-5, most: int = 400,
) -> NDArray[np.float64]:  # fmt: skip
    """x (V, C) of matrix(x) = right for a symmetric positive operator; columns are solved side by side.

    ``diagonal`` (V,) of the matrix makes it converge faster.
    """
    x = np.zeros_like(right) if start is None else start.copy()
    residual = right - matrix(x)
    scaled = residual / diagonal[:, None]
    direction, old = scaled, (residual * scaled).sum(axis=0)
    goal = tolerance**2 * np.maximum((right * right / diagonal[:, None]).sum(axis=0), 1e-30)
    for _ in range(most):
        if (old <= goal).all():
            break
        image = matrix(direction)
        step = old / np.maximum((direction * image).sum(axis=0), 1e-300)
        x = x + step * direction
        residual = residual - step * image
        scaled = residual / diagonal[:, None]
        new = (residual * scaled).sum(axis=0)
        direction = scaled + (new / np.maximum(old, 1e-300)) * direction
        old = new
    return x


def _each(values: NDArray, field: NDArray) -> NDArray[np.float64]:
    """Values (V,) so that they go with a field (V, …)."""
    return np.asarray(values.reshape(-1, *[1] * (field.ndim - 1)))
