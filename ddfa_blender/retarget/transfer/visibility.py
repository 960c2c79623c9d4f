# SPDX-License-Identifier: GPL-3.0-or-later
"""Which vertices of a mesh can be seen from outside: mouths, sockets and inner shells cannot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...texture.rasterise import rasterise
from .surface import Surface

#: Pixels along a picture's side.
_SIZE = 224
#: A vertex this many pixels behind what is drawn there is hidden.
_TOLERANCE = 1.5
#: Cosine between a normal and the line of sight above which a vertex looks at us.
_FACING = 0.05
#: Yaw and pitch of the directions from which it is looked at, degrees; most are in front, where faces have folds.
_VIEWS = ((0, 0), (-40, 0), (40, 0), (-85, 0), (85, 0), (0, -40), (0, 40), (150, 20), (-150, 20))


def seen_from_outside(surface: Surface) -> NDArray[np.bool_]:
    """(V,) where a vertex is seen from any of some directions around a head that looks along +z, y up."""
    seen = np.zeros(len(surface.vertices), dtype=bool)
    for yaw, pitch in np.radians(_VIEWS):
        seen |= _seen(surface, _view(yaw, pitch))
    return seen


def _view(yaw: float, pitch: float) -> NDArray[np.float64]:
    """(3, 3): rows are right, down and towards the eye."""
    eye = np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    right = np.array([np.cos(yaw), 0.0, -np.sin(yaw)])
    return np.array([right, -np.cross(eye, right), eye])


def _seen(surface: Surface, view: NDArray) -> NDArray[np.bool_]:
    points = surface.vertices @ view.T
    low, high = points.min(axis=0), points.max(axis=0)
    scale = (_SIZE - 2.0) / max(float((high - low)[:2].max()), 1e-12)
    pixels = (points - low) * scale + 1.0
    picture = rasterise(pixels[surface.triangles], _SIZE, _SIZE)
    depth = np.where(picture.covered, picture.interpolate(pixels[:, 2:], surface.triangles)[..., 0], -np.inf)
    column, row = (np.clip(pixels[:, i].astype(np.int64), 0, _SIZE - 1) for i in (0, 1))
    facing = surface.normals @ view[2] > _FACING
    return np.asarray(facing & (pixels[:, 2] >= depth[row, column] - _TOLERANCE))
