# SPDX-License-Identifier: GPL-3.0-or-later
"""Heads without any keys: the 52 ARKit shapes are fitted to them, looked at, and then kept or thrown away.

The fit itself (``ddfa_blender.retarget.transfer``) needs nothing of Blender: what it wants is taken down before, and
what it gives is added afterwards, so that it can run on a thread.

What is being looked at is marked on each mesh's object (``Object.ddfa.fitted_keys``), so that it outlives undo, saving
and loading: nothing else tells keys that were just made from the user's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np
from numpy.typing import NDArray

from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.names import ARKIT_NAMES
from ..ddfa_blender.retarget.transfer.transfer import HeadMesh, Transferred
from . import head, landmarks
from .character import armature_of

#: Modifiers that make a mesh's other half: its own vertices are no whole face.
_HALVING = {"MIRROR"}
#: Bones below the head that hold this much of a vertex make it one of the head's.
_HEAD_WEIGHT = 0.3
#: Why a mesh needs no more keys: it was given some here, or came with them.
KEPT = "The new shape keys are on this mesh and are kept; to make others, remove them first"
_HAS_KEYS = "The mesh has ARKit's shape keys already and can be retargeted to; to make others, remove them first"


@dataclass(frozen=True)
class Fit:
    """What a fit came to, as people read it: percent of the head's height."""

    meshes: int
    keys: int
    mean: float
    largest: float
    worst: str  # names of the parts of the face that fit worst, with their mean distance


def selected(context: bpy.types.Context) -> list[bpy.types.Object]:
    """The meshes that would get keys, in the order of their names."""
    return sorted((o for o in context.selected_objects if o.type == "MESH"), key=lambda o: o.name)


def previewed(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """The meshes whose new keys are neither kept nor thrown away yet."""
    return [o for o in scene.objects if o.type == "MESH" and o.ddfa.fitted_keys.is_preview and _own_keys(o)]


def disabled_reason(context: bpy.types.Context) -> str | None:
    """Why no keys can be made; None when they can."""
    if previewed(context.scene):
        return "Keep or discard the new shape keys first"
    meshes = selected(context)
    if not meshes:
        return "Select the meshes of the character's head: face, eyes, teeth"
    return next((reason for mesh in meshes if (reason := _reason(mesh))), None)


def _reason(mesh: bpy.types.Object) -> str | None:
    if _is_captured(mesh):
        return "A captured head has its shape keys already; select another character's meshes"
    if not mesh.is_editable or not mesh.data.is_editable:
        return "The mesh is linked from another file; make it local first"
    if mesh.mode != "OBJECT":
        return "The mesh is being edited; go back to object mode first"
    if mesh.data.users > 1:
        return "Several objects share the mesh; make it single-user first (Object, Relations, Make Single User)"
    if any(modifier.type in _HALVING for modifier in mesh.modifiers):
        return "The mesh is half a face with a Mirror modifier; apply the modifier first"
    keys = mesh.data.shape_keys
    if keys is not None and not keys.use_relative:
        return "The mesh has absolute shape keys; make them relative first"
    if keys is not None and any(name in keys.key_blocks for name in ARKIT_NAMES):
        return KEPT if mesh.ddfa.fitted_keys.worst_parts else _HAS_KEYS
    if abs(mesh.matrix_world.determinant()) < 1e-18:
        return "The object is scaled to nothing; give it a size first"
    return None


def _is_captured(mesh: bpy.types.Object) -> bool:
    captured = head.of_armature(mesh.parent)
    return captured is not None and captured.mesh == mesh


@dataclass(frozen=True, eq=False)
class Source:
    """A mesh as it was when it was taken down: what is made of it fits nothing else."""

    uid: int  # Blender's, which outlives undo and renaming; references do not
    name: str
    rest: NDArray[np.float64]  # (V, 3), the basis in the object's own space
    linear: NDArray[np.float64]  # (3, 3), from there to the world
    start: int  # of its vertices among all of them


@dataclass(frozen=True, eq=False)
class Wanted:
    """All that a fit needs, taken down from the scene: no more of Blender is asked until its result is there."""

    scene_uid: int
    sources: tuple[Source, ...]
    mesh: HeadMesh  # all meshes as one, in the world
    marks: dict[str, NDArray[np.float64]]
    eyes_and_teeth: bool


def take_down(context: bpy.types.Context) -> Wanted:
    """What the selected meshes and the settings ask for.

    Raises:
        CaptureError: a mesh cannot have keys.
    """
    reason = disabled_reason(context)
    if reason is not None:
        raise CaptureError(f"{reason}.")
    settings, meshes = context.scene.ddfa.retarget, selected(context)
    context.view_layer.update()  # what was just moved stands where it stood before
    whole, starts = _joined(meshes, settings.head_bone)
    sources = tuple(
        Source(mesh.session_uid, mesh.name, _rest(mesh), _linear(mesh), start)
        for mesh, start in zip(meshes, starts, strict=True)
    )
    return Wanted(context.scene.session_uid, sources, whole, landmarks.places(context.scene), settings.use_eyes)


def add(wanted: Wanted, made: Transferred) -> Fit:
    """Give the meshes their 52 shapes as keys at 0, marked as a preview; all of them or none.

    Raises:
        CaptureError: a mesh is not there or not as it was any more.
    """
    scene = next((scene for scene in bpy.data.scenes if scene.session_uid == wanted.scene_uid), None)
    if scene is None:
        raise CaptureError("The scene is gone; make the shape keys again in another one.")
    meshes = [_found(source) for source in wanted.sources]
    fit = _told(made, wanted.sources)
    try:
        for mesh, source in zip(meshes, wanted.sources, strict=True):
            _add_keys(mesh, source, made.deltas[:, source.start : source.start + len(source.rest)], fit)
    except BaseException:
        _take_away(meshes)
        raise
    show(scene)
    return fit


def _found(source: Source) -> bpy.types.Object:
    mesh = next((obj for obj in bpy.data.objects if obj.session_uid == source.uid), None)
    if mesh is None:
        raise CaptureError(f"{source.name} is gone; select the meshes of the head and make the shape keys again.")
    reason = _reason(mesh)
    if reason is not None:
        raise CaptureError(f"{reason}.")
    if not np.array_equal(_rest(mesh), source.rest):
        raise CaptureError(f"{mesh.name} was changed while its shape keys were made; make them again.")
    return mesh


def _told(made: Transferred, sources: Sequence[Source]) -> Fit:
    moved = [
        int(made.deltas[:, source.start : source.start + len(source.rest)].any(axis=(1, 2)).sum()) for source in sources
    ]
    worst = ", ".join(f"{name} {percent:.1f} %" for name, percent in made.quality.regions[:3])
    return Fit(sum(map(bool, moved)), sum(moved), made.quality.mean, made.quality.largest, worst)


def _joined(meshes: Sequence[bpy.types.Object], head_bone: str) -> tuple[HeadMesh, list[int]]:
    """All meshes as one, in the world, and where the vertices of each begin."""
    points, triangles, heads, starts, count = [], [], [], [], 0
    for mesh in meshes:
        starts.append(count)
        points.append(_rest(mesh) @ _linear(mesh).T + np.array(mesh.matrix_world.translation))
        # A mirrored object's faces look inside.
        faces = _triangles(mesh.data)
        triangles.append((faces if mesh.matrix_world.determinant() > 0.0 else faces[:, ::-1]) + count)
        heads.append(_of_head(mesh, head_bone))
        count += len(points[-1])
    known = any(part is not None for part in heads)
    mask = [np.ones(len(p), dtype=bool) if part is None else part for p, part in zip(points, heads, strict=True)]
    return HeadMesh(np.concatenate(points), np.concatenate(triangles), np.concatenate(mask) if known else None), starts


def _rest(mesh: bpy.types.Object) -> NDArray[np.float64]:
    """(V, 3): the basis, without any key."""
    keys = mesh.data.shape_keys
    source = mesh.data.vertices if keys is None else keys.reference_key.data
    points = np.empty(3 * len(source))
    source.foreach_get("co", points)
    return points.reshape(-1, 3)


def _linear(mesh: bpy.types.Object) -> NDArray[np.float64]:
    return np.array(mesh.matrix_world.to_3x3(), dtype=np.float64)


def _triangles(data: bpy.types.Mesh) -> NDArray[np.int64]:
    data.calc_loop_triangles()
    triangles = np.empty(3 * len(data.loop_triangles), dtype=np.int32)
    data.loop_triangles.foreach_get("vertices", triangles)
    return triangles.reshape(-1, 3).astype(np.int64)


def _of_head(mesh: bpy.types.Object, head_bone: str) -> NDArray[np.bool_] | None:
    """(V,): which vertices the head's bone and those below it hold; None where no armature tells."""
    armature = armature_of(mesh)
    if armature is None or head_bone not in armature.data.bones:
        return None
    bone = armature.data.bones[head_bone]
    names = {bone.name, *(child.name for child in bone.children_recursive)}
    if mesh.parent == armature and mesh.parent_type == "BONE":
        return np.full(len(mesh.data.vertices), mesh.parent_bone in names)
    indices = {group.index for group in mesh.vertex_groups if group.name in names}
    if not indices:
        return None
    held = [sum(g.weight for g in vertex.groups if g.group in indices) for vertex in mesh.data.vertices]
    mask = np.array(held) > _HEAD_WEIGHT
    return mask if mask.any() else None


def _add_keys(mesh: bpy.types.Object, source: Source, deltas: NDArray, fit: Fit) -> None:
    """Keys for whatever moves; (52, V, 3) in the world, as the object stood in it then."""
    state = mesh.ddfa.fitted_keys
    own = deltas @ np.linalg.inv(source.linear).T
    moving = [i for i in range(len(ARKIT_NAMES)) if own[i].any()]
    state.is_preview, state.made_basis = bool(moving), False
    state.mean_distance, state.largest_distance, state.worst_parts = fit.mean, fit.largest, fit.worst
    if moving and mesh.data.shape_keys is None:
        mesh.shape_key_add(name="Basis", from_mix=False)
        state.made_basis = True
    for i in moving:
        key = mesh.shape_key_add(name=ARKIT_NAMES[i], from_mix=False)
        key.relative_key = mesh.data.shape_keys.reference_key
        key.data.foreach_set("co", (source.rest + own[i]).astype(np.float32).ravel())
        key.value = 0.0


def _own_keys(mesh: bpy.types.Object) -> list[bpy.types.ShapeKey]:
    keys = mesh.data.shape_keys
    return [keys.key_blocks[name] for name in ARKIT_NAMES if name in keys.key_blocks] if keys is not None else []


def show(scene: bpy.types.Scene) -> None:
    """Pose the previewed heads as the chosen expression, as strongly as is set."""
    settings = scene.ddfa.retarget
    for mesh in previewed(scene):
        for key in _own_keys(mesh):
            key.value = settings.shown_strength if key.name == settings.shown_expression else 0.0


def fit_of(scene: bpy.types.Scene) -> bpy.types.PropertyGroup | None:
    """What the fit that is being looked at came to; None when there is none."""
    return next((mesh.ddfa.fitted_keys for mesh in previewed(scene)), None)


def keep(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """The new keys are the meshes' own from now on, at 0; gives the meshes."""
    meshes = previewed(scene)
    for mesh in meshes:
        mesh.ddfa.fitted_keys.is_preview = False
        for key in _own_keys(mesh):
            key.value = 0.0
    return meshes


def discard(scene: bpy.types.Scene) -> int:
    """Take the new keys away again, all of them; gives how many meshes had some."""
    meshes = previewed(scene)
    _take_away(meshes)
    return len(meshes)


def _take_away(meshes: Sequence[bpy.types.Object]) -> None:
    for mesh in meshes:
        for key in _own_keys(mesh):
            mesh.shape_key_remove(key)
        state = mesh.ddfa.fitted_keys
        keys = mesh.data.shape_keys
        if state.made_basis and keys is not None and len(keys.key_blocks) == 1:
            mesh.shape_key_clear()
        state.is_preview, state.worst_parts = False, ""
