# SPDX-License-Identifier: GPL-3.0-or-later
"""The nearest place on a surface, among places that face the same way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .surface import Samples, Surface, sample

#: Candidates that are looked at in one go: bounds the memory.
_BATCH = 1_500_000
_OFFSETS = np.stack(np.meshgrid(*[np.arange(-1, 2)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
#: Cells along a side; three of these fit into an integer.
_CELLS = 1 << 20
#: Searches that look at every sample; later ones, of what is far away, at about this many along a cell's side.
_EXACT_STEPS, _PER_CELL = 2, 6
#: How often the cells are doubled for points that are far from everything.
_DOUBLINGS = 12


@dataclass(frozen=True, eq=False)
class Places:
    """Where on a surface points came to lie."""

    triangles: NDArray[np.int64]  # (Q,)
    weights: NDArray[np.float64]  # (Q, 3), of the triangle's corners
    points: NDArray[np.float64]  # (Q, 3)
    distances: NDArray[np.float64]  # (Q,)


class NearestOnSurface:
    """Looks up the places of a surface that are nearest to points.

    A place whose normal differs from the asked one by an angle a counts as if it lay
    ``normal_reach`` · 2 sin(a/2) further away: 2 · ``normal_reach`` at most.
    """

    def __init__(self, surface: Surface, spacing: float, normal_reach: float = 0.0) -> None:
        self.surface = surface
        self._samples = sample(surface, spacing)
        self._reach = normal_reach
        self._spacing = spacing
        self._grids: dict[float, _Grid] = {}

    def __call__(self, points: NDArray, normals: NDArray | None = None) -> Places:
        """The places of points (Q, 3), of unit ``normals`` (Q, 3)."""
        found = self._samples.triangles[self.samples_at(points, normals)]
        corners = self.surface.vertices[self.surface.triangles[found]]
        weights = closest_weights(np.asarray(points, dtype=np.float64), corners)
        places = np.einsum("qk,qkd->qd", weights, corners)
        return Places(found, weights, places, np.linalg.norm(places - points, axis=1))

    def samples_at(self, points: NDArray, normals: NDArray | None = None) -> NDArray[np.int64]:
        """Indices (Q,) of the nearest samples."""
        points = np.asarray(points, dtype=np.float64)
        best = np.full(len(points), -1, dtype=np.int64)
        score = np.full(len(points), np.inf)
        open_ = np.arange(len(points))
        cell = max(1.3 * self._spacing, 1e-9)
        for step in range(_DOUBLINGS):
            if cell not in self._grids:
                self._grids[cell] = _Grid(self._samples.points, cell, _thinned(self._samples.points, cell, step))
            asked = None if normals is None else normals[open_]
            best[open_], score[open_] = self._search(self._grids[cell], points[open_], asked)
            # Whatever lies outside the cells that were looked at is at least one cell away.
            open_ = open_[score[open_] > cell * cell]
            if not len(open_):
                break
            cell *= 2.0 if step < _DOUBLINGS - 2 else 1e3
        return best

    def _search(self, grid: _Grid, points: NDArray, normals: NDArray | None) -> tuple[NDArray, NDArray]:
        best, score = np.zeros(len(points), dtype=np.int64), np.full(len(points), np.inf)
        starts, counts = grid.around(points)
        totals = counts.sum(axis=1)
        batches = np.cumsum(totals) // _BATCH
        for batch in np.unique(batches):
            chosen = np.flatnonzero((batches == batch) & (totals > 0))
            if len(chosen):
                asked = None if normals is None else normals[chosen]
                index = _ranges(starts[chosen].ravel(), counts[chosen].ravel(), grid.order)
                owner = np.repeat(np.arange(len(chosen)), totals[chosen])
                values = self._scores(points[chosen], asked, index, owner)
                lowest = np.minimum.reduceat(values, np.cumsum(totals[chosen]) - totals[chosen])
                hit = np.flatnonzero(values == lowest[owner])
                best[chosen[owner[hit]]] = index[hit]
                score[chosen] = lowest
        return best, score

    def _scores(self, points: NDArray, normals: NDArray | None, index: NDArray, owner: NDArray) -> NDArray[np.float64]:
        samples: Samples = self._samples
        away = points[owner] - samples.points[index]
        values = np.einsum("pd,pd->p", away, away)
        if normals is not None and self._reach > 0.0:
            agreement = np.einsum("pd,pd->p", normals[owner], samples.normals[index])
            values += 2.0 * self._reach**2 * (1.0 - agreement)
        return values


def _thinned(points: NDArray, cell: float, step: int) -> NDArray[np.int64]:
    """Which points a search with large cells looks at: what is far away need not be known to a hair."""
    if step < _EXACT_STEPS:
        return np.arange(len(points))
    voxels = np.floor((points - points.min(axis=0)) / (cell / _PER_CELL)).astype(np.int64)
    return np.asarray(np.unique(voxels, axis=0, return_index=True)[1])


class _Grid:
    """Points sorted into cubes."""

    def __init__(self, points: NDArray, cell: float, kept: NDArray) -> None:
        self._cell = cell
        self._origin = points.min(axis=0) if len(points) else np.zeros(3)
        keys = self._keys(self._cells(points[kept]))
        order = np.argsort(keys, kind="stable")
        self.order = kept[order]
        self._keys_sorted = keys[order]

    def around(self, points: NDArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """First and number (Q, 27) of the points, in ``order``, in each of the cubes around."""
        keys = self._keys(self._cells(points)[:, None] + _OFFSETS)
        first = np.searchsorted(self._keys_sorted, keys, side="left")
        return first, np.searchsorted(self._keys_sorted, keys, side="right") - first

    def _cells(self, points: NDArray) -> NDArray[np.int64]:
        cells = np.floor((points - self._origin) / self._cell)
        return np.asarray(np.clip(cells, -_CELLS // 2, _CELLS // 2 - 2), dtype=np.int64)

    @staticmethod
    def _keys(cells: NDArray) -> NDArray[np.int64]:
        shifted = cells + _CELLS // 2
        return np.asarray((shifted[..., 0] * _CELLS + shifted[..., 1]) * _CELLS + shifted[..., 2])


def _ranges(starts: NDArray, counts: NDArray, order: NDArray) -> NDArray[np.int64]:
    """The entries of ``order`` from each start, as many as its count, one after the other."""
    ends = np.cumsum(counts)
    offsets = np.repeat(starts - (ends - counts), counts)
    return np.asarray(order[np.arange(int(ends[-1])) + offsets])


def closest_weights(points: NDArray, corners: NDArray) -> NDArray[np.float64]:
    """Weights (Q, 3) of the corners (Q, 3, 3) of triangles, of their places nearest to points (Q, 3)."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    inside = _plane_weights(points, a, b - a, c - a)
    best = inside.copy()
    outside = (inside < 0.0).any(axis=1)
    if outside.any():
        best[outside] = _edge_weights(points[outside], corners[outside])
    return best


def _plane_weights(points: NDArray, a: NDArray, u: NDArray, v: NDArray) -> NDArray[np.float64]:
    w = points - a
    uu, uv, vv = (np.einsum("qd,qd->q", x, y) for x, y in ((u, u), (u, v), (v, v)))
    wu, wv = np.einsum("qd,qd->q", w, u), np.einsum("qd,qd->q", w, v)
    area = uu * vv - uv * uv
    flat = area <= 1e-18 * np.maximum(uu * vv, 1e-30)
    safe = np.where(flat, 1.0, area)
    s, t = (vv * wu - uv * wv) / safe, (uu * wv - uv * wu) / safe
    # A triangle without area has only its edges.
    s = np.where(flat, -1.0, s)
    return np.column_stack([1.0 - s - t, s, t])


def _edge_weights(points: NDArray, corners: NDArray) -> NDArray[np.float64]:
    best, nearest = np.zeros((len(points), 3)), np.full(len(points), np.inf)
    for i, j in ((0, 1), (1, 2), (2, 0)):
        start, along = corners[:, i], corners[:, j] - corners[:, i]
        length = np.einsum("qd,qd->q", along, along)
        share = np.einsum("qd,qd->q", points - start, along) / np.where(length > 0.0, length, 1.0)
        share = np.clip(share, 0.0, 1.0)
        distance = np.linalg.norm(start + share[:, None] * along - points, axis=1)
        closer = distance < nearest
        weights = np.zeros((len(points), 3))
        weights[:, i], weights[:, j] = 1.0 - share, share
        best[closer], nearest[closer] = weights[closer], distance[closer]
    return best
