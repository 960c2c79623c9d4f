# SPDX-License-Identifier: GPL-3.0-or-later
"""Random expressions: legal, repeatable, and reaching what photos lack."""

from __future__ import annotations

import numpy as np

from ddfa_blender.names import ARKIT_NAMES
from training.rendering.random_expressions import make_plausible, random_expression


def _draw(count: int) -> np.ndarray:
    return np.stack([random_expression(np.random.default_rng([7, i])) for i in range(count)])


def test_same_seed_same_face() -> None:
    np.testing.assert_array_equal(_draw(5), _draw(5))


def test_every_channel_moves_far_and_none_leaves_its_range() -> None:
    weights = _draw(4000)
    assert weights.min() >= 0.0 and weights.max() <= 1.0
    highest = dict(zip(ARKIT_NAMES, weights.max(axis=0), strict=True))
    assert {name for name, value in highest.items() if value < 0.8} == set()


def test_both_sides_move_alike() -> None:
    mean = dict(zip(ARKIT_NAMES, _draw(4000).mean(axis=0), strict=True))
    for name, value in mean.items():
        if name.endswith("Left"):
            assert abs(value - mean[name.removesuffix("Left") + "Right"]) < 0.03, name


def test_lips_close_only_as_far_as_the_jaw_is_open() -> None:
    weights = np.zeros(len(ARKIT_NAMES))
    weights[ARKIT_NAMES.index("mouthClose")] = 0.8
    weights[ARKIT_NAMES.index("jawOpen")] = 0.3
    assert make_plausible(weights)[ARKIT_NAMES.index("mouthClose")] == 0.3
