# SPDX-License-Identifier: GPL-3.0-or-later
"""Triangle meshes as plain arrays: normals, edges, islands, points spread over their surface."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: About how many samples a surface may have.
_MOST_SAMPLES = 200_000
#: Samples along a triangle's side are no more than this: a huge triangle must not make millions of them.
_MOST_STEPS = 40


@dataclass(frozen=True, eq=False)
class Surface:
    """Vertices and the triangles between them, counter-clockwise from outside."""

    vertices: NDArray[np.float64]  # (V, 3)
    triangles: NDArray[np.int64]  # (T, 3)

    def at(self, vertices: ArrayLike) -> Surface:
        """The same triangles between vertices (V, 3) elsewhere."""
        return Surface(np.asarray(vertices, dtype=np.float64), self.triangles)

    def part(self, kept: NDArray[np.bool_]) -> Surface:
        """Only the triangles of which any vertex is ``kept`` (V,); all vertices stay, so indices hold."""
        return Surface(self.vertices, self.triangles[kept[self.triangles].any(axis=1)])

    @cached_property
    def face_crosses(self) -> NDArray[np.float64]:
        """(T, 3): normals, twice as long as the triangles are large."""
        a, b, c = (self.vertices[self.triangles[:, i]] for i in range(3))
        return np.cross(b - a, c - a)

    @cached_property
    def face_normals(self) -> NDArray[np.float64]:
        """(T, 3), of unit length; 0 for triangles without area."""
        return unit(self.face_crosses)

    @cached_property
    def normals(self) -> NDArray[np.float64]:
        """(V, 3), of unit length, weighted by area; 0 for loose vertices."""
        total = np.zeros_like(self.vertices)
        for i in range(3):
            np.add.at(total, self.triangles[:, i], self.face_crosses)
        return unit(total)

    @cached_property
    def edges(self) -> NDArray[np.int64]:
        """(E, 2), each once, the lower vertex first."""
        return edges_of(self.triangles)

    @cached_property
    def islands(self) -> NDArray[np.int64]:
        """(V,): number of the connected part that each vertex belongs to, 0… in the order of their first vertices."""
        parent = np.arange(len(self.vertices))
        while True:  # each takes the lowest number around, then that one's: few rounds even for long parts
            before = parent.copy()
            lowest = np.minimum(parent[self.edges[:, 0]], parent[self.edges[:, 1]])
            np.minimum.at(parent, self.edges[:, 0], lowest)
            np.minimum.at(parent, self.edges[:, 1], lowest)
            np.minimum.at(parent, before, parent)
            parent = parent[parent]
            if np.array_equal(parent, before):
                return np.unique(parent, return_inverse=True)[1].reshape(-1)

    @cached_property
    def vertex_areas(self) -> NDArray[np.float64]:
        """(V,): a third of the triangles around each vertex."""
        areas = np.linalg.norm(self.face_crosses, axis=1) / 6.0
        each = np.bincount(self.triangles.ravel(), np.repeat(areas, 3), minlength=len(self.vertices))
        return np.asarray(each, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Samples:
    """Points spread over a surface."""

    points: NDArray[np.float64]  # (S, 3)
    normals: NDArray[np.float64]  # (S, 3)
    triangles: NDArray[np.int64]  # (S,), which triangle each lies in


def sample(surface: Surface, spacing: float) -> Samples:
    """Points at most about ``spacing`` apart, at least one on each triangle that has an area."""
    spacing = max(spacing, float(np.sqrt(np.linalg.norm(surface.face_crosses, axis=1).sum() / 2.0 / _MOST_SAMPLES)))
    corners = surface.vertices[surface.triangles]
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1, initial=0.0)
    steps = np.clip(np.ceil(longest / spacing), 1, _MOST_STEPS).astype(np.int64)
    steps[np.linalg.norm(surface.face_crosses, axis=1) <= 0.0] = 0
    points, owners = [], []
    for count in np.unique(steps[steps > 0]):
        chosen = np.flatnonzero(steps == count)
        weights = _lattice(int(count))
        points.append(np.einsum("sk,tkd->tsd", weights, corners[chosen]).reshape(-1, 3))
        owners.append(np.repeat(chosen, len(weights)))
    if not points:
        return Samples(np.empty((0, 3)), np.empty((0, 3)), np.empty(0, dtype=np.int64))
    owner = np.concatenate(owners)
    return Samples(np.concatenate(points), smooth_normals(surface, owner), owner)


def smooth_normals(surface: Surface, triangles: NDArray) -> NDArray[np.float64]:
    """(S, 3): the mean of a triangle's own normal and those at its corners."""
    corners = surface.normals[surface.triangles[triangles]].mean(axis=1)
    return unit(surface.face_normals[triangles] + corners)


def _lattice(steps: int) -> NDArray[np.float64]:
    """Weights (S, 3) of the middles of the ``steps``² small triangles that a triangle falls into."""
    found = []
    for i in range(steps):
        for j in range(steps - i):
            found.append((i + 1 / 3, j + 1 / 3))
            if i + j < steps - 1:
                found.append((i + 2 / 3, j + 2 / 3))
    uv = np.array(found) / steps
    return np.column_stack([1.0 - uv.sum(axis=1), uv])


def edges_of(triangles: NDArray) -> NDArray[np.int64]:
    """Edges (E, 2) of triangles (T, 3), each once, the lower vertex first."""
    pairs = np.sort(np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    return np.unique(pairs.astype(np.int64), axis=0)


def unit(vectors: NDArray) -> NDArray[np.float64]:
    """Vectors (…, 3) at unit length; 0 stays 0."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 0.0, length, 1.0)
