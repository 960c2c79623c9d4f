# SPDX-License-Identifier: GPL-3.0-or-later
"""Empties that mark eyes, nose, mouth and chin of a character, for heads that are not found by their shape."""

from __future__ import annotations

from collections.abc import Iterable

import bpy
import numpy as np
from mathutils import Vector
from numpy.typing import NDArray

from ..ddfa_blender.retarget.transfer.template import LANDMARKS

#: Custom property of the empties; its value is one of ``template.LANDMARKS``.
_MARK = "ddfa_landmark"
#: Where on the bounding box of a head that looks along −y they start: left, back, up; 0 and 1 are its sides.
_GUESS = {
    "eye_left": (0.68, 0.05, 0.55), "eye_right": (0.32, 0.05, 0.55), "nose_tip": (0.5, 0.0, 0.42),
    "mouth_left": (0.6, 0.05, 0.3), "mouth_right": (0.4, 0.05, 0.3), "chin": (0.5, 0.05, 0.17),
}  # fmt: skip
_SIZE = 0.04  # of the head


def of_scene(scene: bpy.types.Scene) -> dict[str, bpy.types.Object]:
    """The empties by what they mark."""
    return {obj[_MARK]: obj for obj in scene.objects if obj.type == "EMPTY" and obj.get(_MARK) in LANDMARKS}


def places(scene: bpy.types.Scene) -> dict[str, NDArray[np.float64]]:
    """Where they are in the world, (3,) each; {} when none are placed."""
    return {name: np.array(obj.matrix_world.translation) for name, obj in of_scene(scene).items()}


def place(context: bpy.types.Context, meshes: Iterable[bpy.types.Object]) -> int:
    """Put an empty at each place's likely position on the meshes' bounding box; those that are there stay."""
    corners = np.array([mesh.matrix_world @ Vector(corner) for mesh in meshes for corner in mesh.bound_box])
    low, high = corners.min(axis=0), corners.max(axis=0)
    present = of_scene(context.scene)
    for name, share in _GUESS.items():
        if name in present:
            continue
        empty = bpy.data.objects.new(f"Face {name.replace('_', ' ').title()}", None)
        empty[_MARK] = name
        empty.empty_display_type, empty.empty_display_size = "SPHERE", _SIZE * float((high - low).max())
        empty.show_name = empty.show_in_front = True
        empty.location = low + np.array(share) * (high - low)
        context.scene.collection.objects.link(empty)
    return len(LANDMARKS) - len(present)


def remove(scene: bpy.types.Scene) -> None:
    """Take the empties away."""
    bpy.data.batch_remove(list(of_scene(scene).values()))
