# SPDX-License-Identifier: GPL-3.0-or-later
"""Write stills of a photo into a folder, each file complete or not at all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray

from ..atomic import write_atomically
from ..errors import CaptureError
from ..face_model import FaceModel
from ..faces import Face
from ..morphable_model import MorphableModel
from ..texture.actor_texture import texture_of_views
from ..texture.texture_views import View
from . import KINDS, MESHES, PICTURES, overlays, renders
from .mesh_files import Mesh, write_obj, write_ply
from .surface import Surface

#: Texels along the side of a texture.
_TEXTURE_SIDE = 1024


def write_stills(
    folder: Path,
    stem: str,
    image: NDArray[np.uint8],
    faces: Sequence[Face],
    model: FaceModel,
    kinds: Collection[str] | None = None,
) -> list[Path]:
    """Write stills of a photo's faces; gives the files. None of a photo without faces.

    ``<stem>_<kind>.png`` for the photo; ``<stem>_face1_uv.png``, ``<stem>_face1.obj`` with its ``.mtl``
    and ``<stem>_face1.ply`` for each face, the best first. Files of a failed run stay; none is half-written.

    Args:
        folder: made if missing, once there is something to write.
        image: (H, W, 3) RGB.
        kinds: of ``stills.KINDS``; None = all that the model can give.

    Raises:
        CaptureError: the model has no surface or no texture coordinates for a kind, or nothing can be written.
    """
    if not faces:
        return []
    surface = Surface.of(model)
    has_texture = isinstance(model, MorphableModel)
    if kinds is None:
        kinds = [kind for kind in KINDS if kind != "uv" or has_texture]
    if "uv" in kinds and not has_texture:
        raise CaptureError("The imported model has no texture coordinates; leave uv out, or use the bundled model.")
    vertices = [surface.vertices(face) for face in faces]
    _make_folder(folder)
    made = []
    for kind in [kind for kind in PICTURES if kind in kinds]:
        path = folder / f"{stem}_{kind}.png"
        _write_png(path, _picture(kind, image, surface, faces, vertices))
        made.append(path)
    if any(kind in kinds for kind in MESHES):
        for number, points in enumerate(vertices, start=1):
            made += _write_face(folder, f"{stem}_face{number}", image, surface, points, kinds)
    return made


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise CaptureError(f"The folder {folder} cannot be made ({error.strerror}); choose another.") from error


def _picture(
    kind: str, image: NDArray[np.uint8], surface: Surface, faces: Sequence[Face], vertices: Sequence[NDArray]
) -> NDArray:
    if kind == "sparse":
        return overlays.sparse(image, faces)
    if kind == "dense":
        return overlays.dense(image, surface, vertices)
    if kind == "mesh":
        return renders.shaded(image, surface, vertices)
    if kind == "depth":
        return renders.depth(image.shape, surface, vertices)
    if kind == "pncc":
        return renders.pncc(image.shape, surface, vertices)
    return overlays.pose_box(image, surface, faces)


def _write_face(
    folder: Path, name: str, image: NDArray[np.uint8], surface: Surface, vertices: NDArray, kinds: Collection[str]
) -> list[Path]:
    made, texture = [], None
    if "uv" in kinds and isinstance(surface.model, MorphableModel):
        texture = folder / f"{name}_uv.png"
        view = View("front", 0, image, vertices)
        baked = texture_of_views([view], surface.model, _TEXTURE_SIDE)
        _write_png(texture, np.round(np.clip(baked.pixels, 0.0, 1.0) * 255.0).astype(np.uint8))
        made.append(texture)
    mesh = Mesh.of_face(surface, vertices, image)
    if "obj" in kinds:
        made += write_obj(mesh, folder / f"{name}.obj", texture.name if texture is not None else None)
    if "ply" in kinds:
        path = folder / f"{name}.ply"
        write_ply(mesh, path)
        made.append(path)
    return made


def _write_png(path: Path, picture: NDArray) -> None:
    """RGB (H, W, 3) uint8 or grey (H, W) uint16."""
    ordered = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR) if picture.ndim == 3 else picture
    # cv2.imwrite cannot open non-ASCII paths on Windows.
    done, data = cv2.imencode(".png", ordered)
    if not done:
        raise CaptureError(f"{path.name} could not be packed as PNG; use a smaller photo.")

    def write(file: BinaryIO) -> None:
        file.write(data.tobytes())

    write_atomically(path, write)
