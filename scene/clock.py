# SPDX-License-Identifier: GPL-3.0-or-later
"""Which scene's clock a head follows, and how fast that goes."""

from __future__ import annotations

import bpy


def scene_rate(scene: bpy.types.Scene) -> float:
    """The scene's frames per second."""
    return float(scene.render.fps / scene.render.fps_base)


def scene_of(armature: bpy.types.Object, preferred: bpy.types.Scene) -> bpy.types.Scene:
    """The scene whose clock a head follows: ``preferred`` (the one at work) if the head is in it, else its own."""
    scenes = armature.users_scene
    return preferred if preferred in scenes or not scenes else scenes[0]
