# SPDX-License-Identifier: GPL-3.0-or-later
"""Find where on the mesh a set of tracked points lies, from many views of a moving surface at once.

Each point and each vertex is described by its coordinates in all observations stacked into one long vector;
the place of a point is the barycentric combination whose stacked vector is nearest. Open mouths and closed
eyes among the observations tell upper from lower lips and lids, which one neutral face cannot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class SurfacePoints:
    """``vertices`` (L, 3) mesh indices and ``weights`` (L, 3) barycentric coordinates ≥ 0 that add up to 1."""

    vertices: NDArray[np.int64]
    weights: NDArray[np.float64]

    def of(self, values: NDArray) -> NDArray:
        """Values (…, V, C) at the points: (…, L, C)."""
        return np.einsum("lk,...lkc->...lc", self.weights, values[..., self.vertices, :])


def _simplex_fit(corners: NDArray, target: NDArray) -> tuple[NDArray, float]:
    """Barycentric weights (k,) of the point of the simplex ``corners`` (k, D) nearest to ``target`` (D,); its error.

    Active set by enumeration: corners with negative weight are dropped one by one.
    """
    active = np.arange(len(corners))
    while True:
        origin = corners[active[0]]
        edges = corners[active[1:]] - origin
        weights = np.zeros(len(corners))
        if len(edges):
            inner = np.linalg.lstsq(edges @ edges.T, edges @ (target - origin), rcond=None)[0]
            weights[active[1:]] = inner
            weights[active[0]] = 1.0 - inner.sum()
        else:
            weights[active[0]] = 1.0
        if (weights[active] >= -1e-9).all():
            weights = np.clip(weights, 0.0, None)
            weights /= weights.sum()
            return weights, float(((weights @ corners - target) ** 2).sum())
        active = np.delete(active, weights[active].argmin())


def place_points(
    targets: NDArray, vertices: NDArray, triangles: NDArray, mirror: NDArray, partner: NDArray, nearest: int = 4
) -> SurfacePoints:
    """Places of L points on the surface, mirror-symmetric.

    Args:
        targets: (L, D) stacked coordinates of the points; should include each observation's mirror image.
        vertices: (V, D) stacked coordinates of the vertices in the same observations.
        triangles: (T, 3) triangles that may hold a point.
        mirror: (V,) mirror map of the mesh.
        partner: (L,) mirror image of each point; ``partner[l] == l`` on the mid-line, where places are
            confined to mid-line edges.
        nearest: how many nearest vertices' triangles are tried.
    """
    allowed = np.unique(triangles)
    distance = (vertices[allowed] ** 2).sum(1)[None] - 2.0 * targets @ vertices[allowed].T
    around: dict[int, list[NDArray]] = {}
    for triangle in triangles:
        for corner in triangle:
            around.setdefault(int(corner), []).append(triangle)
    places = np.zeros((len(targets), 3), dtype=np.int64)
    weights = np.zeros((len(targets), 3))
    for index in range(len(targets)):
        if partner[index] < index:
            places[index] = mirror[places[partner[index]]]
            weights[index] = weights[partner[index]]
            continue
        middle = partner[index] == index
        order = allowed[np.argsort(distance[index])]
        if middle:
            order = order[mirror[order] == order]
        best = (np.inf, places[index], weights[index])
        for vertex in order[:nearest]:
            for triangle in around[int(vertex)]:
                corners = triangle[mirror[triangle] == triangle] if middle else triangle
                fitted, error = _simplex_fit(vertices[corners], targets[index])
                if error < best[0]:
                    padding = 3 - len(corners)
                    best = (error, np.append(corners, [corners[0]] * padding), np.append(fitted, [0.0] * padding))
        places[index], weights[index] = best[1], best[2]
    return SurfacePoints(places, weights)
