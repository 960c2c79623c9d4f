# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actor of the rendered clip does: closed-form curves of head and face, the closed loop's truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.projection import rotation_from_euler

from .random_expressions import add_unit, make_plausible

FPS = 30
SECONDS = 4.4
#: Head swing: amplitude in degrees, frequency in cycles per second, phase in radians.
_SWING = {"yaw": (25.0, 0.40, 0.0), "pitch": (12.0, 0.55, 1.1), "roll": (8.0, 0.33, 2.0)}
#: Head sway: amplitude in millimetres per axis, frequency, phase.
_SWAY = ((7.0, 0.30, 0.5), (4.0, 0.45, 1.0), (9.0, 0.25, 0.0))
#: Unit, centre in seconds, standard deviation in seconds, peak weight. A unit without side moves both sides.
_BUMPS: tuple[tuple[str, float, float, float], ...] = (
    ("eyeBlink", 0.35, 0.055, 1.0), ("eyeBlink", 1.95, 0.055, 1.0), ("eyeBlink", 4.20, 0.060, 1.0),
    # "Speech": syllables, lips closed between two of them, a rounded vowel.
    ("jawOpen", 0.62, 0.070, 0.50), ("jawOpen", 0.86, 0.065, 0.35), ("jawOpen", 1.22, 0.080, 0.60),
    ("jawOpen", 1.52, 0.070, 0.35), ("mouthLowerDown", 0.64, 0.080, 0.45), ("mouthUpperUp", 0.86, 0.070, 0.35),
    ("mouthPress", 1.03, 0.045, 0.50), ("mouthFunnel", 1.50, 0.100, 0.70), ("mouthStretch", 1.24, 0.090, 0.35),
    ("mouthSmile", 2.30, 0.200, 0.95), ("cheekSquint", 2.32, 0.180, 0.70), ("eyeSquint", 2.32, 0.180, 0.50),
    ("jawOpen", 2.36, 0.120, 0.25),
    ("browInnerUp", 2.95, 0.150, 1.0), ("browOuterUp", 2.95, 0.150, 0.90), ("eyeWide", 2.97, 0.130, 0.70),
    ("mouthPucker", 3.25, 0.120, 1.0),
    ("browDown", 3.62, 0.120, 0.90), ("noseSneer", 3.64, 0.100, 0.70),
    ("jawOpen", 3.95, 0.110, 1.0), ("browInnerUp", 3.97, 0.100, 0.40),
    ("mouthSmileLeft", 4.30, 0.110, 0.90),
    ("eyeLookOutLeft", 0.95, 0.150, 0.50), ("eyeLookInRight", 0.95, 0.150, 0.50),
    ("eyeLookInLeft", 2.75, 0.150, 0.60), ("eyeLookOutRight", 2.75, 0.150, 0.60),
    ("eyeLookDown", 1.65, 0.100, 0.40),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class ClipMotion:
    """N frames: ``arkit`` (N, 52) in 0..1, ``rotation`` (N, 3, 3) and ``translation`` (N, 3) mm in model axes."""

    time: NDArray[np.float64]
    arkit: NDArray[np.float64]
    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]


def _wave(time: NDArray, amplitude: float, frequency: float, phase: float) -> NDArray[np.float64]:
    return amplitude * np.sin(2.0 * np.pi * frequency * time + phase)


def clip_motion() -> ClipMotion:
    """The curves, sampled at the clip's frames."""
    time = np.arange(round(FPS * SECONDS)) / FPS
    arkit = np.zeros((len(time), len(ARKIT_NAMES)))
    for weights, now in zip(arkit, time, strict=True):
        for name, centre, width, peak in _BUMPS:
            value = peak * np.exp(-0.5 * ((now - centre) / width) ** 2)
            if value > 1e-3:
                add_unit(weights, name, float(value))
    arkit = np.stack([make_plausible(weights) for weights in arkit])
    angles = np.stack([_wave(time, *_SWING[name]) for name in ("yaw", "pitch", "roll")], axis=1)
    translation = np.stack([_wave(time, *sway) for sway in _SWAY], axis=1)
    return ClipMotion(time, arkit, rotation_from_euler(angles), translation)
