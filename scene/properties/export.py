# SPDX-License-Identifier: GPL-3.0-or-later
"""How the captured head leaves Blender."""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty

from ...translations import CONTEXT
from ..exports import FORMATS, TARGETS

_FORMATS = tuple((identifier, known.name, known.description) for identifier, known in FORMATS.items())
_TARGETS = tuple((identifier, name, "") for identifier, name in TARGETS.items())


class ExportChoice(bpy.types.PropertyGroup):
    """The format, and the program that will read it."""

    format: EnumProperty(
        name="Format",
        description="What kind of file the head is written to",
        items=_FORMATS,
        translation_context=CONTEXT,
    )
    target: EnumProperty(
        name="For",
        description="Program that will read the file; its import settings are shown below",
        items=_TARGETS,
        translation_context=CONTEXT,
    )
