# SPDX-License-Identifier: GPL-3.0-or-later
"""A label whose landmarks are the model's, for the tests of what moves labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.projection import apply, join, rotation_from_euler, split
from training.label import Label


def points_of(model: MorphableModel, params: NDArray, height: float) -> NDArray[np.float64]:
    """The model's 68 points (68, 2), y down, in a picture of this height."""
    transform, shape, expression = split(params)
    points = apply(transform, model.landmarks68(shape, expression))
    return points[:, :2] * [1, -1] + [0, height]


def example_label(model: MorphableModel) -> Label:
    """A turned face with shape and expression in a 160-pixel picture."""
    rng = np.random.default_rng(9)
    transform = np.concatenate([0.55 * rotation_from_euler([20, 5, 8]), [[78.0], [85.0], [0.0]]], axis=1)
    params = join(transform, rng.normal(0, 0.4, 40), rng.normal(0, 0.4, 10))
    return Label(params, points_of(model, params, 160), rng.uniform(0, 1, 52))
