# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user chose about the result; plain values, safe to hand around. No bpy here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .timebase import KeyPlacement

Driving = Literal["EXPRESSION", "ARKIT"]


@dataclass(frozen=True)
class BakeSettings:
    """How a Performance becomes keys.

    ``frame_start``: the frame of the footage's second 0. ``key_placement``: whole frames, or subframes where the
    footage's own frames fall. ``driving``: the ten expression keys plus what they cannot carry as an ARKit
    residual, or the 52 ARKit keys alone. ``neck_share``: 0..1 of the head's rotation goes to the neck.
    ``use_translation``: also move the head. ``set_scene_range``: fit the scene's frame range to the keys.
    """

    frame_start: int = 1
    key_placement: KeyPlacement = "WHOLE"
    driving: Driving = "EXPRESSION"
    neck_share: float = 0.3
    use_translation: bool = False
    set_scene_range: bool = True
