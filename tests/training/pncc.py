# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain z-buffer: pictures whose pixels say which place of the head they show (projected normalised coordinates)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.projection import apply, split
from training.rendering.labels import vertex_mask


def rasterise(
    model: MorphableModel, params: NDArray, size: int = 160, deltas: NDArray | float = 0.0
) -> NDArray[np.float32]:
    """Picture (size, size, 3) of mean-head coordinates in millimetres; NaN where there is no skin and no eye.

    ``deltas`` (V, 3) millimetres are added to the vertices.
    """
    transform, shape, expression = split(params)
    points = apply(transform, model.vertices(shape, expression).astype(float) + deltas)
    points[:, 1] = size - points[:, 1]
    shown = vertex_mask(model, "skin") | vertex_mask(model, "eye_left") | vertex_mask(model, "eye_right")
    picture = np.full((size, size, 3), np.nan, np.float32)
    depth = np.full((size, size), -np.inf)
    for corners in model.triangles[shown[model.triangles].all(axis=1)]:
        _draw(points[corners], model.mean[corners], picture, depth)
    return picture


def _draw(triangle: NDArray, values: NDArray, picture: NDArray, depth: NDArray) -> None:
    (a, b, c), size = triangle[:, :2], len(picture)
    area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    low = np.clip(np.floor(triangle[:, :2].min(axis=0)).astype(int), 0, size)
    high = np.clip(np.ceil(triangle[:, :2].max(axis=0)).astype(int), 0, size)
    # Counter-clockwise from outside in axes with y down has a negative area.
    if area >= 0 or (high <= low).any():
        return
    x, y = np.meshgrid(np.arange(low[0], high[0]) + 0.5, np.arange(low[1], high[1]) + 0.5)
    w_b = ((x - a[0]) * (c[1] - a[1]) - (y - a[1]) * (c[0] - a[0])) / area
    w_c = ((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) / area
    weights = np.stack([1 - w_b - w_c, w_b, w_c], axis=-1)
    z = weights @ triangle[:, 2]
    window = (slice(low[1], high[1]), slice(low[0], high[0]))
    front = (weights >= -1e-9).all(axis=-1) & (z > depth[window])
    depth[window][front] = z[front]
    picture[window][front] = (weights @ values)[front]
