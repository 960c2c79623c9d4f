# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.tracking.likeness import colour, may_be_one
from ddfa_blender.tracking.roi import crop, roi_from_landmarks
from tools.measure_small_faces import rendered_heads


@pytest.fixture(scope="module")
def crops() -> list[np.ndarray]:
    return [crop(head.image, roi_from_landmarks(head.landmarks)) for head in rendered_heads(12)]


def test_one_head_looks_like_itself_whatever_it_does(crops: list[np.ndarray]) -> None:
    colours = [colour(picture) for picture in crops]
    assert all(may_be_one(one, other) for one in colours for other in colours)


@pytest.mark.parametrize("light", [0.8, 1.2])
def test_more_or_less_light_makes_nobody_else(crops: list[np.ndarray], light: float) -> None:
    lit = np.clip(crops[0] * light, 0, 255).astype(np.uint8)
    assert may_be_one(colour(crops[0]), colour(lit))


def test_another_skin_is_somebody_else(crops: list[np.ndarray]) -> None:
    other = (crops[0] * np.array([0.6, 0.4, 0.3])).astype(np.uint8)
    assert not may_be_one(colour(crops[0]), colour(other))


def test_only_the_middle_counts(crops: list[np.ndarray]) -> None:
    elsewhere = np.random.default_rng(1).integers(0, 255, crops[0].shape, dtype=np.uint8)
    elsewhere[36:84, 36:84] = crops[0][36:84, 36:84]
    np.testing.assert_array_equal(colour(crops[0]), colour(elsewhere))
