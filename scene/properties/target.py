# SPDX-License-Identifier: GPL-3.0-or-later
"""What a capture animates."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty

_KINDS = (
    ("NEW", "New Head", "Make a head of the actor"),
    ("HEAD", "Current Head", "Put the new take on the current head, which keeps its settings"),
)


class TargetSettings(bpy.types.PropertyGroup):
    """A new head, or one that is already there."""

    kind: EnumProperty(name="Target", description="What the capture animates", items=_KINDS)
    use_shape: BoolProperty(
        name="Another Actor",
        description="Also give the head the shape of the person in the footage; for retakes of the same actor it "
        "stays as it is",
        default=False,
    )
