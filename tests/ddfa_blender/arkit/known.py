# SPDX-License-Identifier: GPL-3.0-or-later
"""A performance whose 52 weights are known, and what a network and a fit that err by known amounts make of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.arkit.lips import LipReading, LipSeam
from ddfa_blender.arkit.mesh_components import unit_components
from ddfa_blender.arkit.reliability import Reliability
from ddfa_blender.arkit.weights import Evidence
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_INDEX

FPS = 30.0
#: Unit (both sides of a sided one), centre and half width in seconds, peak.
_EVENTS = (
    ("eyeBlink", 0.4, 0.045, 1.0), ("eyeBlink", 2.6, 0.045, 1.0), ("eyeBlink", 4.4, 0.045, 1.0),
    ("jawOpen", 0.8, 0.12, 0.7), ("jawOpen", 1.4, 0.12, 0.5), ("mouthFunnel", 1.4, 0.12, 0.6),
    # B or M: the jaw stays down, the lips meet.
    ("jawOpen", 2.0, 0.1, 0.35), ("mouthClose", 2.0, 0.1, 0.35),
    ("mouthSmile", 3.0, 0.25, 0.9), ("cheekSquint", 3.0, 0.25, 0.6), ("mouthPucker", 3.7, 0.15, 0.9),
    ("browInnerUp", 1.1, 0.2, 0.9), ("browDown", 3.4, 0.2, 0.8), ("noseSneer", 3.4, 0.15, 0.7),
    ("mouthLeft", 4.1, 0.12, 0.8), ("jawRight", 4.6, 0.12, 0.7), ("mouthFrown", 4.9, 0.15, 0.8),
    ("mouthSmileLeft", 5.4, 0.15, 0.8), ("eyeWide", 1.1, 0.15, 0.7), ("mouthUpperUp", 5.8, 0.12, 0.7),
    ("mouthLowerDown", 6.1, 0.12, 0.7), ("mouthPress", 6.5, 0.1, 0.7), ("mouthRollLower", 6.8, 0.1, 0.8),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Known:
    """``truth`` (N, 52); what was measured of it, and how far that is to be believed."""

    truth: NDArray[np.float64]
    evidence: Evidence
    reliability: Reliability


def known_truth(seconds: float = 7.2) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Seconds (N,) and weights (N, 52)."""
    time = np.arange(round(FPS * seconds)) / FPS
    weights = np.zeros((len(time), 52))
    for name, centre, width, peak in _EVENTS:
        names = [name] if name in ARKIT_INDEX else [name + "Left", name + "Right"]
        for each in names:
            weights[:, ARKIT_INDEX[each]] += peak * np.exp(-0.5 * ((time - centre) / width) ** 2)
    return time, np.clip(weights, 0.0, 1.0)


def known_performance(
    model: MorphableModel, *, network: float | NDArray = 0.1, mesh: float = 0.15, seed: int = 0
) -> Known:
    """Scores that err by ``network`` and components that err by ``mesh``, from frame to frame at random."""
    random = np.random.default_rng(seed)
    time, truth = known_truth()
    error = np.broadcast_to(np.asarray(network, dtype=np.float64), (52,)).copy()
    components = truth @ unit_components(model) + mesh * random.normal(size=(len(truth), 10))
    contact = LipSeam.of(model).gap(truth).max(axis=1) < 0.5
    evidence = Evidence(time, np.clip(truth + error * random.normal(size=truth.shape), 0.0, 1.0), components, contact)
    return Known(truth, evidence, Reliability(error, mesh**2 * np.eye(10), LipReading(0.0, 0.0, 1.0)))


def moving(truth: NDArray) -> NDArray[np.intp]:
    """Channels that move."""
    return np.flatnonzero(truth.std(axis=0) >= 0.05)


def correlations(found: NDArray, truth: NDArray) -> NDArray[np.float64]:
    """Of the channels that move; 0 for what stands still."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.nan_to_num([np.corrcoef(found[:, k], truth[:, k])[0, 1] for k in moving(truth)])
