# SPDX-License-Identifier: GPL-3.0-or-later
"""Which place of our registered head each vertex of another head goes with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .nearest import NearestOnSurface
from .progress import Progress, silent
from .smoothness import Graph, conjugate_gradients
from .surface import Surface
from .template import Template

#: Millimetres: between places that are looked up; what normals count for: lips that touch face each other.
_SPACING, _NORMAL_REACH = 2.0, 6.0
#: A match this far away is half believed, millimetres; one whose normal is this far off (cosine) not at all.
_HALF_BELIEVED, _LEAST_FACING = 3.0, 0.2
#: What smoothness counts for beside a match that is fully believed, and what is left of one that is not.
_STIFFNESS, _LEAST = 0.02, 2e-4
#: Numbers that are solved for side by side: bounds the memory, and how long nobody is told anything.
_AT_ONCE = 200_000


@dataclass(frozen=True, eq=False)
class Correspondence:
    """For each vertex of a target a place on our registered head."""

    vertices: NDArray[np.int64]  # (P, 3), of our head
    weights: NDArray[np.float64]  # (P, 3)
    distances: NDArray[np.float64]  # (P,), millimetres on our head
    belief: NDArray[np.float64]  # (P,), 0…1

    def values(self, field: NDArray) -> NDArray[np.float64]:
        """What our vertices carry (…, V, 3), at the target's vertices (…, P, 3)."""
        return np.asarray(np.einsum("pk,...pkd->...pd", self.weights, field[..., self.vertices, :], optimize=True))


def find(surface: Surface, points: NDArray, normals: NDArray) -> Correspondence:
    """The places on a part of our registered head for points (P, 3) with normals (P, 3)."""
    found = NearestOnSurface(surface, _SPACING, _NORMAL_REACH)(points, normals)
    facing = np.einsum("pd,pd->p", surface.face_normals[found.triangles], normals)
    belief = np.clip((facing - _LEAST_FACING) / (1.0 - _LEAST_FACING), 0.0, 1.0)
    belief = belief / (1.0 + (found.distances / _HALF_BELIEVED) ** 2)
    return Correspondence(surface.triangles[found.triangles], found.weights, found.distances, belief)


def smooth(graph: Graph, deltas: NDArray, belief: NDArray, tell: Progress = silent) -> NDArray[np.float64]:
    """Deltas (K, P, 3) that follow their neighbours on the mesh where their matches are not believed (P,)."""
    weight = np.maximum(belief**2, _LEAST)
    result = np.empty(deltas.shape)
    count = max(_AT_ONCE // max(3 * deltas.shape[1], 1), 1)
    for start in range(0, len(deltas), count):
        tell(start / len(deltas))
        result[start : start + count] = _smoothed(graph, deltas[start : start + count], weight)
    return result


def _smoothed(graph: Graph, deltas: NDArray, weight: NDArray) -> NDArray[np.float64]:
    columns = deltas.transpose(1, 0, 2).reshape(deltas.shape[1], -1)

    def matrix(x: NDArray) -> NDArray:
        return np.asarray(weight[:, None] * x + _STIFFNESS * graph.laplacian(x))

    solved = conjugate_gradients(
        matrix, weight[:, None] * columns, weight + _STIFFNESS * graph.degree, columns, tolerance=1e-3, most=60
    )
    return np.asarray(solved.reshape(deltas.shape[1], deltas.shape[0], 3).transpose(1, 0, 2))


def skin_surfaces(template: Template, fitted: NDArray) -> tuple[Surface, Surface]:
    """Our skin's outside, and all of our skin, as it lies on the target."""
    return template.outer_surface(fitted), template.region_surface("skin", fitted)
