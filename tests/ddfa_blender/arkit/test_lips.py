# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.arkit.lips import LipReading, LipSeam, inner_lips_apart, landmark_gap
from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.projection import Pose, rotation_from_euler


def weights(**values: float) -> np.ndarray:
    result = np.zeros((1, 52))
    for name, value in values.items():
        result[0, ARKIT_NAMES.index(name)] = value
    return result


def test_the_seam_runs_along_the_closed_lips_of_the_neutral_face(model):
    seam = LipSeam.of(model)
    upper, lower = model.mean[seam.upper], model.mean[seam.lower]
    assert len(seam.upper) >= 5
    assert np.linalg.norm(upper - lower, axis=1).max() < 1.5
    mouth = model.at_landmarks(model.mean)[48:68]
    assert (np.abs(upper[:, 0]) < np.abs(mouth[:, 0]).max()).all()
    assert 0.4 < np.ptp(upper[:, 0]) / np.ptp(mouth[:, 0]) <= 1.0, "it is not as wide as the mouth"
    assert seam.left.any() and not seam.left.all()


def test_the_gap_is_the_distance_on_the_mesh(model):
    seam = LipSeam.of(model)
    arkit = weights(jawOpen=0.6, mouthFunnel=0.3, mouthUpperUpLeft=0.4)
    moved = model.vertices(arkit=arkit[0])
    expected = (moved[seam.upper] - moved[seam.lower] - model.mean[seam.upper] + model.mean[seam.lower])[:, 1]
    np.testing.assert_allclose(seam.gap(arkit)[0], expected, atol=1e-3)


def test_the_jaw_opens_the_lips_and_mouth_close_closes_them_again(model):
    seam = LipSeam.of(model)
    assert seam.gap(weights(jawOpen=1.0)).min() > 15.0
    assert np.abs(seam.gap(weights(jawOpen=0.5, mouthClose=0.5))).max() < 0.5
    left, right = seam.halves @ weights(mouthUpperUpLeft=1.0)[0]
    assert left > right + 1.0


def test_the_gap_of_landmarks_does_not_hang_on_the_pose(model):
    identity = 0.5 * np.random.default_rng(0).normal(size=40)
    opened = weights(jawOpen=0.4)[0]
    points = model.at_landmarks(model.vertices(identity, arkit=opened).astype(np.float64))
    rotation = rotation_from_euler(np.array([[0.0, 0.0, 0.0], [20.0, 5.0, 30.0], [-15.0, -8.0, -60.0]]))
    scale, shift = np.array([1.0, 0.4, 2.5]), np.array([[0.0, 0.0, 0.0], [30.0, -20.0, 0.0], [-5.0, 9.0, 0.0]])
    seen = scale[:, None, None] * np.einsum("nij,lj->nli", rotation, points) + shift[:, None]
    gaps = landmark_gap(model, identity, seen * [1.0, -1.0, 1.0], Pose(scale, rotation, shift))
    neutral = model.at_landmarks(model.vertices(identity).astype(np.float64))
    moved = [(p[[61, 62, 63], 1] - p[[67, 66, 65], 1]).mean() for p in (points, neutral)]
    assert gaps[0] == pytest.approx(moved[0] - moved[1], abs=1e-3)
    np.testing.assert_allclose(gaps, gaps[0], rtol=0.2)
    closed = landmark_gap(
        model, identity, neutral[None] * [1.0, -1.0, 1.0], Pose(*(x[:1] for x in (scale, rotation, shift)))
    )
    assert closed[0] == pytest.approx(0.0, abs=1e-3)


def test_inner_lips_are_apart_where_the_jaw_drops(model):
    closed, opened = (model.at_landmarks(model.vertices(arkit=w[0])) for w in (weights(), weights(jawOpen=0.5)))
    both = inner_lips_apart(np.stack([closed, opened]))
    assert both.shape == (2,) and both[1] - both[0] > 8.0
    # Left and right do not matter, nor do the outer lips.
    moved = opened.copy()
    moved[..., 0] *= -1.0
    moved[48:60] += 7.0
    assert inner_lips_apart(moved) == pytest.approx(both[1])
    assert inner_lips_apart(moved * [1.0, -1.0, 1.0]) == pytest.approx(-both[1])


def test_contact_is_found_in_spite_of_lips_that_read_a_little_open():
    reading = LipReading(offset=0.2, landmarks=0.3, scores=0.7)
    closed, opened = np.zeros(30), np.full(60, 9.0)
    gap = np.concatenate([opened, closed, opened]) + 0.1 * np.random.default_rng(0).normal(size=150)
    expected = np.repeat([False, True, False], [60, 30, 60])
    for level in (0.0, 1.0):
        np.testing.assert_array_equal(reading.contact(gap + level, gap + level), expected)


def test_a_mouth_that_never_closes_is_not_taken_for_closed():
    reading = LipReading(offset=0.0, landmarks=0.5, scores=0.5)
    gap = np.full(50, 6.0)
    assert not reading.contact(gap, gap).any()
    assert reading.contact(gap[:0], gap[:0]).shape == (0,)
