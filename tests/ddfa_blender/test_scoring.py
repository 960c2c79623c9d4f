# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.scoring import box_size, jitter, nme51, nme68, stability, summarise


@pytest.fixture
def face() -> np.ndarray:
    """68 points whose box is 80 × 20 pixels: size 40."""
    points = np.random.default_rng(1).uniform([0, 0], [80, 20], (68, 2))
    points[:2] = [0, 0], [80, 20]
    return points


def test_the_box_is_the_geometric_mean_of_its_sides(face: np.ndarray) -> None:
    assert box_size(face) == pytest.approx(40.0)


def test_a_shift_counts_by_its_length(face: np.ndarray) -> None:
    assert nme68(face + [3.0, 4.0], face) == pytest.approx(5.0 / 40.0)
    assert nme51(face + [3.0, 4.0], face) == pytest.approx(5.0 / 40.0)


def test_the_jaw_counts_only_in_nme68(face: np.ndarray) -> None:
    moved = face.copy()
    moved[:17, 1] += 8.0
    assert nme51(moved, face) == 0.0
    assert nme68(moved, face) == pytest.approx(17 / 68 * 8.0 / 40.0)


def test_depth_does_not_count(face: np.ndarray) -> None:
    deep = np.concatenate([face, np.full((68, 1), 1e3)], axis=1)
    assert nme68(deep, face) == 0.0
    assert nme68(np.stack([deep, deep]), np.stack([face, face])).shape == (2,)


def test_stability_forgives_a_constant_offset_but_no_shaking(face: np.ndarray) -> None:
    walk = face + np.arange(6)[:, None, None] * [2.0, 0.0]
    assert stability(walk + 7.0, walk) == pytest.approx(0.0)
    shaken = walk + np.array([0, 1, 0, 1, 0, 1])[:, None, None] * [0.0, 2.0]
    assert stability(shaken, walk) == pytest.approx(2.0 / 40.0)


def test_jitter_is_the_second_difference(face: np.ndarray) -> None:
    steps = np.arange(8)[:, None, None]
    assert jitter(face + steps * [3.0, 1.0]) == pytest.approx(0.0, abs=1e-12)
    assert jitter(face + steps**2 * [2.0, 0.0]) == pytest.approx(4.0 / 40.0)


def test_jitter_never_reaches_across_a_gap(face: np.ndarray) -> None:
    still = np.repeat(face[None], 9, axis=0)
    still[4] = np.nan
    still[5:] += 50.0
    assert jitter(still) == pytest.approx(0.0)
    assert jitter(still[:2]) is None
    assert jitter(still[3:6]) is None


def test_the_summary_is_in_percent() -> None:
    summary = summarise([0.01, 0.02, 0.03, 0.10])
    assert summary.mean == pytest.approx(4.0)
    assert summary.median == pytest.approx(2.5)
    assert summary.over_8 == pytest.approx(25.0)
