# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody else's character: its meshes, and everything about its face that a channel can drive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import bpy

from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.retarget.mapping import TargetKey
from . import bone_poses, head, vrm

#: What names of the armature's targets begin with, by kind; its custom properties have their own names.
EXPRESSION_PREFIX, POSE_PREFIX = "VRM: ", "Pose: "
SHAPE_GROUP, PROPERTY_GROUP = "Shape Keys", "Custom Properties"


@dataclass(frozen=True)
class Slider:
    """A number that curves can animate."""

    block: bpy.types.ID  # whose animation it is
    path: str  # from there
    group: str
    shape_key: bpy.types.ShapeKey | None = None


@dataclass(frozen=True)
class Outlet:
    """What a target stands for: sliders with the value that each has when the target is 1, or a recorded pose."""

    sliders: tuple[tuple[Slider, float], ...] = ()
    pose: str = ""


@dataclass(frozen=True)
class Character:
    """References die with undo and file loads: look it up again (:func:`chosen`)."""

    armature: bpy.types.Object | None
    meshes: tuple[bpy.types.Object, ...]
    outlets: dict[TargetKey, Outlet]
    closed: dict[TargetKey, str]  # what a curve cannot drive, and why

    @property
    def name(self) -> str:
        """What people call it."""
        return self.armature.name if self.armature is not None else self.meshes[0].name


def disabled_reason(scene: bpy.types.Scene) -> str | None:
    """Why there is no character to animate; None when there is."""
    settings = scene.ddfa.retarget
    if settings.character is not None:
        return armature_reason(scene, settings.character)
    if not meshes_in_use(scene, settings.face_meshes):
        return "Choose the character's armature, or select its meshes and press Use Selection"
    return None


def armature_reason(scene: bpy.types.Scene, armature: bpy.types.Object) -> str | None:
    """Why an armature cannot be a character's; None when it can."""
    if head.of_armature(armature) is not None:
        return "This is a captured head, which follows its take already; choose a character"
    if not armature.is_editable:
        return "The character is linked from another file; make a library override of it, or make it local"
    if not is_present(scene, armature):
        return "The character is not in this scene"
    return None


def is_present(scene: bpy.types.Scene, obj: bpy.types.Object | None) -> bool:
    """Whether an object is in the scene: what was deleted there lives on for as long as a list names it."""
    if obj is None:
        return False
    # A linked object may have the name of a local one: then the name alone does not tell.
    return scene.objects.get(obj.name) == obj or obj in scene.objects[:]


def meshes_in_use(scene: bpy.types.Scene, listed: Iterable[bpy.types.PropertyGroup]) -> tuple[bpy.types.Object, ...]:
    """The meshes of a list that are animated: ticked and not deleted."""
    return tuple(item.mesh for item in listed if item.use_mesh and is_present(scene, item.mesh))


def chosen(scene: bpy.types.Scene) -> Character:
    """The character that the user chose.

    Raises:
        CaptureError: there is none, or it cannot be changed.
    """
    reason = disabled_reason(scene)
    if reason is not None:
        raise CaptureError(f"{reason}.")
    settings = scene.ddfa.retarget
    return of(settings.character, meshes_in_use(scene, settings.face_meshes))


def meshes_of(scene: bpy.types.Scene, armature: bpy.types.Object) -> list[bpy.types.Object]:
    """The scene's meshes with shape keys that an armature deforms, or that hang on it, in the order of their names."""
    found = [obj for obj in scene.objects if has_keys(obj) and (_is_deformed(obj, armature) or _hangs(obj, armature))]
    return sorted(found, key=lambda obj: obj.name)


def armature_of(mesh: bpy.types.Object) -> bpy.types.Object | None:
    """The armature that deforms a mesh or that it hangs on; None for captured heads, too."""
    armature = _armature_of(mesh)
    return armature if head.of_armature(armature) is None else None


def selectable(obj: bpy.types.Object) -> bool:
    """Whether it may be (part of) a character: an armature, a mesh that hangs on one or that has shape keys, but of no
    captured head."""
    if obj.type == "ARMATURE":
        return head.of_armature(obj) is None
    if _armature_of(obj) is None:
        return has_keys(obj)
    return obj.type == "MESH" and armature_of(obj) is not None


def _armature_of(mesh: bpy.types.Object) -> bpy.types.Object | None:
    for modifier in mesh.modifiers:
        if modifier.type == "ARMATURE" and modifier.object is not None:
            return modifier.object
    parent = mesh.parent
    while parent is not None and parent.type != "ARMATURE":
        parent = parent.parent
    return parent


def has_keys(obj: bpy.types.Object) -> bool:
    """Whether it is a mesh with shape keys besides the basis."""
    return obj.type == "MESH" and obj.data.shape_keys is not None and len(obj.data.shape_keys.key_blocks) > 1


def names(outlets: dict[TargetKey, Outlet]) -> dict[str, list[str]]:
    """Owner → names, as the automatic mapping and presets want them."""
    found: dict[str, list[str]] = {}
    for key in outlets:
        found.setdefault(key.owner, []).append(key.name)
    return found


def of(armature: bpy.types.Object | None, meshes: tuple[bpy.types.Object, ...]) -> Character:
    """The character that an armature and meshes make; at least one of them is there."""
    outlets: dict[TargetKey, Outlet] = {}
    closed: dict[TargetKey, str] = {}
    sliders: dict[tuple[str, str], Slider] = {}  # by mesh and shape key
    for mesh in _unlike(meshes):
        driven = _driven_paths(mesh.data.shape_keys)
        for key in mesh.data.shape_keys.key_blocks[1:]:
            place, path = TargetKey(mesh.name, key.name), shape_path(key.name)
            if path in driven:
                closed[place] = "a driver moves it"
                continue
            sliders[place] = Slider(mesh.data.shape_keys, path, SHAPE_GROUP, key)
            outlets[place] = Outlet(((sliders[place], 1.0),))
    if armature is not None:
        outlets |= _expressions(armature, sliders)
        outlets |= {
            TargetKey(armature.name, POSE_PREFIX + pose.name): Outlet(pose=pose.name)
            for pose in bone_poses.of_armature(armature)
            if pose.name != bone_poses.NEUTRAL
        }
        for name, slider in _properties(armature):
            key = TargetKey(armature.name, name)
            if slider is None:
                closed[key] = "a driver moves it"
            else:
                outlets.setdefault(key, Outlet(((slider, 1.0),)))
    return Character(armature, meshes, outlets, closed)


def shape_path(key_name: str) -> str:
    """Of a shape key's value, from its shape keys."""
    return f'key_blocks["{bpy.utils.escape_identifier(key_name)}"].value'


def _expressions(armature: bpy.types.Object, sliders: dict[tuple[str, str], Slider]) -> dict[TargetKey, Outlet]:
    found = {}
    for name, binds in vrm.expressions(armature).items():
        parts = tuple(
            (sliders[bind.mesh, bind.shape_key], bind.weight)
            for bind in binds
            if (bind.mesh, bind.shape_key) in sliders
        )
        if parts:
            found[TargetKey(armature.name, EXPRESSION_PREFIX + name)] = Outlet(parts)
    return found


def _properties(armature: bpy.types.Object) -> Iterator[tuple[str, Slider | None]]:
    """Numbers that the user put on the armature or its bones; None where a driver moves it."""
    driven = _driven_paths(armature)
    for owner, start, prefix in _property_owners(armature):
        for name, value in owner.items():
            if not isinstance(value, float):
                continue
            path = f'{start}["{bpy.utils.escape_identifier(name)}"]'
            yield prefix + name, None if path in driven else Slider(armature, path, PROPERTY_GROUP)


def _property_owners(armature: bpy.types.Object) -> Iterator[tuple[bpy.types.bpy_struct, str, str]]:
    yield armature, "", ""
    for bone in armature.pose.bones if armature.pose is not None else ():  # None until Blender has looked at it
        if bone.keys():
            yield bone, f'pose.bones["{bpy.utils.escape_identifier(bone.name)}"]', f"{bone.name}: "


def _driven_paths(block: bpy.types.ID) -> set[str]:
    animation = block.animation_data
    return {curve.data_path for curve in animation.drivers} if animation is not None else set()


def _unlike(meshes: tuple[bpy.types.Object, ...]) -> list[bpy.types.Object]:
    """Without those whose shape keys another one of them has too."""
    found: dict[bpy.types.ID, bpy.types.Object] = {}
    for mesh in meshes:
        if has_keys(mesh) and mesh.data.shape_keys.is_editable:
            found.setdefault(mesh.data.shape_keys, mesh)
    return list(found.values())


def _is_deformed(obj: bpy.types.Object, armature: bpy.types.Object) -> bool:
    return any(modifier.type == "ARMATURE" and modifier.object == armature for modifier in obj.modifiers)


def _hangs(obj: bpy.types.Object, armature: bpy.types.Object) -> bool:
    parent = obj.parent
    while parent is not None and parent != armature:
        parent = parent.parent
    return parent is not None
