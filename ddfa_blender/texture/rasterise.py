# SPDX-License-Identifier: GPL-3.0-or-later
"""Fill triangles in a picture, with or without a depth buffer: what lies under each pixel, and where in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Pixels of bounding boxes handled at once: bounds the memory (about 100 bytes each) at any picture size.
_BATCH = 1_500_000


@dataclass(frozen=True, eq=False)
class Raster:
    """For each pixel of a picture (H, W) the triangle seen there."""

    triangle: NDArray[np.int32]  # (H, W), −1 = none
    weights: NDArray[np.float32]  # (H, W, 3) barycentric coordinates in it, 0 where there is none

    @property
    def covered(self) -> NDArray[np.bool_]:
        """(H, W)."""
        return self.triangle >= 0

    def interpolate(self, values: NDArray, triangles: NDArray) -> NDArray[np.float32]:
        """What vertices carry (V, C), at each pixel (H, W, C); 0 where no triangle is. ``triangles`` (T, 3)."""
        result = np.zeros((*self.triangle.shape, values.shape[1]), dtype=np.float32)
        covered = self.covered
        corners = values[triangles[self.triangle[covered]]]
        result[covered] = np.einsum("nk,nkc->nc", self.weights[covered], corners)
        return result


def rasterise(corners: NDArray, width: int, height: int, *, margin: float = 0.0) -> Raster:
    """Fill triangles.

    Args:
        corners: (T, 3, 2) continuous pixels, y down, pixel (i, j) having its centre at (j + 0.5, i + 0.5); or
            (T, 3, 3) with a depth: of two triangles over a pixel the one with the greater depth is seen.
            Without a depth the first is. Triangles without area or with a NaN are left out.
        width, height: of the picture.
        margin: where no triangle is, continue the nearest one up to this many pixels beyond its edge: closes the
            cracks that a texture's filtering would look into. Weights leave 0…1 there, by 1 at most.
    """
    flat = np.asarray(corners, dtype=np.float64)
    result = Raster(np.full((height, width), -1, np.int32), np.zeros((height, width, 3), np.float32))
    _fill(flat, result, 0.0)
    if margin > 0.0:
        _fill(flat, result, margin)
    return result


def _fill(corners: NDArray, raster: Raster, margin: float) -> None:
    """Fill the pixels that lie in triangles or, with a ``margin``, those near to one that are still empty."""
    width = raster.triangle.shape[1]
    triangle, weights = raster.triangle.reshape(-1), raster.weights.reshape(-1, 3)
    nearest = np.where(triangle < 0, -np.inf, np.inf)
    edge1, edge2 = corners[:, 1, :2] - corners[:, 0, :2], corners[:, 2, :2] - corners[:, 0, :2]
    area = edge1[:, 0] * edge2[:, 1] - edge1[:, 1] * edge2[:, 0]
    for near, around in _candidates(corners[..., :2], area, triangle < 0, width, margin):
        dx, dy = around % width + 0.5 - corners[near, 0, 0], around // width + 0.5 - corners[near, 0, 1]
        b1 = (dx * edge2[near, 1] - dy * edge2[near, 0]) / area[near]
        b2 = (dy * edge1[near, 0] - dx * edge1[near, 1]) / area[near]
        b0 = 1.0 - b1 - b2
        if margin > 0.0:
            beyond = _beyond((b0, b1, b2), edge1[near], edge2[near], area[near])
        else:
            beyond = -np.minimum(np.minimum(b0, b1), b2)
        inside = np.flatnonzero(beyond <= max(margin, 1e-9))
        index, pixel, own = near[inside], around[inside], np.stack([b0[inside], b1[inside], b2[inside]], axis=1)
        if margin > 0.0:
            rank, own = -beyond[inside], _within(own)
        elif corners.shape[2] > 2:
            rank = np.einsum("nk,nk->n", own, corners[index, :, 2])
        else:
            rank = -index.astype(np.float64)
        # The later of two writes to a pixel stays, so the best one comes last.
        order = np.argsort(rank, kind="stable")
        order = order[rank[order] > nearest[pixel[order]]]
        best = pixel[order]
        triangle[best], weights[best], nearest[best] = index[order], own[order], rank[order]


def _beyond(
    weights: tuple[NDArray, NDArray, NDArray], edge1: NDArray, edge2: NDArray, area: NDArray
) -> NDArray[np.float64]:
    """Pixels by which points lie outside their triangles (N,), measured across the sides; negative inside."""
    sides = (edge2 - edge1, edge2, edge1)
    away = [-w * np.abs(area) / np.maximum(np.hypot(*side.T), 1e-12) for w, side in zip(weights, sides, strict=True)]
    result: NDArray[np.float64] = np.maximum(np.maximum(away[0], away[1]), away[2])
    return result


def _within(weights: NDArray) -> NDArray[np.float64]:
    """Barycentric coordinates (N, 3) pulled towards the triangle's middle until none lies beyond −1."""
    reach = np.maximum(1.0 / 3.0 - weights.min(axis=1, keepdims=True), 1e-9)
    result: NDArray[np.float64] = 1.0 / 3.0 + (weights - 1.0 / 3.0) * np.minimum(1.0, (4.0 / 3.0) / reach)
    return result


def _candidates(
    corners: NDArray, area: NDArray, wanted: NDArray[np.bool_], width: int, margin: float
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Triangles and the wanted pixels (flat indices) inside their bounding boxes, batch by batch."""
    whole = np.flatnonzero(np.isfinite(corners).all(axis=(1, 2)) & (np.abs(area) > 1e-12))
    size = np.array([width, len(wanted) // width])
    low = np.clip(np.ceil(corners[whole].min(axis=1) - margin - 0.5), 0, size).astype(np.intp)
    high = np.clip(np.floor(corners[whole].max(axis=1) + margin - 0.5) + 1, 0, size).astype(np.intp)
    extent = np.maximum(high - low, 0)
    count = extent.prod(axis=1)
    whole, low, extent, count = (array[count > 0] for array in (whole, low, extent, count))
    batch = np.cumsum(count) // _BATCH
    for number in np.unique(batch):
        chosen = batch == number
        repeats = count[chosen]
        place = np.arange(int(repeats.sum())) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        columns = np.repeat(extent[chosen, 0], repeats)
        pixel = (np.repeat(low[chosen, 1], repeats) + place // columns) * width
        pixel += np.repeat(low[chosen, 0], repeats) + place % columns
        index = np.repeat(whole[chosen], repeats)
        if margin > 0.0:
            kept = wanted[pixel]
            index, pixel = index[kept], pixel[kept]
        yield index, pixel
