# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user chose about the result; plain values, safe to hand around. No bpy here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..ddfa_blender.head_motion import HeadMotion

Driving = Literal["EXPRESSION", "ARKIT"]
KeyPlacement = Literal["WHOLE", "SUBFRAME"]
#: ``REAL_TIME``: a second of footage is a second of the scene. ``FRAMES``: each frame of the footage is one of the
#: scene. ``STRETCH``: real time times a factor.
TimingMode = Literal["REAL_TIME", "FRAMES", "STRETCH"]


@dataclass(frozen=True)
class Thinning:
    """Largest errors that leaving out keys may cause."""

    weight: float = 0.01  # of a shape key, as a share of its range
    degrees: float = 0.25  # of a bone's rotation
    millimetres: float = 0.5  # of a bone's location


@dataclass(frozen=True)
class BakeSettings:
    """How a Performance becomes keys.

    ``frame_start``: the frame of the footage's second 0. ``timing``, ``stretch``: see :data:`TimingMode`.
    ``key_placement``: whole frames, or subframes where the footage's own frames fall. ``thinning``: None keeps all
    keys. ``driving``: the ten expression keys plus what they cannot carry as an ARKit residual, or the 52 ARKit keys
    alone. ``neck_share``: 0..1 of the head's rotation goes to the neck. ``use_translation``: also move the head;
    ``head_motion``: against what, how far. ``set_scene_range``: fit the scene's frame range to the keys.
    ``mark_gaps``: markers on the timeline where the face was lost.
    """

    frame_start: int = 1
    timing: TimingMode = "REAL_TIME"
    stretch: float = 1.0
    key_placement: KeyPlacement = "WHOLE"
    thinning: Thinning | None = None
    driving: Driving = "EXPRESSION"
    neck_share: float = 0.3
    use_translation: bool = False
    head_motion: HeadMotion = field(default_factory=HeadMotion)
    set_scene_range: bool = True
    mark_gaps: bool = True
