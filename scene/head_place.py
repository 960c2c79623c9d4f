# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a new head goes: beside the captured heads that the scene has, the first at the world's origin."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from . import head
from .head import Head

#: From one place to the next along the world's x, and what stays free around a head, in widths of the new head.
_STEP, _MARGIN = 1.5, 0.25


@dataclass(frozen=True)
class Box:
    """A box along the world's axes, its corners (3,) in the scene's units."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @classmethod
    def around(cls, points: NDArray[np.float64]) -> Box:
        """The smallest one that holds points (N, 3)."""
        return cls(points.min(axis=0), points.max(axis=0))

    def overlaps(self, other: Box) -> bool:
        """Whether they share more than their surfaces."""
        return bool((self.low < other.high).all() and (other.low < self.high).all())

    def beside(self, x: float) -> Box:
        """The same, so far along x."""
        return Box(self.low + (x, 0.0, 0.0), self.high + (x, 0.0, 0.0))

    def larger(self, margin: float) -> Box:
        """The same with room on all sides."""
        return Box(self.low - margin, self.high + margin)


def put(context: bpy.types.Context, made: Head) -> None:
    """Move a new head, which is at the origin with its final scale, to the first free place along x.

    The others stay where they are; where they are hidden, they keep their place.
    """
    context.view_layer.update()  # where a script has just put the others
    heads = (head.of_armature(obj) for obj in context.scene.objects if obj != made.armature)
    boxes = [_box(other.mesh, other.mesh.matrix_world) for other in heads if other is not None]
    made.armature.location.x += first_free(_box(made.mesh, made.armature.matrix_basis), boxes)


def first_free(own: Box, others: Iterable[Box]) -> float:
    """How far along x a box is to go to have room among others: a whole number of steps, 0 if it has."""
    width = float(own.high[0] - own.low[0])
    known = [box for box in others if np.isfinite(box.low).all() and np.isfinite(box.high).all()]
    own, step, x = own.larger(_MARGIN * width), _STEP * width, 0.0
    # Each of the others is passed at most once.
    while (hit := next((box for box in known if own.beside(x).overlaps(box)), None)) is not None:
        x = step * (math.floor((float(hit.high[0]) - float(own.low[0])) / step) + 1)
    return x


def _box(mesh_object: bpy.types.Object, world: Matrix) -> Box:
    """Of the neutral face, whatever the current frame makes of it."""
    points = np.empty(3 * len(mesh_object.data.vertices), dtype=np.float32)
    mesh_object.data.vertices.foreach_get("co", points)
    local = Box.around(points.reshape(-1, 3).astype(np.float64))
    ends = np.stack([local.low, local.high])
    corners = np.stack(np.meshgrid(*ends.T, indexing="ij"), axis=-1).reshape(-1, 3)
    matrix = np.array(world, dtype=np.float64)
    return Box.around(corners @ matrix[:3, :3].T + matrix[:3, 3])
