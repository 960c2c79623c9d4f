# SPDX-License-Identifier: GPL-3.0-or-later
"""The generated textures of skin, eyes and lashes, and images that carry them inside the .blend file."""

from __future__ import annotations

import bpy
import numpy as np
from numpy.typing import NDArray

from ..ddfa_blender.morphable_model import MorphableModel
from ..ddfa_blender.texture.skin_paint import TEXTURE_SIZE, paint_skin
from ..ddfa_blender.texture.texture_coordinates import EYE_TEXTURE_DEGREES

#: Half angles seen from the eye's centre, degrees: an iris of 11.8 mm and a pupil of 4 mm on a 24 mm eye.
_IRIS_DEGREES, _PUPIL_DEGREES = 29.0, 9.5
_EYE_TEXTURE_SIZE = 512
_LASH_TEXTURE_WIDTH, _LASH_TEXTURE_HEIGHT, _LASHES_PER_STRIP = 1024, 128, 70

Pixels = NDArray[np.float32]  # (height, width, 4), bottom row first, display-referred RGB and alpha, 0…1


def skin_pixels(model: MorphableModel) -> Pixels:
    """A plain skin with lips and brows; see :mod:`.skin_paint`."""
    painted = paint_skin(model, TEXTURE_SIZE)[::-1]
    return np.concatenate([painted, np.ones_like(painted[..., :1])], axis=-1)


def eye_pixels(_model: MorphableModel) -> Pixels:
    """A sclera that reddens to the back, a brown iris with a dark rim, a pupil; see :func:`eye_uv`."""
    axis = (np.arange(_EYE_TEXTURE_SIZE) + 0.5) / _EYE_TEXTURE_SIZE - 0.5
    x, y = np.meshgrid(axis, axis)
    degrees = np.hypot(x, y) * 2.0 * EYE_TEXTURE_DEGREES
    angle = np.arctan2(y, x)
    pixels = np.empty((*x.shape, 4), dtype=np.float32)
    pixels[:] = (0.87, 0.85, 0.83, 1.0)
    pixels[..., :3] *= 1.0 - np.clip((degrees - 42.0) / 45.0, 0.0, 1.0)[..., None] * (0.06, 0.30, 0.30)
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


def lash_pixels(_model: MorphableModel) -> Pixels:
    """Dark hairs that thin out from the roots (bottom) to the tips; see :func:`lash_uv`."""
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


def new_image(name: str, pixels: Pixels) -> bpy.types.Image:
    """An 8-bit colour image that lives in the .blend file and that FBX can embed."""
    height, width, _ = pixels.shape
    image = bpy.data.images.new(name, width, height, alpha=bool(pixels[..., 3].min() < 1.0))
    image.pixels.foreach_set(np.ascontiguousarray(pixels, dtype=np.float32).ravel())
    image.file_format = "PNG"
    image.pack()
    rename(image, image.name)
    return image


def new_data_image(name: str, pixels: NDArray[np.float32]) -> bpy.types.Image:
    """An image of numbers that lives in the .blend file as OpenEXR: (height, width, 4), bottom row first."""
    height, width, _ = pixels.shape
    image = bpy.data.images.new(name, width, height, alpha=True, float_buffer=True, is_data=True)
    image.alpha_mode = "CHANNEL_PACKED"  # what lies beside the skin stays as it is
    image.pixels.foreach_set(np.ascontiguousarray(pixels, dtype=np.float32).ravel())
    image.file_format = "OPEN_EXR"
    image.pack()
    rename(image, image.name, "exr")
    return image


def rename(image: bpy.types.Image, name: str, suffix: str = "png") -> None:
    """Call an image ``name``. Packed images need no file, but FBX takes two images without a path for one."""
    image.name = name
    image.filepath_raw = f"//{bpy.path.clean_name(image.name)}.{suffix}"
