# SPDX-License-Identifier: GPL-3.0-or-later
"""The look of a captured head: its skin's texture, and the position map of its surface as an image."""

from __future__ import annotations

from typing import Literal

import bpy
import numpy as np
from numpy.typing import NDArray

from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.morphable_model import MorphableModel
from ..ddfa_blender.texture.position_map import position_map
from ..ddfa_blender.texture.texture_coordinates import corner_uvs
from . import materials, textures
from .head import Head
from .rollback import rollback_on_error

#: What a position map shows: the neutral face at rest, or the head as it stands in the scene's current frame.
Posture = Literal["NEUTRAL", "FRAME"]


def wear(head: Head, model: MorphableModel, pixels: NDArray[np.float32], name: str) -> bpy.types.Image:
    """Paint a head's skin with (S, S, 3) display-referred RGB, first row at the top; returns the image, packed.

    The picture takes the place of the one before, which goes unless something else uses it.

    Raises:
        CaptureError: the mesh is edited and has other faces, or its skin lost its material; nothing has changed then.
    """
    check_wearable(head, model)
    material = materials.of_surface(head.mesh.data, materials.SKIN)
    before = materials.texture_of(material)
    with rollback_on_error():
        opaque = np.concatenate([pixels[::-1], np.ones_like(pixels[..., :1])], axis=-1)
        image = textures.new_image(name, opaque)
        material = _own(head.mesh.data, material)
    materials.set_texture(material, image)
    _lay_out(head.mesh.data, model)
    if before is not None and before != image and before.users == 0:
        bpy.data.images.remove(before)
        textures.rename(image, name)
    return image


def _own(mesh: bpy.types.Mesh, skin: bpy.types.Material) -> bpy.types.Material:
    """The material of a head's skin; one that a duplicate of the head shares becomes the head's own."""
    if bpy.data.user_map(subset={skin})[skin] <= {mesh}:
        return skin
    own = skin.copy()
    mesh.materials[list(mesh.materials).index(skin)] = own
    return own


def wear_generated(head: Head, model: MorphableModel, name: str) -> bpy.types.Image:
    """Give a head the skin it was made with again; see :func:`wear`."""
    return wear(head, model, textures.skin_pixels(model)[::-1, :, :3], name)


def check_wearable(head: Head, model: MorphableModel) -> None:
    """Find out before the work whether a texture can be put on a head.

    Raises:
        CaptureError: the mesh is edited and has other faces, or its skin lost its material.
    """
    _check_faces(head, model)
    material = materials.of_surface(head.mesh.data, materials.SKIN)
    if material is None or not materials.can_wear(material):
        raise CaptureError(
            "The head's first material has no Principled shader to take the texture; give it one, or make a new head."
        )


def make_position_map(
    context: bpy.types.Context, head: Head, model: MorphableModel, size: int, posture: Posture, name: str
) -> bpy.types.Image:
    """The position map as a float image, packed: red, green and blue are x, y, z in metres, alpha is 1 on the skin.

    ``NEUTRAL`` is measured in the head's own axes, ``FRAME`` in the world's. An image of this name that an earlier
    call made is replaced, for all who use it.

    Raises:
        CaptureError: the mesh is edited and has other faces, or a modifier changes how many vertices it has.
    """
    _check_faces(head, model)
    vertices = _neutral(head) if posture == "NEUTRAL" else _as_shown(context, head)
    made = position_map(model, vertices, size)
    pixels = np.concatenate([made.positions, made.mask[..., None].astype(np.float32)], axis=-1)[::-1]
    before = bpy.data.images.get(name)
    with rollback_on_error():
        image = textures.new_data_image(name, pixels)
    if before is not None and before.get(_MADE_HERE):
        before.user_remap(image)
        bpy.data.images.remove(before)
        textures.rename(image, name, "exr")
    image[_MADE_HERE] = True
    return image


#: Custom property of the position maps that were made here: another image that happens to have the name stays.
_MADE_HERE = "ddfa_position_map"


def _check_faces(head: Head, model: MorphableModel) -> None:
    mesh = head.mesh.data
    faces = np.empty(len(mesh.loops), dtype=np.int32)
    if head.mesh.mode != "EDIT":
        mesh.loops.foreach_get("vertex_index", faces)
    if head.mesh.mode == "EDIT" or not np.array_equal(faces, model.quads.ravel()):
        raise CaptureError(
            "The head's mesh is being edited or has other faces than the model; leave edit mode or make a new head."
        )


def _lay_out(mesh: bpy.types.Mesh, model: MorphableModel) -> None:
    """Give the mesh the texture coordinates that textures are baked for, should it have others."""
    layer = mesh.uv_layers.active or mesh.uv_layers.new(name="UVMap")
    wanted = corner_uvs(model).astype(np.float32).ravel()
    present = np.empty(len(wanted), dtype=np.float32)
    layer.uv.foreach_get("vector", present)
    if not np.allclose(present, wanted, atol=1e-5):
        layer.uv.foreach_set("vector", wanted)
        mesh.update()


def _neutral(head: Head) -> NDArray[np.float32]:
    return _coordinates(head.mesh.data.shape_keys.reference_key.data)


def _as_shown(context: bpy.types.Context, head: Head) -> NDArray[np.float64]:
    """Vertices (V, 3) in the world at the current frame, shape keys and bones at work."""
    evaluated = head.mesh.evaluated_get(context.evaluated_depsgraph_get())
    if len(evaluated.data.vertices) != len(head.mesh.data.vertices):
        raise CaptureError(
            "A modifier changes the number of the head's vertices; hide it in the viewport and try again."
        )
    world = np.array(evaluated.matrix_world)
    moved: NDArray[np.float64] = _coordinates(evaluated.data.vertices) @ world[:3, :3].T + world[:3, 3]
    return moved


def _coordinates(points: bpy.types.bpy_prop_collection) -> NDArray[np.float32]:
    values = np.empty(3 * len(points), dtype=np.float32)
    points.foreach_get("co", values)
    return values.reshape(-1, 3)
