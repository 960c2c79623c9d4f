# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain materials of the head, one per region of the mesh, that survive FBX (Principled, image textures)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import bpy
import numpy as np
from numpy.typing import NDArray

from ..ddfa_blender.morphable_model import MorphableModel
from ..ddfa_blender.names import REGION_NAMES
from ..ddfa_blender.texture.texture_coordinates import eye_centre
from . import textures


@dataclass(frozen=True)
class Surface:
    """``colour``: linear RGB, where no ``texture`` paints it; ``subsurface`` and ``coat`` (wetness): weights 0..1;
    ``solid``: opacity in Solid shading, which shows no textures and so no holes in them."""

    name: str
    colour: tuple[float, float, float]
    roughness: float
    subsurface: float = 0.0
    coat: float = 0.0
    solid: float = 1.0
    texture: Callable[[MorphableModel], textures.Pixels] | None = None


SKIN = Surface("Skin", (0.56, 0.34, 0.245), 0.5, subsurface=0.1, texture=textures.skin_pixels)
_EYE = Surface("Eye", (0.70, 0.67, 0.63), 0.05, texture=textures.eye_pixels)
#: Looks like the eye around it, but in Solid shading, which shows no textures, one sees where it looks.
_IRIS = Surface("Iris", (0.06, 0.03, 0.015), 0.05, texture=textures.eye_pixels)
_TEETH = Surface("Teeth", (0.86, 0.82, 0.73), 0.22, subsurface=0.05, coat=0.3)
_TONGUE = Surface("Tongue", (0.45, 0.12, 0.11), 0.4, subsurface=0.1, coat=0.3)
_LASHES = Surface("Lashes", (0.02, 0.014, 0.01), 0.6, solid=0.25, texture=textures.lash_pixels)

_SUBSURFACE_SCALE = 0.005  # metres
_DEPTH_WITH_ALPHA = 32  # bits of an image's pixel

#: Surface of each region; regions may share one.
SURFACES: dict[str, Surface] = {
    "skin": SKIN,
    "eye_left": _EYE,
    "eye_right": _EYE,
    "teeth_upper": _TEETH,
    "teeth_lower": _TEETH,
    "tongue": _TONGUE,
    "lashes": _LASHES,
}


#: In the order of a head's material slots.
_SLOTS: tuple[Surface, ...] = (*dict.fromkeys(SURFACES[name] for name in REGION_NAMES), _IRIS)
#: Quads whose middle lies within this angle of straight ahead, seen from the eye's centre, are the iris.
_IRIS_DEGREES = 24.0


def quad_slots(model: MorphableModel) -> NDArray[np.int32]:
    """The material slot (F,) of each of the model's quads."""
    slot_of_region = np.array([_SLOTS.index(SURFACES[name]) for name in REGION_NAMES], dtype=np.int32)
    slots = slot_of_region[model.quad_regions]
    middles = model.mean[model.quads].mean(axis=1)
    for region in ("eye_left", "eye_right"):
        quads = np.flatnonzero(model.quad_regions == REGION_NAMES.index(region))
        direction = middles[quads] - eye_centre(model, region)
        degrees = np.degrees(np.arctan2(np.hypot(direction[:, 0], direction[:, 1]), direction[:, 2]))
        slots[quads[degrees < _IRIS_DEGREES]] = _SLOTS.index(_IRIS)
    return slots


def make_all(head_name: str, model: MorphableModel) -> list[bpy.types.Material]:
    """New materials for the head called ``head_name``, in slot order. Surfaces of one texture share its image."""
    images: dict[Callable[[MorphableModel], textures.Pixels], bpy.types.Image] = {}
    made = []
    for surface in _SLOTS:
        material = _make(surface, head_name)
        if surface.texture is not None:
            if surface.texture not in images:
                name = f"{head_name} {surface.name}"
                images[surface.texture] = textures.new_image(name, surface.texture(model))
            set_texture(material, images[surface.texture])
        made.append(material)
    return made


def _make(surface: Surface, head_name: str) -> bpy.types.Material:
    material = bpy.data.materials.new(f"{head_name} {surface.name}")
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True  # always on from 5.0, where setting it warns
    material.diffuse_color = (*surface.colour, surface.solid)
    material.roughness = surface.roughness
    shader = _shader(material)
    shader.inputs["Base Color"].default_value = (*surface.colour, 1.0)
    shader.inputs["Roughness"].default_value = surface.roughness
    shader.inputs["Subsurface Weight"].default_value = surface.subsurface
    shader.inputs["Subsurface Scale"].default_value = _SUBSURFACE_SCALE
    shader.inputs["Coat Weight"].default_value = surface.coat
    return material


def of_surface(mesh: bpy.types.Mesh, surface: Surface) -> bpy.types.Material | None:
    """The material of a head's mesh in the slot of ``surface``; None if the slot is gone or empty."""
    slot = _SLOTS.index(surface)
    return mesh.materials[slot] if slot < len(mesh.materials) else None


def can_wear(material: bpy.types.Material) -> bool:
    """Whether :func:`set_texture` can work on it."""
    return _find_shader(material) is not None


def texture_of(material: bpy.types.Material) -> bpy.types.Image | None:
    """The image that paints a material's base colour."""
    node = _texture_node(material)
    return node.image if node is not None else None


def set_texture(material: bpy.types.Material, image: bpy.types.Image) -> None:
    """Paint the base colour with an image, and see through it where the image has holes.

    Raises:
        ValueError: the material has no Principled shader (any more).
    """
    node = _texture_node(material)
    if node is None:
        shader = _shader(material)
        node = material.node_tree.nodes.new("ShaderNodeTexImage")
        node.location = (shader.location.x - 300.0, shader.location.y)
        material.node_tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
        if image.depth == _DEPTH_WITH_ALPHA:
            material.node_tree.links.new(node.outputs["Alpha"], shader.inputs["Alpha"])
    node.image = image


def _find_shader(material: bpy.types.Material) -> bpy.types.ShaderNode | None:
    nodes = material.node_tree.nodes if material.node_tree is not None else ()
    return next((node for node in nodes if node.type == "BSDF_PRINCIPLED"), None)


def _shader(material: bpy.types.Material) -> bpy.types.ShaderNode:
    shader = _find_shader(material)
    if shader is None:
        raise ValueError(f"the material {material.name} has no Principled shader")
    return shader


def _texture_node(material: bpy.types.Material) -> bpy.types.ShaderNode | None:
    for link in _shader(material).inputs["Base Color"].links:
        if link.from_node.type == "TEX_IMAGE":
            return link.from_node
    return None
