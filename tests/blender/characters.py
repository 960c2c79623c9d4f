# SPDX-License-Identifier: GPL-3.0-or-later
"""Made-up characters whose evaluated state can be read back: each shape key lifts a vertex of its own by 1."""

from __future__ import annotations

import math
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

#: Head, tail, roll in degrees, parent of each bone.
Bones = dict[str, tuple[tuple[float, float, float], tuple[float, float, float], float, str]]

RIGIFY_META: Bones = {
    "spine": ((0, 0, 1.0), (0, 0.02, 1.2), 10.0, ""),
    "spine.003": ((0, 0.02, 1.2), (0, 0.0, 1.45), 77.0, "spine"),
    "spine.004": ((0, 0.0, 1.45), (0, -0.02, 1.52), -40.0, "spine.003"),
    "spine.005": ((0, -0.02, 1.52), (0.0, -0.03, 1.58), 133.0, "spine.004"),
    "spine.006": ((0, -0.03, 1.58), (0, -0.03, 1.8), 25.0, "spine.005"),
    "ear.L": ((0.08, -0.03, 1.65), (0.1, -0.03, 1.7), 0.0, "spine.006"),
    "ear.R": ((-0.08, -0.03, 1.65), (-0.1, -0.03, 1.7), 0.0, "spine.006"),
}
#: As a generated rig: the head's control hangs on the torso, constraints bring it along.
RIGIFY_CONTROLS: Bones = {
    "torso": ((0, 0, 1.0), (0, 0.2, 1.0), 0.0, ""),
    "neck": ((0, 0, 1.45), (0, -0.02, 1.58), 30.0, "torso"),
    "head": ((0, -0.02, 1.58), (0, 0.0, 1.8), -15.0, "torso"),
    "ORG-spine.006": ((0, -0.02, 1.58), (0, 0.0, 1.8), -15.0, "neck"),
    "DEF-spine.006": ((0, -0.02, 1.58), (0, 0.0, 1.8), 60.0, "ORG-spine.006"),
    "shoulder.L": ((0.05, 0, 1.4), (0.2, 0, 1.4), 0.0, "torso"),
    "shoulder.R": ((-0.05, 0, 1.4), (-0.2, 0, 1.4), 0.0, "torso"),
}
#: From FBX: centimetres, y up, facing +z.
MIXAMO: Bones = {
    "mixamorig:Hips": ((0, 100, 0), (0, 110, 0), 0.0, ""),
    "mixamorig:Spine2": ((0, 110, 0), (0, 145, 2), 0.0, "mixamorig:Hips"),
    "mixamorig:Neck": ((0, 145, 2), (0, 158, 4), 0.0, "mixamorig:Spine2"),
    "mixamorig:Head": ((0, 158, 4), (0, 180, 4), 0.0, "mixamorig:Neck"),
    "mixamorig:LeftShoulder": ((5, 140, 0), (18, 140, 0), 0.0, "mixamorig:Spine2"),
    "mixamorig:RightShoulder": ((-5, 140, 0), (-18, 140, 0), 0.0, "mixamorig:Spine2"),
}
BONE_FACE: Bones = {
    "neck": ((0, 0, 1.4), (0, 0, 1.5), 20.0, ""),
    "head": ((0, 0, 1.5), (0, 0, 1.75), -70.0, "neck"),
    "jaw_master": ((0, -0.02, 1.55), (0, -0.1, 1.5), 15.0, "head"),
    "lid.T.L": ((0.03, -0.08, 1.62), (0.03, -0.1, 1.62), 0.0, "head"),
    "lid.T.R": ((-0.03, -0.08, 1.62), (-0.03, -0.1, 1.62), 0.0, "head"),
    "lips.L": ((0.03, -0.09, 1.54), (0.04, -0.09, 1.54), 0.0, "head"),
}

#: Controls of a generated Rigify face, odd rolls; the head faces −y, its eyes are 0.1 apart.
RIGIFY_FACE: Bones = {
    "neck": ((0, 0, 1.6), (0, 0, 1.7), 30.0, ""),
    "head": ((0, 0, 1.7), (0, 0, 2.0), -20.0, "neck"),
    "jaw_master": ((0, -0.06, 1.87), (0, -0.16, 1.78), 75.0, "head"),
    "chin": ((0, -0.15, 1.74), (0, -0.16, 1.77), 10.0, "jaw_master"),
    "lip.T": ((0, -0.17, 1.815), (0, -0.18, 1.815), 0.0, "head"),
    "lip.B": ((0, -0.167, 1.798), (0, -0.177, 1.798), 45.0, "jaw_master"),
    **{
        name.replace("$", side): ((sign * x, y, z), (sign * x, y - 0.01, z), roll, parent)
        for side, sign in (("L", 1.0), ("R", -1.0))
        for name, x, y, z, roll, parent in (
            ("eye.$", 0.05, -0.43, 1.89, 5.0, "head"),
            ("lips.$", 0.035, -0.15, 1.807, -60.0, "head"),
            ("lid.T.$.001", 0.068, -0.136, 1.900, 15.0, "head"),
            ("lid.T.$.002", 0.055, -0.144, 1.902, 99.0, "head"),
            ("lid.T.$.003", 0.043, -0.143, 1.899, 0.0, "head"),
            ("lid.B.$.001", 0.039, -0.142, 1.885, 0.0, "head"),
            ("lid.B.$.002", 0.055, -0.142, 1.883, -33.0, "head"),
            ("lid.B.$.003", 0.069, -0.135, 1.889, 0.0, "head"),
            ("brow.T.$.002", 0.059, -0.142, 1.926, 20.0, "head"),
        )
    },
}


def mesh(name: str, keys: list[str], armature: Any = None) -> Any:
    """A mesh object whose vertex i + 1 is lifted by 1 by the i-th key; deformed by the armature, if any."""
    count = len(keys) + 1
    data = bpy.data.meshes.new(name)
    data.from_pydata([(0.1 * i, 0.0, 0.0) for i in range(count)], [(i, i + 1) for i in range(count - 1)], [])
    obj = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(obj)
    obj.shape_key_add(name="Basis")
    for i, key_name in enumerate(keys):
        key = obj.shape_key_add(name=key_name)
        key.data[i + 1].co.z += 1.0
        key.value = 0.0
    if armature is not None:
        obj.modifiers.new("Armature", "ARMATURE").object = armature
    return obj


def rig(name: str, bones: Bones) -> Any:
    """An armature object in the scene, in object mode."""
    data = bpy.data.armatures.new(name)
    obj = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(obj)
    active = bpy.context.view_layer.objects.active
    bpy.context.view_layer.objects.active = obj
    bpy.ops.object.mode_set(mode="EDIT")
    for bone_name, (head, tail, roll, parent) in bones.items():
        bone = data.edit_bones.new(bone_name)
        bone.head, bone.tail, bone.roll = head, tail, math.radians(roll)
        if parent:
            bone.parent = data.edit_bones[parent]
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.context.view_layer.objects.active = active
    return obj


def values(obj: Any, frame: float) -> np.ndarray:
    """What each key of :func:`mesh` is worth in a frame, read off the evaluated vertices."""
    whole = math.floor(frame)
    bpy.context.scene.frame_set(whole, subframe=frame - whole)
    evaluated = obj.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return np.array([vertex.co.z for vertex in evaluated.data.vertices])[1:]


def turn(armature: Any, bone: str, frame: float, *, world: bool = False) -> np.ndarray:
    """How far (3, 3) a bone is turned against its rest in a frame, in the armature's space or the world's."""
    bpy.context.scene.frame_set(int(frame))
    evaluated = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    now, rest = evaluated.pose.bones[bone].matrix, armature.data.bones[bone].matrix_local
    change = _rotation(now) @ _rotation(rest).transposed()
    if world:
        frame_of = _rotation(armature.matrix_world)
        change = frame_of @ change @ frame_of.transposed()
    return np.array(change)


def place(armature: Any, bone: str, frame: float) -> np.ndarray:
    """Where (3,) a bone's pivot is in the world in a frame."""
    bpy.context.scene.frame_set(int(frame))
    evaluated = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return np.array(evaluated.matrix_world @ evaluated.pose.bones[bone].matrix.translation)


def _rotation(matrix: Matrix) -> Matrix:
    return matrix.to_quaternion().to_matrix()
