# SPDX-License-Identifier: GPL-3.0-or-later
"""Export a captured head as USD: blend shapes and a skeleton, animated on every frame."""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy

from ..ddfa_blender.errors import CaptureError
from .export_files import alone, replacing, with_suffix
from .head import Head

KIND = "USD"
#: Binary, packed with its textures, text, and what says nothing of its kind: binary, too.
SUFFIXES = (".usdc", ".usdz", ".usda", ".usd")
_PACKED = ".usdz"
#: How the binary kind and the text begin; the first has its list of contents, whose place it tells, at its end.
_CRATE, _TEXT, _CRATE_START = b"PXR-USDC", b"#usda", struct.Struct("<16sq")
_LAST_BYTES = 64

#: Exporter settings; those that a version of Blender does not know are left out.
_SETTINGS: dict[str, Any] = {
    "selected_objects_only": True,
    "visible_objects_only": True,
    "export_animation": True,
    "export_armatures": True,
    "only_deform_bones": False,
    "export_shapekeys": True,
    "export_uvmaps": True,
    "rename_uvmaps": True,
    "export_normals": True,
    "export_materials": True,
    "export_custom_properties": False,
    "export_cameras": False,
    "export_lights": False,
    "convert_world_material": False,
    "evaluation_mode": "VIEWPORT",  # a head that is not to be rendered would be left out
    "root_prim_path": "/root",
    "relative_paths": True,
}


def export(context: bpy.types.Context, head: Head, filepath: str | Path) -> Path:
    """Write the head, its skeleton and every frame of its animation to a USD file; returns its path.

    Textures travel inside a ``.usdz`` only: the other two would need a folder beside them. An older file stays as it
    is until the new one is complete.

    Raises:
        CaptureError: the head is not in the scene or hidden, or the file cannot be written.
    """
    path = with_suffix(filepath, SUFFIXES)
    packed = path.suffix.lower() == _PACKED
    textures = {
        "generate_preview_surface": packed,  # it would point to textures that are not there
        "export_textures": packed,
        "export_textures_mode": "NEW" if packed else "KEEP",
    }
    wanted = _SETTINGS | textures
    known = bpy.ops.wm.usd_export.get_rna_type().properties
    settings = {name: value for name, value in wanted.items() if name in known}
    with replacing(path, KIND) as partial, alone(context, head), _plain_image_names(head):
        bpy.ops.wm.usd_export(filepath=str(partial), check_existing=False, **settings)
        if not _is_whole(partial):  # the exporter reports failures, a full disk among them, without raising
            raise CaptureError(f"The {KIND} could not be written to {path}; check the disk or choose another place.")
    return path


def _is_whole(path: Path) -> bool:
    """Whether a USD file is there from its beginning to its end."""
    if not path.is_file():
        return False
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    with path.open("rb") as file:
        start = file.read(_CRATE_START.size)
        if start.startswith(_CRATE):
            contents = _CRATE_START.unpack(start)[1] if len(start) == _CRATE_START.size else 0
            return 0 < contents < path.stat().st_size
        file.seek(max(path.stat().st_size - _LAST_BYTES, 0))
        return start.startswith(_TEXT) and file.read().rstrip().endswith(b"}")


@contextmanager
def _plain_image_names(head: Head) -> Iterator[None]:
    """Give the head's images names that are identifiers, for a moment.

    The exporter writes textures under the names of their images, but refers to them by names in which it has replaced
    spaces and the like.
    """
    images = {
        node.image
        for material in head.mesh.data.materials
        if material is not None and material.node_tree is not None
        for node in material.node_tree.nodes
        if node.type == "TEX_IMAGE" and node.image is not None and node.image.is_editable
    }
    before = {image: image.name for image in images}
    for image, name in before.items():
        image.name = re.sub(r"[^A-Za-z0-9_]", "_", name)
    try:
        yield
    finally:
        for image, name in before.items():
            image.name = name
