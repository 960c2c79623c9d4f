# SPDX-License-Identifier: GPL-3.0-or-later
"""Expressions that the VRM add-on keeps on an armature, versions 0.x and 1.0; read without needing the add-on.

Files of 0.x count weights up to 100; the add-on divides them, so that here they are parts of 1 in both versions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import bpy

#: Where the add-on keeps its data, and the name of a 0.x expression that is none of the standard's.
_EXTENSION, _UNKNOWN = "vrm_addon_extension", "unknown"


@dataclass(frozen=True)
class MorphBind:
    """A share of an expression: what one shape key is worth when the expression is 1."""

    mesh: str  # name of the object
    shape_key: str
    weight: float


def expressions(armature: bpy.types.Object) -> dict[str, tuple[MorphBind, ...]]:
    """The expressions that move shape keys, by name; {} where the add-on is off or the armature is no VRM."""
    extension = getattr(armature.data, _EXTENSION, None)
    if extension is None:
        return {}
    found = (
        _of_version_0(extension) if str(getattr(extension, "spec_version", "")) == "0.0" else _of_version_1(extension)
    )
    return {name: binds for name, binds in found if name and binds}


def _of_version_1(extension: Any) -> Iterator[tuple[str, tuple[MorphBind, ...]]]:
    groups = getattr(getattr(extension, "vrm1", None), "expressions", None)
    preset = getattr(groups, "preset", None)
    for name in () if preset is None else _pointer_names(preset):
        yield name, _binds(getattr(preset, name), "morph_target_binds", "node")
    for custom in getattr(groups, "custom", ()):
        yield getattr(custom, "custom_name", ""), _binds(custom, "morph_target_binds", "node")


def _of_version_0(extension: Any) -> Iterator[tuple[str, tuple[MorphBind, ...]]]:
    master = getattr(getattr(extension, "vrm0", None), "blend_shape_master", None)
    for group in getattr(master, "blend_shape_groups", ()):
        standard = str(getattr(group, "preset_name", _UNKNOWN))
        name = getattr(group, "name", "") if standard == _UNKNOWN else standard
        yield name, _binds(group, "binds", "mesh")


def _pointer_names(group: bpy.types.PropertyGroup) -> list[str]:
    return [p.identifier for p in group.bl_rna.properties if p.type == "POINTER" and p.identifier != "rna_type"]


def _binds(expression: Any, collection: str, mesh: str) -> tuple[MorphBind, ...]:
    found = []
    for bind in getattr(expression, collection, ()):
        obj = str(getattr(getattr(bind, mesh, None), "mesh_object_name", ""))
        key, weight = str(getattr(bind, "index", "")), float(getattr(bind, "weight", 0.0))
        if obj and key and weight:
            found.append(MorphBind(obj, key, weight))
    return tuple(found)
