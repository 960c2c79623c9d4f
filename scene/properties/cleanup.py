# SPDX-License-Identifier: GPL-3.0-or-later
"""Gaps, smoothing and the other repairs of a captured performance."""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty, FloatProperty

from .. import live

_GAPS = (
    ("interpolate", "Interpolate", "Where the face was lost, move straight from the last seen pose to the next"),
    ("hold", "Hold", "Where the face was lost, keep the last seen pose"),
)


def _smoothing(name: str, channels: str) -> bpy.types.FloatProperty:
    return FloatProperty(
        name=name,
        description=f"How far smoothing of {channels} reaches; 0 keeps every detail and every jitter",
        default=0.0,
        min=0.0,
        soft_max=0.5,
        max=5.0,
        step=1,
        precision=2,
        unit="TIME_ABSOLUTE",
        update=live.changed,
    )


class CleanUpSettings(bpy.types.PropertyGroup):
    """What happens to lost frames and jitter."""

    min_confidence: FloatProperty(
        name="Min Confidence",
        description="Frames of which the tracker is less sure than this count as lost",
        default=0.3,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        update=live.changed,
    )
    gaps: EnumProperty(
        name="Lost Face", description="What happens where the face was not seen", items=_GAPS, update=live.changed
    )
    smooth_head: _smoothing("Head", "the head's movement")
    smooth_expression: _smoothing("Expression", "the ten expression components")
    smooth_eyes: _smoothing("Eyes", "eyelids and gaze")
    smooth_face: _smoothing("ARKit Face", "the other ARKit shapes")
