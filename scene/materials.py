# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain materials of the head, one per region of the mesh, that survive FBX (Principled, image textures)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import bpy
import numpy as np
from numpy.typing import NDArray

from ..ddfa_blender.names import REGION_NAMES
from .texture_coordinates import EYE_TEXTURE_DEGREES

#: Half angles seen from the eye's centre, degrees: an iris of 11.8 mm and a pupil of 4 mm on a 24 mm eye.
_IRIS_DEGREES, _PUPIL_DEGREES = 29.0, 9.5
_EYE_TEXTURE_SIZE = 512
_LASH_TEXTURE_WIDTH, _LASH_TEXTURE_HEIGHT, _LASHES_PER_STRIP = 1024, 128, 70

Pixels = NDArray[np.float32]  # (height, width, 4), bottom row first, display-referred RGB and alpha, 0…1


def eye_pixels() -> Pixels:
    """A sclera, a brown iris with a dark rim, a pupil; see :func:`.texture_coordinates.eye_uv`."""
    axis = (np.arange(_EYE_TEXTURE_SIZE) + 0.5) / _EYE_TEXTURE_SIZE - 0.5
    x, y = np.meshgrid(axis, axis)
    degrees = np.hypot(x, y) * 2.0 * EYE_TEXTURE_DEGREES
    angle = np.arctan2(y, x)
    pixels = np.empty((*x.shape, 4), dtype=np.float32)
    pixels[:] = (0.90, 0.88, 0.86, 1.0)
    fibres = 0.85 + 0.15 * np.sin(angle * 61.0 + 3.0 * np.sin(angle * 17.0))
    iris = np.array((0.36, 0.22, 0.12)) * fibres[..., None]
    # The limbus: the iris darkens towards its rim.
    rim = np.clip((degrees - 0.8 * _IRIS_DEGREES) / (0.2 * _IRIS_DEGREES), 0.0, 1.0)[..., None]
    _paint(pixels, iris * (1.0 - 0.6 * rim), _IRIS_DEGREES - degrees)
    _paint(pixels, np.full(3, 0.01), _PUPIL_DEGREES - degrees)
    return pixels


def _paint(pixels: Pixels, colour: NDArray, degrees_inside: NDArray) -> None:
    """Paint ``colour`` where ``degrees_inside`` is positive, with an edge one degree soft that hides the pixels."""
    weight = np.clip(degrees_inside + 0.5, 0.0, 1.0)[..., None]
    pixels[..., :3] = pixels[..., :3] * (1.0 - weight) + colour * weight


def lash_pixels() -> Pixels:
    """Dark hairs that thin out from the roots (bottom) to the tips; see :func:`.texture_coordinates.lash_uv`."""
    rng = np.random.default_rng(1)  # a fixed seed: every head gets the same lashes
    u = (np.arange(_LASH_TEXTURE_WIDTH) + 0.5)[None] / _LASH_TEXTURE_WIDTH
    v = (np.arange(_LASH_TEXTURE_HEIGHT) + 0.5)[:, None] / _LASH_TEXTURE_HEIGHT
    spacing = 1.0 / _LASHES_PER_STRIP
    alpha = np.zeros((_LASH_TEXTURE_HEIGHT, _LASH_TEXTURE_WIDTH))
    for root in np.arange(_LASHES_PER_STRIP) * spacing + spacing / 2.0:
        length, lean = rng.uniform(0.55, 1.0), rng.normal(0.0, 0.6 * spacing)
        half_width = 0.3 * spacing * np.clip(1.0 - v / length, 0.0, 1.0)
        distance = np.abs(u - root - lean * v**2)
        softness = 1.0 / _LASH_TEXTURE_WIDTH
        alpha = np.maximum(alpha, np.clip((half_width - distance) / softness, 0.0, 1.0))
    pixels = np.empty((*alpha.shape, 4), dtype=np.float32)
    pixels[..., :3] = (0.06, 0.045, 0.035)
    pixels[..., 3] = alpha
    return pixels


@dataclass(frozen=True)
class Surface:
    """``colour``: linear RGB, where no ``texture`` paints it; ``subsurface``: weight 0..1."""

    name: str
    colour: tuple[float, float, float]
    roughness: float
    subsurface: float = 0.0
    texture: Callable[[], Pixels] | None = None


_SKIN = Surface("Skin", (0.56, 0.33, 0.24), 0.5, subsurface=0.1)
_EYE = Surface("Eye", (0.75, 0.72, 0.68), 0.08, texture=eye_pixels)
_TEETH = Surface("Teeth", (0.72, 0.66, 0.55), 0.25)
_TONGUE = Surface("Tongue", (0.45, 0.12, 0.11), 0.4, subsurface=0.1)
_LASHES = Surface("Lashes", (0.02, 0.014, 0.01), 0.6, texture=lash_pixels)

#: Surface of each region; regions may share one.
SURFACES: dict[str, Surface] = {
    "skin": _SKIN,
    "eye_left": _EYE,
    "eye_right": _EYE,
    "teeth_upper": _TEETH,
    "teeth_lower": _TEETH,
    "tongue": _TONGUE,
    "lashes": _LASHES,
}


def region_slots() -> tuple[list[Surface], NDArray[np.int32]]:
    """The surfaces in slot order, and the slot of each region of ``REGION_NAMES``."""
    slots = list(dict.fromkeys(SURFACES[name] for name in REGION_NAMES))
    return slots, np.array([slots.index(SURFACES[name]) for name in REGION_NAMES], dtype=np.int32)


def make(surface: Surface, head_name: str) -> bpy.types.Material:
    """A new material for one surface of the head called ``head_name``."""
    material = bpy.data.materials.new(f"{head_name} {surface.name}")
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True  # always on from 5.0, where setting it warns
    material.diffuse_color = (*surface.colour, 1.0)
    material.roughness = surface.roughness
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (*surface.colour, 1.0)
    shader.inputs["Roughness"].default_value = surface.roughness
    shader.inputs["Subsurface Weight"].default_value = surface.subsurface
    shader.inputs["Subsurface Scale"].default_value = 0.005
    if surface.texture is not None:
        _add_texture(material, shader, f"{head_name} {surface.name}", surface.texture())
    return material


def _add_texture(material: bpy.types.Material, shader: bpy.types.ShaderNode, name: str, pixels: Pixels) -> None:
    height, width, _ = pixels.shape
    see_through = bool(pixels[..., 3].min() < 1.0)
    image = bpy.data.images.new(name, width, height, alpha=see_through)
    image.pixels.foreach_set(pixels.ravel())
    image.file_format = "PNG"
    image.pack()
    # Packed images need no file, but FBX takes two images without a path for one.
    image.filepath_raw = f"//{bpy.path.clean_name(image.name)}.png"
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    node.location = (-300.0, 300.0)
    links = material.node_tree.links
    links.new(node.outputs["Color"], shader.inputs["Base Color"])
    if see_through:
        links.new(node.outputs["Alpha"], shader.inputs["Alpha"])
