# SPDX-License-Identifier: GPL-3.0-or-later
"""The scene's frame range follows the captured heads' animation, until somebody sets it by hand."""

from __future__ import annotations

import math
from collections.abc import Iterator

import bpy

#: Of a new file: nobody has set it for a shot.
_OF_NEW_FILES = (1, 250)

Range = tuple[int, int]


def of_scene(scene: bpy.types.Scene) -> Range:
    """The scene's own: first and last frame."""
    return scene.frame_start, scene.frame_end


def of_head(armature: bpy.types.Object) -> Range | None:
    """The whole frames that contain all keys of a captured head; None before it was baked."""
    baked = armature.ddfa.baked
    if baked.scene_rate <= 0.0:
        return None
    return math.floor(baked.first_frame), math.ceil(baked.last_frame)


def is_set_by_hand(scene: bpy.types.Scene) -> bool:
    """Whether somebody gave the scene a range of their own: it is no new file's, nor what :func:`fit` made it."""
    ours = (tuple(scene.ddfa.fitted_range), *(of_head(armature) for armature in _followed(scene)))
    return of_scene(scene) not in (_OF_NEW_FILES, *ours)


def fit(scene: bpy.types.Scene) -> None:
    """Make the scene's range that of all its heads which want that."""
    ranges = [found for armature in _followed(scene) if (found := of_head(armature)) is not None]
    if not ranges or not scene.is_editable:
        return
    scene.frame_start, scene.frame_end = min(first for first, _ in ranges), max(last for _, last in ranges)
    scene.ddfa.fitted_range = of_scene(scene)  # Blender allows no frames below 0


def holds(scene: bpy.types.Scene, armature: bpy.types.Object) -> bool:
    """Whether all of a head's animation lies in the scene's range."""
    found = of_head(armature)
    return found is None or (scene.frame_start <= max(found[0], 0) and found[1] <= scene.frame_end)


def _followed(scene: bpy.types.Scene) -> Iterator[bpy.types.Object]:
    """The scene's captured heads whose animation its range follows."""
    for obj in scene.objects:
        if obj.type == "ARMATURE" and obj.ddfa.baked.scene_rate > 0.0 and obj.ddfa.settings.timing.set_scene_range:
            yield obj
