# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actors of the known-weights clips do: each clip exercises a group of channels, two of them speak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.projection import rotation_from_euler

from .clip_motion import FPS, ClipMotion
from .random_expressions import add_unit, make_plausible

SECONDS = 2.5
#: Half widths of an event in seconds: a syllable, a blink, what is held for a moment.
_SYLLABLE, _BLINK, _HELD = 0.050, 0.055, 0.130
#: Largest swing of a clip's head: yaw, pitch, roll in degrees, and sway in millimetres.
_SWING, _SWAY = (12.0, 7.0, 4.0), (6.0, 4.0, 8.0)

#: Mouth shapes of speech. A unit without side moves both sides.
VISEMES: Mapping[str, Mapping[str, float]] = {
    "M": {"jawOpen": 0.28, "mouthClose": 0.28, "mouthPress": 0.45, "mouthRollLower": 0.15, "mouthRollUpper": 0.15},
    "P": {"jawOpen": 0.18, "mouthClose": 0.18, "mouthPress": 0.70, "mouthRollLower": 0.25, "mouthRollUpper": 0.20},
    "A": {"jawOpen": 0.60, "mouthLowerDown": 0.40, "mouthUpperUp": 0.25},
    "E": {"jawOpen": 0.25, "mouthStretch": 0.50, "mouthSmile": 0.30, "mouthLowerDown": 0.35, "mouthUpperUp": 0.30},
    "I": {"jawOpen": 0.12, "mouthSmile": 0.45, "mouthDimple": 0.35, "mouthStretch": 0.35},
    "O": {"jawOpen": 0.40, "mouthFunnel": 0.65},
    "U": {"jawOpen": 0.15, "mouthPucker": 0.85},
    "F": {"jawOpen": 0.12, "mouthRollLower": 0.65, "mouthUpperUp": 0.40},
    "L": {"jawOpen": 0.32, "tongueOut": 0.35, "mouthLowerDown": 0.30},
    "S": {"jawOpen": 0.10, "mouthFunnel": 0.40, "mouthShrugUpper": 0.40, "mouthUpperUp": 0.30},
}  # fmt: skip


@dataclass(frozen=True)
class Event:
    """A unit at ``peak`` at ``centre`` seconds, a bell of the half width ``width`` seconds."""

    unit: str
    centre: float
    width: float
    peak: float


def held(*units: tuple[str, float], at: float, width: float = _HELD) -> tuple[Event, ...]:
    """Units of these peaks, together."""
    return tuple(Event(name, at, width, peak) for name, peak in units)


def spoken(text: str, start: float, step: float) -> tuple[Event, ...]:
    """Visemes by their letters, one each ``step`` seconds; a space is a pause."""
    return tuple(
        Event(unit, start + i * step, _SYLLABLE, peak)
        for i, letter in enumerate(text)
        if letter != " "
        for unit, peak in VISEMES[letter].items()
    )


def blinks(*times: float, peak: float = 1.0) -> tuple[Event, ...]:
    """Both eyes."""
    return tuple(Event("eyeBlink", time, _BLINK, peak) for time in times)


#: Clip → its events. The name says which channels it exercises.
PERFORMANCES: Mapping[str, tuple[Event, ...]] = {
    "brows": (
        *held(("browInnerUp", 0.95), at=0.30), *held(("browDown", 0.9), at=0.75), *held(("browOuterUp", 0.9), at=1.15),
        *held(("browOuterUpLeft", 0.8), ("browDownRight", 0.5), at=1.55),
        *held(("browOuterUpRight", 0.9), ("browDownLeft", 0.6), at=1.90),
        *held(("browInnerUp", 0.6), ("browOuterUp", 0.7), ("eyeWide", 0.8), at=2.28), *blinks(0.52, 2.08),
    ),
    "lids": (
        *blinks(0.25, 1.35), *held(("eyeBlinkLeft", 1.0), ("cheekSquintLeft", 0.5), at=0.55, width=0.07),
        *held(("eyeBlinkRight", 0.95), at=0.85, width=0.07), *held(("eyeWide", 0.9), at=1.10, width=0.08),
        *held(("eyeSquint", 0.9), at=1.65, width=0.1), *held(("eyeSquintLeft", 0.7), at=1.95, width=0.08),
        *held(("eyeSquintRight", 0.8), at=2.15, width=0.08), *blinks(2.37, peak=0.6),
    ),
    "gaze": (
        *held(("eyeLookOutLeft", 0.8), ("eyeLookInRight", 0.8), at=0.35),
        *held(("eyeLookInLeft", 0.8), ("eyeLookOutRight", 0.8), at=0.80),
        *held(("eyeLookUp", 0.8), at=1.25), *held(("eyeLookDown", 0.7), at=1.70),
        *held(("eyeLookOutLeft", 0.5), ("eyeLookInRight", 0.5), ("eyeLookDown", 0.4), at=2.1),
        *held(("eyeLookInLeft", 0.5), ("eyeLookOutRight", 0.5), ("eyeLookUp", 0.5), at=2.4), *blinks(1.03, 1.95),
    ),
    "smiles": (
        *held(("mouthSmile", 0.9), ("cheekSquint", 0.6), at=0.30), *held(("mouthSmileLeft", 0.8), at=0.72),
        *held(("mouthSmileRight", 0.8), at=1.05), *held(("mouthDimple", 0.9), at=1.35, width=0.09),
        *held(("mouthStretch", 0.8), at=1.65, width=0.09), *held(("mouthFrown", 0.9), at=1.98, width=0.1),
        *held(("cheekSquint", 0.8), ("eyeSquint", 0.4), at=2.32, width=0.08), *blinks(0.52),
        *held(("mouthFrownLeft", 0.5), at=2.20, width=0.06), *held(("mouthDimpleRight", 0.7), at=2.45, width=0.06),
    ),
    "lips": (
        *held(("mouthPucker", 0.95), at=0.25, width=0.1), *held(("mouthFunnel", 0.85), ("jawOpen", 0.2), at=0.60),
        *held(("mouthRollLower", 0.9), at=0.95, width=0.08), *held(("mouthRollUpper", 0.9), at=1.22, width=0.08),
        *held(("mouthShrugLower", 0.9), at=1.5, width=0.08), *held(("mouthShrugUpper", 0.8), at=1.77, width=0.08),
        *held(("mouthPress", 0.9), at=2.05, width=0.08), *held(("mouthPressLeft", 0.7), at=2.28, width=0.06),
        *held(("mouthRollLower", 0.6), ("mouthRollUpper", 0.6), at=2.45, width=0.06), *blinks(1.10),
    ),
    "jaw": (
        *held(("jawOpen", 0.95), at=0.25, width=0.1), *held(("jawLeft", 0.9), ("jawOpen", 0.15), at=0.62, width=0.09),
        *held(("jawRight", 0.9), ("jawOpen", 0.15), at=0.95, width=0.09),
        *held(("jawForward", 0.9), at=1.25, width=0.09),
        *held(("mouthLeft", 0.9), at=1.55, width=0.09), *held(("mouthRight", 0.9), at=1.85, width=0.09),
        *held(("tongueOut", 0.9), ("jawOpen", 0.5), at=2.2, width=0.1), *blinks(0.43, 2.03),
    ),
    "cheeks_nose": (
        *held(("cheekPuff", 0.95), at=0.28, width=0.1), *held(("noseSneer", 0.9), at=0.62, width=0.09),
        *held(("noseSneerLeft", 0.8), at=0.92, width=0.08), *held(("noseSneerRight", 0.8), at=1.18, width=0.08),
        *held(("mouthUpperUp", 0.8), at=1.45, width=0.08),
        *held(("mouthLowerDown", 0.8), ("jawOpen", 0.15), at=1.72, width=0.08),
        *held(("mouthUpperUpLeft", 0.7), at=1.97, width=0.07), *held(("mouthLowerDownRight", 0.7), at=2.15, width=0.07),
        *held(("cheekPuff", 0.7), ("mouthPress", 0.4), at=2.38, width=0.08), *blinks(0.8, 1.6),
    ),
    "speech_calm": (
        *spoken("PAMAIPMO SUFELA", 0.15, 0.155), *blinks(0.9, 1.8),
        *held(("browInnerUp", 0.5), at=1.2), *held(("eyeLookDown", 0.35), at=2.2),
    ),
    "speech_lively": (
        *spoken("EMIPOUF ALMASEPAM", 0.12, 0.14), *held(("mouthSmile", 0.5), ("cheekSquint", 0.4), at=0.5, width=0.3),
        *held(("browOuterUp", 0.7), ("browInnerUp", 0.5), at=1.1), *blinks(0.7, 1.45, 2.2),
        *held(("noseSneer", 0.4), at=1.9, width=0.1), *held(("eyeLookInLeft", 0.4), ("eyeLookOutRight", 0.4), at=1.7),
    ),
    "emotions": (
        *held(("mouthSmile", 0.9), ("cheekSquint", 0.7), ("eyeSquint", 0.4), at=0.30),
        *held(("jawOpen", 0.25), ("mouthUpperUp", 0.3), at=0.30),
        *held(("browInnerUp", 0.9), ("browOuterUp", 0.9), ("eyeWide", 0.8), ("jawOpen", 0.6), at=0.80),
        *held(("browDown", 0.9), ("noseSneer", 0.7), ("mouthUpperUp", 0.5), ("eyeSquint", 0.4), at=1.28),
        *held(("mouthFrown", 0.8), ("mouthShrugLower", 0.6), ("browInnerUp", 0.7), ("eyeLookDown", 0.4), at=1.75),
        *held(("mouthPucker", 0.7), ("eyeBlink", 0.9), ("cheekSquint", 0.4), at=2.2, width=0.1),
    ),
}  # fmt: skip


def weights_at(events: tuple[Event, ...], time: NDArray) -> NDArray[np.float64]:
    """ARKit weights (N, 52), 0…1, at ``time`` (N,) seconds, within what faces can do."""
    weights = np.zeros((len(time), len(ARKIT_NAMES)))
    for row, now in zip(weights, time, strict=True):
        for event in events:
            value = event.peak * np.exp(-0.5 * ((now - event.centre) / event.width) ** 2)
            if value > 1e-3:
                add_unit(row, event.unit, float(value))
    return np.stack([make_plausible(row) for row in weights])


def known_motion(name: str, seed: int) -> ClipMotion:
    """Curves of the performance ``name``; the head's modest movement is drawn by ``seed``."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(FPS * SECONDS)) / FPS

    def waves(amplitudes: tuple[float, ...]) -> NDArray[np.float64]:
        strength, speed, phase = rng.uniform(0.4, 1.0, 3), rng.uniform(0.25, 0.6, 3), rng.uniform(0.0, 2.0 * np.pi, 3)
        return np.asarray(amplitudes * strength * np.sin(2.0 * np.pi * speed * time[:, None] + phase))

    return ClipMotion(time, weights_at(PERFORMANCES[name], time), rotation_from_euler(waves(_SWING)), waves(_SWAY))
