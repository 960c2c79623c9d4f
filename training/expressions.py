# SPDX-License-Identifier: GPL-3.0-or-later
"""The ten expression components (A_exp): principal components of ARKit-unit combinations.

Every combination of ARKit weights w (52,) deforms the mesh by w·D. The components follow from two small
matrices: the weights' second moment E[w wᵀ] (how people really move, measured on ``faces``, plus rare but
useful poses) and the units' Gram matrix D Ω Dᵀ, with eyelids and lips weighted up in Ω.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.symmetry import MIRRORED_CHANNELS

from .symmetric_pca import fix_signs

#: Rare poses (ARKit weights) and how often each is mixed in, as a share of all samples.
RARE_POSES: tuple[tuple[float, Mapping[str, float]], ...] = (
    (0.05, {"jawOpen": 1.0}),
    (0.03, {"jawOpen": 0.7, "mouthUpperUpLeft": 0.6, "mouthUpperUpRight": 0.6, "mouthLowerDownLeft": 0.6,
            "mouthLowerDownRight": 0.6}),
    (0.04, {"mouthPucker": 1.0}),
    (0.03, {"mouthFunnel": 1.0, "jawOpen": 0.25}),
    (0.08, {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}),
    (0.03, {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0, "eyeSquintLeft": 1.0, "eyeSquintRight": 1.0,
            "cheekSquintLeft": 0.7, "cheekSquintRight": 0.7, "browDownLeft": 0.7, "browDownRight": 0.7}),
    (0.02, {"eyeBlinkLeft": 1.0}), (0.02, {"eyeBlinkRight": 1.0}),
    (0.02, {"mouthSmileLeft": 1.0}), (0.02, {"mouthSmileRight": 1.0}),
    (0.02, {"mouthLeft": 1.0}), (0.02, {"mouthRight": 1.0}),
    (0.02, {"jawLeft": 1.0, "jawOpen": 0.2}), (0.02, {"jawRight": 1.0, "jawOpen": 0.2}),
    (0.03, {"browInnerUp": 1.0, "browOuterUpLeft": 1.0, "browOuterUpRight": 1.0}),
    (0.03, {"mouthFrownLeft": 1.0, "mouthFrownRight": 1.0, "mouthShrugLower": 0.6}),
    (0.02, {"noseSneerLeft": 1.0, "noseSneerRight": 1.0, "mouthUpperUpLeft": 0.4, "mouthUpperUpRight": 0.4}),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class ExpressionComponents:
    """``mixing`` (k, 52): each component as ARKit weights; ``parity`` (k,) ±1; ``variance_share`` (k,)."""

    mixing: NDArray[np.float64]
    parity: NDArray[np.int8]
    variance_share: NDArray[np.float64]


def weights_vector(pose: Mapping[str, float]) -> NDArray[np.float64]:
    """ARKit weights by name → (52,)."""
    vector = np.zeros(len(ARKIT_NAMES))
    for name, value in pose.items():
        vector[ARKIT_NAMES.index(name)] = value
    return vector


def second_moment(measured: NDArray) -> NDArray[np.float64]:
    """E[w wᵀ] (52, 52) of the measured moment mixed with :data:`RARE_POSES`, made mirror-symmetric."""
    rare_share = sum(share for share, _ in RARE_POSES)
    moment = (1.0 - rare_share) * np.asarray(measured, dtype=np.float64)
    for share, pose in RARE_POSES:
        vector = weights_vector(pose)
        moment = moment + share * np.outer(vector, vector)
    swap = MIRRORED_CHANNELS
    return 0.5 * (moment + moment[np.ix_(swap, swap)])


def expression_components(units: NDArray, moment: NDArray, weight: NDArray, count: int) -> ExpressionComponents:
    """Components of the deformations w·units with E[w wᵀ] = ``moment``, weighted per vertex.

    Args:
        units: (52, V, 3) ARKit deltas, exactly mirror-symmetric between sides.
        weight: (V,) importance of each vertex.
    """
    root = (units * np.sqrt(weight)[None, :, None]).reshape(len(units), -1)
    gram = root @ root.T
    swap = np.eye(len(units))[MIRRORED_CHANNELS]
    found = []
    for parity in (1, -1):
        project = 0.5 * (np.eye(len(units)) + parity * swap)
        part = project @ moment @ project.T
        # Eigenvectors of (MG), M and G both positive semidefinite, through the symmetric root of M.
        values, vectors = np.linalg.eigh(part)
        half = vectors * np.sqrt(np.clip(values, 0, None))
        eigenvalues, inner = np.linalg.eigh(half.T @ gram @ half)
        for index in np.argsort(eigenvalues)[::-1][:count]:
            # Columns of half·inner are weight patterns whose coefficient has unit second moment.
            found.append((float(eigenvalues[index]), parity, half @ inner[:, index]))
    found.sort(key=lambda item: -item[0])
    found = found[:count]
    # These are the signs that the bundled regressor was trained with.
    mixing = fix_signs(np.stack([item[2] for item in found]), last=True)
    return ExpressionComponents(
        mixing, np.array([item[1] for item in found], dtype=np.int8),
        np.array([item[0] for item in found]) / float(np.trace(gram @ moment)),
    )  # fmt: skip
