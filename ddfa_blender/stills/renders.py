# SPDX-License-Identifier: GPL-3.0-or-later
"""Faces drawn with a depth buffer: shaded over the photo, as depth, as projected normalised coordinates.

Vertices are (V, 3) photo pixels, y down, z towards the camera. The first of several faces is drawn over the others:
photos say nothing about which face is nearer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..texture.rasterise import Raster, rasterise
from .surface import Surface

#: Towards the light, y up; how much of the light comes from everywhere; the mesh's colour and opacity.
_LIGHT, _AMBIENT, _COLOUR, _OPACITY = (0.3, 0.5, 0.8), 0.35, (215, 225, 235), 0.75
#: Of a 16-bit picture; 0 is left for "no face".
_NEAREST, _FARTHEST = 65535, 1


def shaded(image: NDArray[np.uint8], surface: Surface, faces: Sequence[NDArray]) -> NDArray[np.uint8]:
    """The mesh over a photo (H, W, 3): a copy, Lambert shading."""
    result = image.astype(np.float64)
    light = np.array(_LIGHT) / np.linalg.norm(_LIGHT)
    for vertices in reversed(faces):
        raster = visible_raster(image.shape, surface, vertices)
        normals = raster.interpolate(surface.normals(vertices), surface.triangles)[raster.covered]
        length = np.maximum(np.linalg.norm(normals, axis=1), 1e-9)
        lit = _AMBIENT + (1.0 - _AMBIENT) * np.clip(normals @ light / length, 0.0, 1.0)
        colour = lit[:, None] * np.array(_COLOUR)
        result[raster.covered] = (1.0 - _OPACITY) * result[raster.covered] + _OPACITY * colour
    return np.clip(np.round(result), 0, 255).astype(np.uint8)


def depth(shape: tuple[int, ...], surface: Surface, faces: Sequence[NDArray]) -> NDArray[np.uint16]:
    """Depth (H, W): linear from 65535 at a face's nearest vertex to 1 at its farthest, 0 beside the faces."""
    result = np.zeros(shape[:2], np.uint16)
    for vertices in reversed(faces):
        raster = visible_raster(shape, surface, vertices)
        z = vertices[surface.used, 2]
        low, span = z.min(), max(float(np.ptp(z)), 1e-9)
        seen = raster.interpolate(vertices[:, 2:], surface.triangles)[raster.covered, 0]
        share = np.clip((seen - low) / span, 0.0, 1.0)
        result[raster.covered] = np.round(_FARTHEST + share * (_NEAREST - _FARTHEST)).astype(np.uint16)
    return result


def pncc(shape: tuple[int, ...], surface: Surface, faces: Sequence[NDArray]) -> NDArray[np.uint8]:
    """Projected normalised coordinate code (H, W, 3): which place of the mean face each pixel shows, 0 beside it."""
    colours = normalised_coordinates(surface) * 255.0
    result = np.zeros((*shape[:2], 3), np.uint8)
    for vertices in reversed(faces):
        raster = visible_raster(shape, surface, vertices)
        seen = raster.interpolate(colours, surface.triangles)[raster.covered]
        result[raster.covered] = np.clip(np.round(seen), 0, 255).astype(np.uint8)
    return result


def normalised_coordinates(surface: Surface) -> NDArray[np.float64]:
    """(V, 3): the mean face's x, y, z stretched to 0…1 each over the drawn face, and clipped to that beyond it."""
    mean = surface.model.mean.astype(np.float64)
    low, high = mean[surface.used].min(axis=0), mean[surface.used].max(axis=0)
    return np.clip((mean - low) / np.maximum(high - low, 1e-9), 0.0, 1.0)


def visible_raster(shape: tuple[int, ...], surface: Surface, vertices: NDArray) -> Raster:
    """What is seen of a face; triangles that look away are left out."""
    corners = vertices[surface.triangles]
    edge1, edge2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    # Counter-clockwise from outside in axes with y down has a negative area.
    away = edge1[:, 0] * edge2[:, 1] - edge1[:, 1] * edge2[:, 0] >= 0.0
    corners = np.where(away[:, None, None], np.nan, corners)
    return rasterise(corners, shape[1], shape[0])
