# SPDX-License-Identifier: GPL-3.0-or-later
"""Drawings over a copy of a photo: the 68 landmarks, the mesh's points, the box of the head's pose."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..faces import Face
from ..footage.pictures import SHIFT, draw_points, fixed_point
from ..projection import apply, crop_to_image, split
from .renders import visible_raster
from .surface import Surface

_LINE, _DOT, _DENSE = (255, 255, 255), (40, 220, 90), (90, 205, 255)
#: Share of the face's depth that a point may lie behind the nearest surface of its pixel.
_BEHIND = 0.015
_BOX, _FRONT = (255, 170, 40), (60, 140, 255)
#: Widest line as a share of the picture's shorter side.
_WIDTH = 1.0 / 350.0
#: The box against the extent of the 68 landmarks: larger all round, more so at its front, which is ahead of the nose.
_AROUND, _AHEAD, _LARGER = 1.15, 1.2, 1.15
_CORNERS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], dtype=np.float64)


def sparse(image: NDArray[np.uint8], faces: Sequence[Face]) -> NDArray[np.uint8]:
    """The 68 landmarks and the lines between them over a copy of the photo (H, W, 3) RGB."""
    result = image.copy()
    width = _width(image)
    for face in reversed(faces):
        points = face.fit.landmarks68[:, :2].astype(np.float64)
        draw_points(result, points, _LINE)
        for x, y in fixed_point(points):
            cv2.circle(result, (int(x), int(y)), width << SHIFT, _DOT, cv2.FILLED, cv2.LINE_AA, SHIFT)
    return result


def dense(image: NDArray[np.uint8], surface: Surface, faces: Sequence[NDArray]) -> NDArray[np.uint8]:
    """The vertices (V, 3) of each face that the camera sees, a dot each over a copy of the photo (H, W, 3) RGB."""
    result = image.copy()
    radius = max(1, round(_width(image) / 2))
    for vertices in reversed(faces):
        for x, y in fixed_point(vertices[visible(surface, vertices, image.shape), :2]):
            cv2.circle(result, (int(x), int(y)), (radius << SHIFT) // 2, _DENSE, cv2.FILLED, cv2.LINE_AA, SHIFT)
    return result


def visible(surface: Surface, vertices: NDArray, shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Indices of the surface's vertices that lie in a picture of this shape (H, W, …) with nothing before them."""
    used = surface.used
    x, y = np.floor(vertices[used, :2]).astype(np.intp).T
    inside = (x >= 0) & (y >= 0) & (x < shape[1]) & (y < shape[0])
    used, x, y = used[inside], x[inside], y[inside]
    raster = visible_raster(shape, surface, vertices)
    nearest = raster.interpolate(vertices[:, 2:], surface.triangles)[y, x, 0]
    tolerance = _BEHIND * float(np.ptp(vertices[surface.used, 2]))
    return np.asarray(used[raster.covered[y, x] & (vertices[used, 2] >= nearest - tolerance)])


def pose_box(image: NDArray[np.uint8], surface: Surface, faces: Sequence[Face]) -> NDArray[np.uint8]:
    """A box around each face over a copy of the photo (H, W, 3) RGB; it turns with the head, its front is blue."""
    result = image.copy()
    width = _width(image)
    for face in reversed(faces):
        back, front = box_corners(surface, face)
        for line, colour in ((back, _BOX), (front, _FRONT)):
            cv2.polylines(result, [fixed_point(line)], True, colour, width, cv2.LINE_AA, SHIFT)
        for pair in zip(back, front, strict=True):
            cv2.polylines(result, [fixed_point(np.array(pair))], False, _BOX, width, cv2.LINE_AA, SHIFT)
    return result


def box_corners(surface: Surface, face: Face) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The back's and the front's corners (4, 2) each in photo pixels, in the same order."""
    mean = surface.model.at_landmarks(surface.model.mean).astype(np.float64)
    low, high = mean.min(axis=0), mean.max(axis=0)
    middle, half = (low + high)[:2] / 2.0, _AROUND * (high - low)[:2] / 2.0
    rings = []
    for z, size in ((low[2], 1.0), (low[2] + _AHEAD * (high[2] - low[2]), _LARGER)):
        ring = np.concatenate([middle + _CORNERS * half * size, np.full((4, 1), z)], axis=1)
        rings.append(
            crop_to_image(apply(split(face.fit.params.astype(np.float64)).transform, ring), face.fit.roi)[:, :2]
        )
    return rings[0], rings[1]


def _width(image: NDArray[np.uint8]) -> int:
    return max(1, round(min(image.shape[:2]) * _WIDTH))
