# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender: what moves, as it is played frame by frame, and posing as an animator does."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import bpy


def layers(rig: str) -> dict[str, Any]:
    """An object's present action, how it is mixed, and the actions of the NLA's strips from the lowest up."""
    animation = bpy.data.objects[rig].animation_data
    strips = [strip.action.name for track in animation.nla_tracks for strip in track.strips]
    action = animation.action.name if animation.action is not None else ""
    return {"action": action, "blend": animation.action_blend_type, "strips": strips}


def bone_tracks(rig: str, bone: str) -> dict[str, list[float]]:
    """How a bone moves as it is played, from its rest pose, on every frame of the scene: ``yaw`` about the upright axis
    in radians, ``nod`` about the one to the side, ``up`` in metres."""
    owner = bpy.data.objects[rig]
    rest = owner.data.bones[bone].matrix_local.inverted()
    found: dict[str, list[float]] = {"yaw": [], "nod": [], "up": []}
    for _frame in _frames():
        posed = owner.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones[bone].matrix
        moved = posed @ rest
        found["yaw"].append(math.atan2(moved[1][0], moved[0][0]))
        found["nod"].append(math.atan2(moved[2][1], moved[2][2]))
        found["up"].append(posed.translation.z)
    return found


def key_track(mesh: str, key: str) -> list[float]:
    """A shape key's value as it is played, on every frame of the scene."""
    keys = bpy.data.objects[mesh].data.shape_keys
    return [keys.key_blocks[key].value for _frame in _frames()]


def pose_bone(rig: str, bone: str, degrees: list[float]) -> None:
    """Turn a bone by angles about its own axes, as an animator does before recording a pose."""
    posed = bpy.data.objects[rig].pose.bones[bone]
    posed.rotation_mode = "XYZ"
    posed.rotation_euler = [math.radians(angle) for angle in degrees]


def bone_angles(rig: str, bone: str) -> list[float]:
    """By how much a bone is posed now: angles about its own axes, degrees."""
    return [math.degrees(angle) for angle in bpy.data.objects[rig].pose.bones[bone].matrix_basis.to_euler()]


def play_again(rig: str, action: str) -> None:
    """Let an object play an action alone, as if nothing had been laid over it."""
    animation = bpy.data.objects[rig].animation_data
    for track in list(animation.nla_tracks):
        animation.nla_tracks.remove(track)
    animation.action = bpy.data.actions[action]
    animation.action_blend_type = "REPLACE"
    if hasattr(animation, "action_slot"):
        animation.action_slot = next(slot for slot in animation.action.slots if slot.target_id_type == "OBJECT")


def played(mesh: str = "", every: int = 2) -> dict[str, list[float]]:
    """Least and greatest value of each shape key of an object over the scene's frames, as its animation plays, looking
    at one frame in ``every``; of the current head without a name."""
    scene = bpy.context.scene
    children = [bpy.data.objects[mesh]] if mesh else scene.ddfa.head.children
    keys = next(child for child in children if child.type == "MESH").data.shape_keys.key_blocks
    current, seen = scene.frame_current, []
    for frame in range(scene.frame_start, scene.frame_end + 1, every):
        scene.frame_set(frame)
        seen.append([key.value for key in keys])
    scene.frame_set(current)
    return {key.name: [min(values), max(values)] for key, values in zip(keys, zip(*seen, strict=True), strict=True)}


def _frames() -> Iterator[None]:
    """Go through the scene's frames, and back to where it was."""
    scene = bpy.context.scene
    current = scene.frame_current
    for frame in range(scene.frame_start, scene.frame_end + 1):
        scene.frame_set(frame)
        yield
    scene.frame_set(current)
