# SPDX-License-Identifier: GPL-3.0-or-later
"""Random ARKit weights for rendered heads: sparse everyday mixtures, and the extremes that photos lack."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.names import ARKIT_INDEX, ARKIT_NAMES

#: Units that act as one: a name without side stands for both sides. (probability, lowest, highest weight).
_EVERYDAY: Mapping[str, tuple[float, float, float]] = {
    "browDown": (0.20, 0.1, 1.0), "browInnerUp": (0.20, 0.1, 1.0), "browOuterUp": (0.18, 0.1, 1.0),
    "cheekSquint": (0.12, 0.1, 1.0), "eyeSquint": (0.20, 0.1, 1.0), "eyeWide": (0.12, 0.1, 1.0),
    "jawOpen": (0.45, 0.02, 0.6), "jawForward": (0.06, 0.2, 1.0),
    "mouthSmile": (0.30, 0.1, 1.0), "mouthFrown": (0.12, 0.1, 1.0), "mouthDimple": (0.10, 0.1, 1.0),
    "mouthStretch": (0.10, 0.1, 0.9), "mouthPress": (0.12, 0.1, 1.0),
    "mouthUpperUp": (0.15, 0.1, 0.9), "mouthLowerDown": (0.15, 0.1, 0.9),
    "mouthPucker": (0.12, 0.1, 1.0), "mouthFunnel": (0.12, 0.1, 0.9),
    "mouthRollLower": (0.10, 0.1, 1.0), "mouthRollUpper": (0.08, 0.1, 1.0),
    "mouthShrugLower": (0.10, 0.1, 1.0), "mouthShrugUpper": (0.08, 0.1, 1.0),
    "noseSneer": (0.10, 0.1, 1.0), "cheekPuff": (0.06, 0.2, 1.0),
}  # fmt: skip

#: Whole poses at full strength; each is scaled at random and some everyday units are mixed in.
_EXTREMES: tuple[Mapping[str, float], ...] = (
    {"jawOpen": 1.0},
    {"jawOpen": 0.9, "mouthLowerDown": 0.6, "mouthUpperUp": 0.6, "browDown": 0.8, "noseSneer": 0.8},
    {"jawOpen": 0.8, "eyeWide": 1.0, "browInnerUp": 1.0, "browOuterUp": 1.0},
    {"jawOpen": 0.5, "mouthSmile": 1.0, "cheekSquint": 0.8, "eyeSquint": 0.5},
    {"mouthPucker": 1.0}, {"mouthPucker": 0.8, "mouthFunnel": 0.4},
    {"mouthFunnel": 1.0, "jawOpen": 0.3},
    {"mouthSmileLeft": 1.0}, {"mouthSmileRight": 1.0},
    {"mouthSmile": 1.0, "cheekSquint": 0.6},
    {"eyeBlink": 1.0, "eyeSquint": 1.0, "cheekSquint": 0.8, "browDown": 0.9, "noseSneer": 0.5},
    {"eyeBlink": 1.0}, {"eyeBlink": 1.0}, {"eyeBlink": 0.6},
    {"eyeBlinkLeft": 1.0, "cheekSquintLeft": 0.6, "mouthSmileLeft": 0.3},
    {"eyeBlinkRight": 1.0, "cheekSquintRight": 0.6, "mouthSmileRight": 0.3},
    {"cheekPuff": 1.0}, {"cheekPuff": 1.0, "mouthPress": 0.6},
    {"noseSneer": 1.0, "mouthUpperUp": 0.5}, {"noseSneerLeft": 1.0}, {"noseSneerRight": 1.0},
    {"mouthFrown": 1.0, "mouthShrugLower": 0.7, "browInnerUp": 0.5},
    {"mouthLeft": 1.0}, {"mouthRight": 1.0}, {"jawLeft": 1.0, "jawOpen": 0.2}, {"jawRight": 1.0, "jawOpen": 0.2},
    {"jawForward": 1.0}, {"mouthRollLower": 1.0, "mouthRollUpper": 1.0}, {"mouthPress": 1.0},
    {"jawOpen": 0.9, "mouthClose": 0.9}, {"jawOpen": 0.5, "mouthClose": 0.5},
    {"jawOpen": 0.35, "mouthClose": 0.35, "cheekPuff": 0.4},
    {"tongueOut": 1.0, "jawOpen": 0.5}, {"tongueOut": 0.6, "jawOpen": 0.35},
    {"mouthUpperUp": 1.0, "mouthLowerDown": 1.0}, {"mouthStretch": 1.0, "browInnerUp": 0.7},
    {"browInnerUp": 1.0, "browOuterUp": 1.0}, {"browDown": 1.0}, {"eyeWide": 1.0},
)  # fmt: skip


def add_unit(weights: NDArray, name: str, left: float, right: float | None = None) -> None:
    """Add a unit in place: a sided pair when ``name`` has no side of its own, else the one channel."""
    if name in ARKIT_INDEX:
        weights[ARKIT_INDEX[name]] += left
        return
    weights[ARKIT_INDEX[f"{name}Left"]] += left
    weights[ARKIT_INDEX[f"{name}Right"]] += left if right is None else right


def _everyday(weights: NDArray, rng: np.random.Generator, amount: float) -> None:
    for name, (probability, low, high) in _EVERYDAY.items():
        if rng.random() >= probability * amount:
            continue
        # Small movements are commoner than large ones.
        left = low + (high - low) * rng.beta(1.0, 1.8)
        side = rng.random()
        right = left if side < 0.6 else left * rng.uniform(0.0, 1.0)
        if side > 0.8:
            left, right = right, left
        add_unit(weights, name, left, right)


def _extreme(weights: NDArray, rng: np.random.Generator) -> None:
    pose = _EXTREMES[rng.integers(len(_EXTREMES))]
    strength = rng.uniform(0.55, 1.0) if rng.random() < 0.6 else 1.0
    for name, value in pose.items():
        add_unit(weights, name, value * strength * rng.uniform(0.85, 1.0))


def _gaze(weights: NDArray, rng: np.random.Generator) -> None:
    horizontal, vertical = np.clip(rng.normal(0.0, 0.4, 2), -1.0, 1.0)
    # Subject's left is positive: the left eye looks out, the right eye looks in.
    if horizontal > 0:
        add_unit(weights, "eyeLookOutLeft", horizontal)
        add_unit(weights, "eyeLookInRight", horizontal)
    else:
        add_unit(weights, "eyeLookInLeft", -horizontal)
        add_unit(weights, "eyeLookOutRight", -horizontal)
    add_unit(weights, "eyeLookUp" if vertical > 0 else "eyeLookDown", abs(vertical))


def _blink(weights: NDArray, rng: np.random.Generator) -> None:
    kind = rng.random()
    if kind < 0.13:
        add_unit(weights, "eyeBlink", 1.0)
    elif kind < 0.33:
        amount = rng.uniform(0.1, 1.0)
        add_unit(weights, "eyeBlink", amount, amount * rng.uniform(0.85, 1.0))
    elif kind < 0.37:
        add_unit(weights, rng.choice(["eyeBlinkLeft", "eyeBlinkRight"]), rng.uniform(0.5, 1.0))


def make_plausible(weights: NDArray) -> NDArray:
    """Limits that faces obey and a linear model does not: (52,) → (52,), each in 0..1.

    Lids close once, lips can only be held closed as far as the jaw is open, opposites exclude each other.
    """
    w = np.clip(weights, 0.0, 1.0)
    for side in ("Left", "Right"):
        closed = w[ARKIT_INDEX[f"eyeBlink{side}"]]
        w[ARKIT_INDEX[f"eyeWide{side}"]] *= 1.0 - closed
        # Squinting and looking down lower the lids too: together they may close an eye, not cross it.
        for name in ("eyeSquint", "eyeLookDown"):
            w[ARKIT_INDEX[name + side]] *= 1.0 - 0.6 * closed
        w[ARKIT_INDEX[f"eyeSquint{side}"]] *= 1.0 - 0.7 * w[ARKIT_INDEX[f"eyeWide{side}"]]
        smile = w[ARKIT_INDEX[f"mouthSmile{side}"]]
        w[ARKIT_INDEX[f"mouthFrown{side}"]] *= 1.0 - smile
    w[ARKIT_INDEX["mouthClose"]] = min(w[ARKIT_INDEX["mouthClose"]], w[ARKIT_INDEX["jawOpen"]])
    round_mouth = max(w[ARKIT_INDEX["mouthPucker"]], w[ARKIT_INDEX["mouthFunnel"]])
    w[ARKIT_INDEX["mouthFunnel"]] = min(w[ARKIT_INDEX["mouthFunnel"]], 1.2 - w[ARKIT_INDEX["mouthPucker"]])
    for name in ("mouthSmile", "mouthStretch", "mouthDimple", "mouthUpperUp", "mouthLowerDown"):
        for side in ("Left", "Right"):
            w[ARKIT_INDEX[name + side]] *= 1.0 - 0.6 * round_mouth
    open_jaw = w[ARKIT_INDEX["jawOpen"]]
    for name in ("cheekPuff", "mouthPressLeft", "mouthPressRight", "mouthShrugLower", "mouthRollLower",
                 "mouthRollUpper", "mouthShrugUpper"):  # fmt: skip
        w[ARKIT_INDEX[name]] *= max(0.0, 1.0 - 1.5 * max(0.0, open_jaw - w[ARKIT_INDEX["mouthClose"]]))
    w[ARKIT_INDEX["tongueOut"]] = min(w[ARKIT_INDEX["tongueOut"]], 2.5 * open_jaw)
    return w


def random_expression(rng: np.random.Generator) -> NDArray[np.float64]:
    """ARKit weights (52,) in 0..1 of one random face: 15 % near neutral, 50 % everyday, 35 % extreme."""
    weights = np.zeros(len(ARKIT_NAMES))
    kind = rng.random()
    if kind < 0.15:
        _everyday(weights, rng, 0.3)
    elif kind < 0.65:
        _everyday(weights, rng, 1.0)
    else:
        _extreme(weights, rng)
        _everyday(weights, rng, 0.4)
    _gaze(weights, rng)
    if weights[ARKIT_INDEX["eyeBlinkLeft"]] + weights[ARKIT_INDEX["eyeBlinkRight"]] == 0.0:
        _blink(weights, rng)
    return make_plausible(weights)
