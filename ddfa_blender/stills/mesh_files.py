# SPDX-License-Identifier: GPL-3.0-or-later
"""Meshes as Wavefront OBJ with its material, and as binary PLY with a colour for each vertex."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray

from ..atomic import write_atomically
from ..face_model import FaceModel
from ..morphable_model import MorphableModel
from ..names import REGION_NAMES
from ..texture.texture_coordinates import corner_uvs
from .surface import Surface

#: Diffuse colours of the regions where no texture says more, in the order of REGION_NAMES.
_COLOURS = (
    (0.80, 0.60, 0.50), (0.90, 0.90, 0.90), (0.90, 0.90, 0.90), (0.90, 0.88, 0.80), (0.90, 0.88, 0.80),
    (0.70, 0.35, 0.35), (0.05, 0.04, 0.03),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Mesh:
    """V vertices, F polygons of the same number of corners (3 or 4)."""

    vertices: NDArray[np.float64]  # (V, 3), right-handed, y up
    polygons: NDArray[np.int32]  # (F, corners), counter-clockwise from outside
    colours: NDArray[np.uint8] | None = None  # (V, 3) RGB
    uvs: NDArray[np.float64] | None = None  # (F, corners, 2), (0, 0) at the texture's lower left
    materials: NDArray[np.uint8] | None = None  # (F,), index into names.REGION_NAMES

    @classmethod
    def of_face(cls, surface: Surface, vertices: NDArray, image: NDArray[np.uint8]) -> Mesh:
        """The whole model as it lies over a photo (H, W, 3): pixels, x right, y **up** from the photo's lower edge, z
        towards the camera; coloured by what the photo shows there.

        ``vertices`` (V, 3): photo pixels with y down.
        """
        model: FaceModel = surface.model
        up = vertices * (1.0, -1.0, 1.0) + (0.0, image.shape[0], 0.0)
        colours = _sampled(image, vertices)
        if isinstance(model, MorphableModel):
            return cls(up, model.quads, colours, corner_uvs(model), model.quad_regions)
        return cls(up, surface.triangles, colours)


def write_obj(mesh: Mesh, path: Path, texture: str | None = None) -> list[Path]:
    """Write ``path`` and, of a mesh with materials, its material file of the same stem; gives the files.

    ``texture``: file name, beside it, of the skin's texture.

    Raises:
        CaptureError: they cannot be written.
    """
    files = [path]
    lines = []
    if mesh.materials is not None:
        library = path.with_suffix(".mtl")
        _write(library, _materials(texture))
        files.append(library)
        lines.append(f"mtllib {library.name}")
    lines += [f"v {x:.4f} {y:.4f} {z:.4f}" for x, y, z in mesh.vertices]
    corners = mesh.polygons[..., None] + 1
    if mesh.uvs is not None:
        uvs, index = np.unique(np.round(mesh.uvs.reshape(-1, 2), 6), axis=0, return_inverse=True)
        lines += [f"vt {u:.6f} {v:.6f}" for u, v in uvs]
        corners = np.concatenate([corners, index.reshape(mesh.polygons.shape)[..., None] + 1], axis=-1)
    for name, polygons in _by_material(mesh, corners):
        lines += [f"usemtl {name}"] if name else []
        lines += ["f " + " ".join("/".join(map(str, corner)) for corner in polygon) for polygon in polygons.tolist()]
    _write(path, ("\n".join(lines) + "\n").encode())
    return files


def _by_material(mesh: Mesh, corners: NDArray) -> list[tuple[str, NDArray]]:
    if mesh.materials is None:
        return [("", corners)]
    present = np.unique(mesh.materials)
    return [(REGION_NAMES[index], corners[mesh.materials == index]) for index in present]


def _materials(texture: str | None) -> bytes:
    """Plain colours, and the skin's texture if there is one."""
    blocks = []
    for name, (red, green, blue) in zip(REGION_NAMES, _COLOURS, strict=True):
        textured = name == "skin" and texture is not None
        block = [f"newmtl {name}", "Kd 1 1 1" if textured else f"Kd {red} {green} {blue}", "Ks 0 0 0"]
        blocks.append("\n".join([*block, f"map_Kd {texture}"] if textured else block))
    return ("\n\n".join(blocks) + "\n").encode()


def write_ply(mesh: Mesh, path: Path) -> None:
    """Write little-endian binary PLY.

    Raises:
        CaptureError: it cannot be written.
    """
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(mesh.vertices)}"]
    header += [f"property float {axis}" for axis in "xyz"]
    fields = [(axis, "<f4") for axis in "xyz"]
    if mesh.colours is not None:
        header += [f"property uchar {name}" for name in ("red", "green", "blue")]
        fields += [(name, "u1") for name in ("red", "green", "blue")]
    header += [f"element face {len(mesh.polygons)}", "property list uchar int vertex_indices", "end_header"]
    vertices = np.zeros(len(mesh.vertices), fields)
    for column, axis in enumerate("xyz"):
        vertices[axis] = mesh.vertices[:, column]
    if mesh.colours is not None:
        for column, name in enumerate(("red", "green", "blue")):
            vertices[name] = mesh.colours[:, column]
    count = mesh.polygons.shape[1]
    polygons = np.zeros(len(mesh.polygons), [("count", "u1"), ("index", "<i4", (count,))])
    polygons["count"], polygons["index"] = count, mesh.polygons
    data = ("\n".join(header) + "\n").encode() + vertices.tobytes() + polygons.tobytes()
    _write(path, data)


def _write(path: Path, data: bytes) -> None:
    def write(file: BinaryIO) -> None:
        file.write(data)

    write_atomically(path, write)


def _sampled(image: NDArray[np.uint8], vertices: NDArray) -> NDArray[np.uint8]:
    """The photo's colours (V, 3) at vertices, bilinear; its edge's beyond it."""
    x, y = (vertices[:, :2] - 0.5).astype(np.float32).T
    # OpenCV limits the height and width of what it remaps to.
    side = int(np.ceil(np.sqrt(len(x))))
    padded = [np.resize(axis, (side, side)) for axis in (x, y)]
    picture = cv2.remap(image, padded[0], padded[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(picture.reshape(-1, 3)[: len(x)], dtype=np.uint8)
