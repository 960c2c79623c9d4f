# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender: whether it shows the extension's words in the interface's language, or its own for another thing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import bpy

_OPERATOR_PREFIX = "DDFA_OT_"


def overruled(package: str) -> list[str]:
    """Names and choices of properties for which Blender's own dictionary wins over the extension's, one line each.

    Args:
        package: the extension's module.
    """
    language = bpy.app.translations.locale
    table = sys.modules[f"{package}.translations"].messages().get(language, {})
    found = []
    for owner, prop in _properties():
        choices = [item.name for item in prop.enum_items_static] if prop.type == "ENUM" else []
        for text in (prop.name, *choices):
            wanted = table.get((prop.translation_context, text), text)
            shown = bpy.app.translations.pgettext_iface(text, prop.translation_context)
            if wanted != text and shown != wanted:
                found.append(f"{owner}.{prop.identifier}: {text!r} is {shown!r} instead of {wanted!r}")
    return found


def _properties() -> Iterator[tuple[str, Any]]:
    """Owner's name and property: of the scene's and the heads' settings, and of the operators."""
    waiting = [owner.bl_rna.properties["ddfa"].fixed_type for owner in (bpy.types.Scene, bpy.types.Object)]
    for name in (name for name in dir(bpy.types) if name.startswith(_OPERATOR_PREFIX)):
        waiting.append(getattr(bpy.ops.ddfa, name.removeprefix(_OPERATOR_PREFIX)).get_rna_type())
    seen = set()
    while waiting:
        group = waiting.pop()
        if group.identifier in seen:
            continue
        seen.add(group.identifier)
        for prop in group.properties:
            base = prop.fixed_type.base if prop.type in {"POINTER", "COLLECTION"} else None
            if base is not None and base.identifier == "PropertyGroup":
                waiting.append(prop.fixed_type)
            if prop.is_runtime and not prop.is_hidden:
                yield group.identifier, prop
