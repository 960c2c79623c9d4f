# SPDX-License-Identifier: GPL-3.0-or-later
"""The label of one training picture, and how it moves with the pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.symmetry import MIRRORED_CHANNELS, mirror_params, mirror_points

from .faces import PICTURE_SIZE


@dataclass(frozen=True, eq=False)
class Label:
    """Labels of a 160-pixel picture or of a 120-pixel crop.

    ``params`` (62,) y up; ``landmarks`` (68, 2) y down; ``arkit`` (52,); ``confidence`` in 0..1 is the visible share
    of the face, 0 where there is none.
    """

    params: NDArray
    landmarks: NDArray
    arkit: NDArray
    confidence: float = 1.0


def mirror_label(label: Label, parity: NDArray) -> Label:
    """The label of the mirrored picture."""
    return Label(
        mirror_params(label.params[None], parity, PICTURE_SIZE)[0],
        mirror_points(label.landmarks, PICTURE_SIZE),
        label.arkit[MIRRORED_CHANNELS],
        label.confidence,
    )


def move_params(params: NDArray, warp: NDArray, source_height: float, target_height: float) -> NDArray:
    """Parameters after the similarity ``warp`` (2, 3) of y-down pixels; ``params`` (62,) are y up in both pictures."""
    scale = float(np.hypot(warp[0, 0], warp[0, 1]))
    flip = np.diag([1.0, -1.0])
    linear = np.eye(3) * scale
    linear[:2, :2] = flip @ warp[:, :2] @ flip
    transform = params[:12].reshape(3, 4)
    moved = linear @ transform
    # y_down = height − y_up on either side of the warp.
    offset = warp[:, :2] @ [0.0, source_height] + warp[:, 2]
    moved[0, 3] += offset[0]
    moved[1, 3] += target_height - offset[1]
    result = params.copy()
    result[:12] = moved.reshape(12)
    return result
