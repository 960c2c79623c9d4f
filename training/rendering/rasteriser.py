# SPDX-License-Identifier: GPL-3.0-or-later
"""A depth-buffered rasteriser for small pictures, compiled by numba: a thousandth of a path tracer's time.

Pixels are (x right, y down, z towards the viewer), all in one unit; the centre of the first is at (0.5, 0.5).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: Depth where nothing is.
NOTHING = np.float32(-1e9)


class Visible(NamedTuple):
    """What each pixel of a picture shows."""

    depth: NDArray[np.float32]  # (H, W), NOTHING where no triangle is
    triangle: NDArray[np.int32]  # (H, W), −1 where none is
    weights: NDArray[np.float32]  # (H, W, 2) barycentric weights of the second and third corner


def rasterise(
    points: NDArray, triangles: NDArray[np.int32], size: int, sparse: NDArray[np.bool_] | None = None
) -> Visible:
    """The nearest of triangles (T, 3) of points (V, 3), in a picture of ``size`` × ``size`` pixels.

    Only triangles whose corners run counter-clockwise as seen (y up) are drawn. Those that are ``sparse`` (T,) cover
    every other pixel, as if half transparent.
    """
    depth = np.full((size, size), NOTHING, np.float32)
    triangle = np.full((size, size), -1, np.int32)
    weights = np.zeros((size, size, 2), np.float32)
    thin = np.zeros(len(triangles), np.bool_) if sparse is None else sparse
    _fill(np.ascontiguousarray(points, np.float32), triangles, thin, depth, triangle, weights)
    return Visible(depth, triangle, weights)


@njit(cache=True, nogil=True)
def _fill(points, triangles, sparse, depth, index, weights):  # type: ignore[no-untyped-def]
    height, width = depth.shape
    for t in range(len(triangles)):
        a, b, c = triangles[t]
        ax, ay, az = points[a]
        bx, by, bz = points[b]
        cx, cy, cz = points[c]
        # y points down, so a triangle that faces the viewer has a negative area here.
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if area >= -1e-9:
            continue
        low_x, high_x = min(ax, bx, cx), max(ax, bx, cx)
        low_y, high_y = min(ay, by, cy), max(ay, by, cy)
        first_x, last_x = max(int(np.ceil(low_x - 0.5)), 0), min(int(np.floor(high_x - 0.5)), width - 1)
        first_y, last_y = max(int(np.ceil(low_y - 0.5)), 0), min(int(np.floor(high_y - 0.5)), height - 1)
        for y in range(first_y, last_y + 1):
            py = y + 0.5 - ay
            for x in range(first_x, last_x + 1):
                if sparse[t] and (x + y) % 2 == 0:
                    continue
                px = x + 0.5 - ax
                second = (px * (cy - ay) - (cx - ax) * py) / area
                third = ((bx - ax) * py - px * (by - ay)) / area
                if second < 0.0 or third < 0.0 or second + third > 1.0:
                    continue
                z = az + second * (bz - az) + third * (cz - az)
                if z > depth[y, x]:
                    depth[y, x] = z
                    index[y, x] = t
                    weights[y, x, 0] = second
                    weights[y, x, 1] = third


@njit(cache=True, nogil=True)
def vertex_normals(points, triangles):  # type: ignore[no-untyped-def]
    """Area-weighted unit normals (V, 3) of points (V, 3) float32; z towards the viewer, y as in the points."""
    normals = np.zeros_like(points)
    for t in range(len(triangles)):
        a, b, c = triangles[t]
        ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
        vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for corner in (a, b, c):
            normals[corner, 0] += nx
            normals[corner, 1] += ny
            normals[corner, 2] += nz
    for v in range(len(normals)):
        length = np.sqrt(normals[v, 0] ** 2 + normals[v, 1] ** 2 + normals[v, 2] ** 2)
        if length > 0.0:
            for k in range(3):
                normals[v, k] /= length
    return normals
