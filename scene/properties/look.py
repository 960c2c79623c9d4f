# SPDX-License-Identifier: GPL-3.0-or-later
"""How large the textures are, and what the position map shows."""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty

#: Values are the texels along a side, so that files stay right when sizes are added.
_SIZES = tuple(
    (str(size), f"{size} px", f"{size} × {size} pixels{note}", size)
    for size, note in (
        (512, ", enough for a face that is small in the footage"),
        (1024, ", enough for most footage"),
        (2048, ", for close-ups in HD or more"),
        (4096, ", for close-ups in 4K; takes a minute and a gigabyte of memory"),
    )
)
_POSTURES = (
    ("NEUTRAL", "Neutral", "The actor's resting face, in the head's own axes"),
    ("FRAME", "Current Frame", "The head as it stands in the scene's current frame, in the world's axes"),
)


class LookSettings(bpy.types.PropertyGroup):
    """Textures."""

    texture_size: EnumProperty(
        name="Texture Size", description="Size of the textures made here", items=_SIZES, default="1024"
    )
    posture: EnumProperty(name="Map of", description="What the position map shows", items=_POSTURES)
