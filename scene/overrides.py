# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of a character: on its object (``Object.ddfa``), or in the scene, if that is a library override.

Lists on an override take no new entries, and values come back only if the library's file holds them too.
"""

from __future__ import annotations

import bpy


def state_of(obj: bpy.types.Object) -> bpy.types.PropertyGroup:
    """Where an object's ``face_poses`` and ``retargeted`` are, to read."""
    return _stand_in(obj) or obj.ddfa


def own_state_of(obj: bpy.types.Object) -> bpy.types.PropertyGroup:
    """The same to write. An override gets a stand-in in the scene, with the poses that its library's file has."""
    if obj.override_library is None:
        return obj.ddfa
    found = _stand_in(obj)
    return _new_stand_in(obj) if found is None else found


def _stand_in(obj: bpy.types.Object) -> bpy.types.PropertyGroup | None:
    if obj.override_library is None:
        return None
    return next((item for item in bpy.context.scene.ddfa.overrides if item.owner == obj), None)


def _new_stand_in(obj: bpy.types.Object) -> bpy.types.PropertyGroup:
    made = bpy.context.scene.ddfa.overrides.add()
    made.name, made.owner = obj.name, obj
    for pose in obj.ddfa.face_poses:
        kept = made.face_poses.add()
        kept.name = pose.name
        for bone in pose.bones:
            copy = kept.bones.add()
            copy.name, copy.bone_location = bone.name, bone.bone_location
            copy.bone_rotation, copy.bone_scale = bone.bone_rotation, bone.bone_scale
    return made
