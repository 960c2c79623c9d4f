# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender: a cartoon character with ARKit's 52 shape keys and a rig, to be animated; nothing of it is ours.

The face is an egg that looks along −y. Each key moves what lies about one place of it, so that eyes, jaw and brows can
be seen to follow.
"""

from __future__ import annotations

import math
from typing import Any

import bpy
from mathutils import Vector

_RINGS, _SEGMENTS = 64, 64
_RADII, _CENTRE = (0.11, 0.12, 0.15), (0.0, 0.0, 1.65)
#: Key, or its part before Left and Right → place on the face (x of the left side, z; fractions of the radii), how wide
#: about it, and where to (x, y, z; fractions of a decimetre).
_KEYS: dict[str, tuple[float, float, float, tuple[float, float, float]]] = {
    "browDown": (0.4, 0.45, 0.2, (-0.05, 0.0, -0.15)), "browInnerUp": (0.0, 0.45, 0.22, (0.0, -0.03, 0.22)),
    "browOuterUp": (0.5, 0.45, 0.2, (0.0, -0.02, 0.2)), "cheekPuff": (0.0, -0.25, 0.5, (0.0, -0.12, 0.0)),
    "cheekSquint": (0.45, 0.0, 0.2, (0.0, -0.03, 0.1)), "eyeBlink": (0.4, 0.28, 0.14, (0.0, -0.02, -0.2)),
    "eyeLookDown": (0.4, 0.2, 0.1, (0.0, 0.0, -0.1)), "eyeLookIn": (0.4, 0.2, 0.1, (-0.1, 0.0, 0.0)),
    "eyeLookOut": (0.4, 0.2, 0.1, (0.1, 0.0, 0.0)), "eyeLookUp": (0.4, 0.2, 0.1, (0.0, 0.0, 0.1)),
    "eyeSquint": (0.4, 0.12, 0.14, (0.0, -0.02, 0.1)), "eyeWide": (0.4, 0.3, 0.14, (0.0, 0.0, 0.14)),
    "jawForward": (0.0, -0.6, 0.4, (0.0, -0.15, 0.0)), "jawLeft": (0.0, -0.6, 0.4, (0.15, 0.0, 0.0)),
    "jawOpen": (0.0, -0.65, 0.4, (0.0, 0.05, -0.45)), "jawRight": (0.0, -0.6, 0.4, (-0.15, 0.0, 0.0)),
    "mouthClose": (0.0, -0.5, 0.2, (0.0, 0.0, 0.25)), "mouthDimple": (0.35, -0.4, 0.12, (0.0, 0.06, 0.0)),
    "mouthFrown": (0.3, -0.45, 0.15, (0.0, 0.0, -0.15)), "mouthFunnel": (0.0, -0.42, 0.25, (0.0, -0.2, 0.0)),
    "mouthLeft": (0.0, -0.42, 0.25, (0.15, 0.0, 0.0)), "mouthLowerDown": (0.15, -0.5, 0.12, (0.0, 0.0, -0.15)),
    "mouthPress": (0.2, -0.42, 0.12, (0.0, 0.04, 0.0)), "mouthPucker": (0.0, -0.42, 0.2, (0.0, -0.25, 0.0)),
    "mouthRight": (0.0, -0.42, 0.25, (-0.15, 0.0, 0.0)), "mouthRollLower": (0.0, -0.5, 0.15, (0.0, 0.1, 0.05)),
    "mouthRollUpper": (0.0, -0.36, 0.15, (0.0, 0.1, -0.05)), "mouthShrugLower": (0.0, -0.55, 0.2, (0.0, -0.05, 0.12)),
    "mouthShrugUpper": (0.0, -0.36, 0.15, (0.0, -0.05, 0.1)), "mouthSmile": (0.3, -0.38, 0.2, (0.1, 0.03, 0.2)),
    "mouthStretch": (0.35, -0.42, 0.15, (0.15, 0.0, -0.03)), "mouthUpperUp": (0.15, -0.34, 0.12, (0.0, 0.0, 0.15)),
    "noseSneer": (0.12, 0.0, 0.15, (0.0, -0.03, 0.15)), "tongueOut": (0.0, -0.47, 0.1, (0.0, -0.3, 0.0)),
}  # fmt: skip
_ONE_SIDED = frozenset(("browInnerUp", "cheekPuff", "tongueOut", "jawForward", "jawOpen", "jawLeft", "jawRight",
                        "mouthClose", "mouthFunnel", "mouthLeft", "mouthPucker", "mouthRight", "mouthRollLower",
                        "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper"))  # fmt: skip
#: A beard is an egg this much smaller than the face.
_BEARD = 0.5
_BONES = (("Hips", 1.0, 1.2), ("Spine", 1.2, 1.4), ("Neck", 1.4, 1.52), ("Head", 1.52, 1.8),
          ("Jaw", 1.6, 1.55))  # fmt: skip
#: What the animator has done with the character before: frames, and how far up the hips go in the middle, metres.
_WALK_FRAMES, _WALK_HEIGHT = (1, 20, 40), 0.2


def add(rig_name: str, face_name: str, x: float) -> None:
    """Put it beside the middle of the scene, its face ``x`` metres to the right, unselected."""
    rig, face = _rig(rig_name), _face(face_name)
    face.parent = rig
    face.modifiers.new("Armature", "ARMATURE").object = rig
    face.vertex_groups.new(name="Head").add(range(len(face.data.vertices)), 1.0, "REPLACE")
    rig.location = (x, 0.0, -_CENTRE[2])


def add_loose(face_name: str, beard_name: str, x: float) -> tuple[Vector, Vector]:
    """Put a face and a beard without any armature ``x`` metres to the right, with keys such as ``EyeBlink_L`` on the
    face and ``jaw open`` on the beard; two corners of a box in front about both."""
    face = _face(face_name)
    for key in face.data.shape_keys.key_blocks[1:]:
        key.name = (key.name[0].upper() + key.name[1:]).replace("Left", "_L").replace("Right", "_R")
    mesh = bpy.data.meshes.new(beard_name)
    vertices, edges, quads = _egg()
    at = Vector((_CENTRE[0], _CENTRE[1] - 0.3 * _RADII[1], _CENTRE[2] - _RADII[2]))
    mesh.from_pydata([at + _BEARD * (vertex - Vector(_CENTRE)) for vertex in vertices], edges, quads)
    beard = bpy.data.objects.new(beard_name, mesh)
    bpy.context.scene.collection.objects.link(beard)
    beard.shape_key_add(name="Basis")
    key = beard.shape_key_add(name="jaw open")
    key.value = 0.0
    for point in key.data:
        point.co.z -= 0.04
    moved = Vector((x, 0.0, -_CENTRE[2]))
    face.location = beard.location = moved
    middle, wide, low = Vector(_CENTRE) + moved, 1.3 * _RADII[0], at.z - _CENTRE[2] - 1.3 * _BEARD * _RADII[2]
    return middle + Vector((-wide, 0.0, 1.3 * _RADII[2])), middle + Vector((wide, 0.0, low))


def add_bare(name: str, like: bpy.types.Object, x: float) -> Vector:
    """Put a head without any shape key ``x`` metres to the right of the mesh that it looks like; its middle."""
    keys = like.data.shape_keys
    points = [point.co for point in keys.reference_key.data] if keys else [vertex.co for vertex in like.data.vertices]
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(points, [], [tuple(polygon.vertices) for polygon in like.data.polygons])
    mesh.shade_smooth()
    bare = bpy.data.objects.new(name, mesh)
    bare.matrix_world = like.matrix_world
    bare.location.x += x
    bpy.context.scene.collection.objects.link(bare)
    bpy.context.view_layer.update()
    return sum((bare.matrix_world @ Vector(corner) for corner in bare.bound_box), Vector()) / 8.0


def add_ears(face_name: str, key_name: str) -> None:
    """Give the face a key that no channel can be meant to drive."""
    key = bpy.data.objects[face_name].shape_key_add(name=key_name)
    key.value = 0.0


def add_walk(rig_name: str, action_name: str) -> None:
    """Give the rig an action of the animator's own, which moves the hips up and down."""
    rig = bpy.data.objects[rig_name]
    hips = rig.pose.bones["Hips"]
    for frame, height in zip(_WALK_FRAMES, (0.0, _WALK_HEIGHT, 0.0), strict=True):
        hips.location.y = height
        hips.keyframe_insert("location", frame=frame)
    rig.animation_data.action.name = action_name


def _rig(name: str) -> bpy.types.Object:
    rig = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    parent = None
    for bone_name, foot, tip in _BONES:
        bone = rig.data.edit_bones.new(bone_name)
        bone.head, bone.tail, bone.parent = (0.0, 0.03, foot), (0.0, 0.03, tip), parent
        parent = bone
    bpy.ops.object.mode_set(mode="OBJECT")
    rig.select_set(False)
    return rig


def _face(name: str) -> bpy.types.Object:
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(*_egg())
    mesh.shade_smooth()
    _paint(mesh)
    face = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(face)
    face.shape_key_add(name="Basis")
    for stem, (x, z, width, to) in _KEYS.items():
        sides = {"": 1.0} if stem in _ONE_SIDED else {"Left": 1.0, "Right": -1.0}
        for suffix, side in sides.items():
            key = face.shape_key_add(name=stem + suffix)
            key.value = 0.0  # Blender 5 begins with 1
            _push(key, mesh, (side * x, z), width, Vector((side * to[0] if x else to[0], to[1], to[2])))
    return face


def _push(key: Any, mesh: bpy.types.Mesh, place: tuple[float, float], width: float, to: Vector) -> None:
    """Move the front of the egg about a place, less and less further off."""
    for vertex, point in zip(mesh.vertices, key.data, strict=True):
        x, y, z = (c / radius for c, radius in zip(vertex.co - Vector(_CENTRE), _RADII, strict=True))
        if y < 0.0:
            away = math.hypot(x - place[0], z - place[1]) / width
            point.co = vertex.co + 0.1 * math.exp(-away * away) * to


def _egg() -> tuple[list[Vector], list[tuple[int, int]], list[tuple[int, int, int, int]]]:
    """Vertices, no edges, quads: rings from pole to pole, the poles themselves rings of almost no size."""
    heights = [math.pi * (ring + 0.01) / (_RINGS + 0.02) for ring in range(_RINGS + 1)]
    turns = [2.0 * math.pi * segment / _SEGMENTS for segment in range(_SEGMENTS)]
    vertices = [_on_egg(height, turn) for height in heights for turn in turns]
    quads = [
        (_at(ring, segment), _at(ring + 1, segment), _at(ring + 1, segment + 1), _at(ring, segment + 1))
        for ring in range(_RINGS) for segment in range(_SEGMENTS)
    ]  # fmt: skip
    return vertices, [], quads


def _on_egg(height: float, turn: float) -> Vector:
    wide = math.sin(height)
    return Vector(_CENTRE) + Vector((wide * math.sin(turn), -wide * math.cos(turn), math.cos(height))) * Vector(_RADII)


def _at(ring: int, segment: int) -> int:
    return ring * _SEGMENTS + segment % _SEGMENTS


def _paint(mesh: bpy.types.Mesh) -> None:
    """Skin, eyes, brows and mouth in the colours of solid shading."""
    for colour in ((0.85, 0.5, 0.35), (0.03, 0.03, 0.05), (0.25, 0.12, 0.05), (0.5, 0.05, 0.08)):
        material = bpy.data.materials.new(mesh.name)
        material.diffuse_color = (*colour, 1.0)
        mesh.materials.append(material)
    for polygon in mesh.polygons:
        x, y, z = (c / radius for c, radius in zip(polygon.center - Vector(_CENTRE), _RADII, strict=True))
        if y < 0.0:
            x = abs(x)
            eye, brow = math.hypot(x - 0.4, z - 0.2) < 0.13, abs(x - 0.4) < 0.2 and abs(z - 0.45) < 0.04
            mouth = x < 0.3 and abs(z + 0.45 - 0.3 * x * x) < 0.05
            polygon.material_index = 1 if eye else 2 if brow else 3 if mouth else 0
