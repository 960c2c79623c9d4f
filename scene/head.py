# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the actor's own head: mesh, materials, shape keys and armature, in a collection of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import bpy
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.morphable_model import MorphableModel
from ..ddfa_blender.names import ARKIT_NAMES, EXPRESSION_NAMES
from ..ddfa_blender.texture.texture_coordinates import corner_uvs
from . import axes, materials

HEAD_BONE, NECK_BONE = "head", "neck"

#: Slider ranges: components are coefficients of unit variance; ARKit weights may carry a signed residual.
EXPRESSION_RANGE = (-5.0, 5.0)
ARKIT_RANGE = (-1.0, 1.0)
#: Blender allows no slider beyond this.
SLIDER_LIMIT = 10.0


#: Bytes of a name: more are cut, before 5.0 by Blender itself (at 63), and then " Head", ".001" and the markers' words
#: are lost. What tells one file's name from the next stands at its beginning or at its end.
_LONGEST_NAME, _NAME_BEGINNING, _NAME_END = 42, 22, 16
#: What stands between the words of a name.
_JOINTS = " _-."


@dataclass(frozen=True)
class Head:
    """The objects of one head. References die with undo and file loads: look them up again (:func:`of_armature`)."""

    mesh: bpy.types.Object
    armature: bpy.types.Object


def build(context: bpy.types.Context, model: MorphableModel, identity: ArrayLike, name: str) -> Head:
    """Make a head of the identity (40,), neutral, at the world's origin, in a new collection ``name``.

    Leaves Blender in object mode; the caller decides about the selection.
    """
    neutral = model.vertices(identity)
    collection = bpy.data.collections.new(name)
    context.scene.collection.children.link(collection)
    mesh_object = bpy.data.objects.new(f"{name} Head", _mesh(model, neutral, name))
    collection.objects.link(mesh_object)
    _add_shape_keys(mesh_object, model, neutral)
    _add_vertex_groups(mesh_object, model.head_weight)
    armature = _armature(context, collection, neutral, name)
    mesh_object.parent = armature
    modifier = mesh_object.modifiers.new("Armature", "ARMATURE")
    modifier.object = armature
    return Head(mesh_object, armature)


def short_name(name: str) -> str:
    """A name for a head and all that belongs to it, which leaves room for what is added to it."""
    data = name.encode("utf-8", errors="replace")
    if len(data) <= _LONGEST_NAME:
        return name
    beginning, end = (part.decode("utf-8", errors="ignore") for part in (data[:_NAME_BEGINNING], data[-_NAME_END:]))
    return f"{beginning.rstrip(_JOINTS)}_{end.lstrip(_JOINTS)}"  # engines take no ellipsis for a name


def of_armature(armature: bpy.types.Object | None) -> Head | None:
    """The head that hangs on an armature, or None if it is not one of ours (any more)."""
    if armature is None or armature.type != "ARMATURE":
        return None
    sets = {child: _key_sets(child) for child in armature.children if child.type == "MESH"}
    # Somebody may have deleted all keys of a set, but the 52 alone are what any other character has too.
    needed = 1 if armature.ddfa.take else 2
    mesh = max(sets, key=lambda child: sets[child], default=None)
    return Head(mesh, armature) if mesh is not None and sets[mesh] >= needed else None


def _key_sets(mesh_object: bpy.types.Object) -> int:
    """Of how many of the two sets of shape keys a mesh has any."""
    keys = mesh_object.data.shape_keys
    if keys is None:
        return 0
    # Of a head whose keys were left alone, the first will do.
    return sum(any(name in keys.key_blocks for name in names) for names in (EXPRESSION_NAMES, ARKIT_NAMES))


def missing_reason(armature: bpy.types.Object | None) -> str | None:
    """Why nothing can be done with a head that is none; None when it is one."""
    return "Capture some footage first, or choose a captured head" if of_armature(armature) is None else None


def check_bones(head: Head) -> None:
    """Make sure that the bones can be posed.

    Raises:
        CaptureError: one of them was renamed or removed.
    """
    for name in (NECK_BONE, HEAD_BONE):
        if name not in head.armature.data.bones:
            raise CaptureError(
                f'The head\'s bone "{name}" was renamed or removed; give the bone that name again, or make a new head '
                "of the take."
            )


def check_reshapable(head: Head, model: MorphableModel) -> None:
    """Make sure that :func:`reshape` will work.

    Raises:
        CaptureError: the mesh is edited and no longer the model's, or being edited, or a bone is missing.
    """
    check_bones(head)
    if len(head.mesh.data.vertices) != len(model.mean):
        raise CaptureError(
            "The head's mesh was edited and cannot take another shape; apply the take without it, or make a new head."
        )
    if "EDIT" in (head.mesh.mode, head.armature.mode):
        raise CaptureError("The head is being edited; leave edit mode first.")


def reshape(head: Head, model: MorphableModel, identity: ArrayLike) -> None:
    """Give a head the shape of another actor (40,): basis, shape keys and bones move, all else stays as it is.

    What a shape key changes, it changes on the new shape too, be it one of the 62 or one that the user added.
    Curves that move the neck bone were baked for the old bones: bake again afterwards.

    Raises:
        CaptureError: see :func:`check_reshapable`; nothing has changed then.
    """
    check_reshapable(head, model)
    mesh = head.mesh.data
    neutral = model.vertices(identity)
    basis = _points(mesh.shape_keys.reference_key.data)
    moved = axes.positions(neutral).astype(np.float32).ravel()
    for key in mesh.shape_keys.key_blocks:
        key.data.foreach_set("co", _points(key.data) + (moved - basis))
    mesh.vertices.foreach_set("co", moved)
    mesh.update()
    _move_bones(head.armature, neutral)


def _points(data: bpy.types.bpy_prop_collection) -> NDArray[np.float32]:
    """Coordinates (3 · V,)."""
    points = np.empty(3 * len(data), dtype=np.float32)
    data.foreach_get("co", points)
    return points


def _move_bones(armature: bpy.types.Object, neutral: NDArray) -> None:
    """Fit the bones to a shape; rest poses can only be changed in edit mode."""
    view_layer = bpy.context.view_layer
    if armature not in view_layer.objects.values():  # not by name: a linked object may have the same
        return  # in another scene: the old bones serve, only the neck's pivot is a little off
    active = view_layer.objects.active
    mode = active.mode if active is not None else "OBJECT"
    hidden = armature.hide_get(), armature.hide_viewport
    ensure_object_mode(bpy.context)
    # Blender edits nothing that is hidden, in this view layer or in all.
    armature.hide_viewport = False
    armature.hide_set(False)
    view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    top, base = _bone_ends(neutral)
    bones = armature.data.edit_bones
    bones[NECK_BONE].head, bones[HEAD_BONE].tail = base, (0.0, 0.0, top)
    bpy.ops.object.mode_set(mode="OBJECT")
    armature.hide_set(hidden[0])
    armature.hide_viewport = hidden[1]
    view_layer.objects.active = active
    if active is not None and mode != "OBJECT":
        bpy.ops.object.mode_set(mode=mode)


def _mesh(model: MorphableModel, neutral: NDArray, name: str) -> bpy.types.Mesh:
    mesh = bpy.data.meshes.new(f"{name} Head")
    faces = len(model.quads)
    mesh.vertices.add(len(neutral))
    mesh.vertices.foreach_set("co", axes.positions(neutral).astype(np.float32).ravel())
    mesh.loops.add(4 * faces)
    mesh.loops.foreach_set("vertex_index", model.quads.ravel())
    mesh.polygons.add(faces)
    mesh.polygons.foreach_set("loop_start", np.arange(0, 4 * faces, 4, dtype=np.int32))
    mesh.polygons.foreach_set("use_smooth", np.ones(faces, dtype=bool))
    for material in materials.make_all(name, model):
        mesh.materials.append(material)
    mesh.polygons.foreach_set("material_index", materials.quad_slots(model))
    uv = mesh.uv_layers.new(name="UVMap")
    uv.uv.foreach_set("vector", corner_uvs(model).astype(np.float32).ravel())
    mesh.update(calc_edges=True)
    mesh.validate()
    return mesh


def _add_shape_keys(mesh_object: bpy.types.Object, model: MorphableModel, neutral: NDArray) -> None:
    mesh_object.shape_key_add(name="Basis", from_mix=False)
    rows: list[tuple[Iterable[tuple[str, NDArray]], tuple[float, float]]] = [
        (zip(EXPRESSION_NAMES, model.expression_basis, strict=True), EXPRESSION_RANGE),
        (zip(ARKIT_NAMES, model.arkit_basis, strict=True), ARKIT_RANGE),
    ]
    for named_deltas, (low, high) in rows:
        for name, delta in named_deltas:
            key = mesh_object.shape_key_add(name=name, from_mix=False)
            key.data.foreach_set("co", axes.positions(neutral + delta).astype(np.float32).ravel())
            key.slider_min, key.slider_max, key.value = low, high, 0.0
    mesh_object.data.shape_keys.name = mesh_object.name


def _add_vertex_groups(mesh_object: bpy.types.Object, head_weight: NDArray) -> None:
    for bone, weights in ((HEAD_BONE, head_weight), (NECK_BONE, 1.0 - head_weight)):
        group = mesh_object.vertex_groups.new(name=bone)
        # Blender takes one weight for many vertices: one call per distinct weight, most are 0 or 1.
        for weight in np.unique(weights[weights > 0.0]):
            group.add(np.flatnonzero(weights == weight).tolist(), float(weight), "REPLACE")


def _armature(
    context: bpy.types.Context, collection: bpy.types.Collection, neutral: NDArray, name: str
) -> bpy.types.Object:
    data = bpy.data.armatures.new(name)
    armature = bpy.data.objects.new(name, data)
    collection.objects.link(armature)
    armature.show_in_front = True
    data.display_type = "STICK"
    ensure_object_mode(context)
    context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    top, base = _bone_ends(neutral)
    neck = data.edit_bones.new(NECK_BONE)
    neck.head, neck.tail = base, (0.0, 0.0, 0.0)
    head = data.edit_bones.new(HEAD_BONE)
    head.head, head.tail = (0.0, 0.0, 0.0), (0.0, 0.0, top)
    head.parent = neck
    bpy.ops.object.mode_set(mode="OBJECT")
    for bone in armature.pose.bones:
        bone.rotation_mode = "QUATERNION"
    return armature


def _bone_ends(neutral: NDArray) -> tuple[float, tuple[float, float, float]]:
    """Height of the head's top, and the middle of the neck's cut, metres."""
    points = axes.positions(neutral)
    low, high = points[:, 2].min(), points[:, 2].max()
    rim = points[points[:, 2] < low + 0.05 * (high - low)]
    middle = (rim.min(axis=0) + rim.max(axis=0)) / 2.0
    return float(high), (0.0, float(middle[1]), float(low))


def ensure_object_mode(context: bpy.types.Context) -> None:
    """Leave edit, pose or sculpt mode, if any."""
    active = context.view_layer.objects.active
    if active is not None and active.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
