# SPDX-License-Identifier: GPL-3.0-or-later
"""The measures of the closed loop, against cases with a known answer."""

from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.projection import rotation_from_euler
from ddfa_blender.quaternions import from_matrices

from .comparison import Truth, compare, parallel_view_rotations, rms, rotation_errors, without_offset


def _wander(count: int = 40) -> np.ndarray:
    time = np.linspace(0.0, 6.0, count)
    return rotation_from_euler(np.stack([20 * np.sin(time), 9 * np.cos(2 * time), 6 * np.sin(3 * time)], axis=1))


def test_rotation_errors_are_angles_whatever_the_sign() -> None:
    true = _wander()
    turned = from_matrices(true @ rotation_from_euler([5.0, 0.0, 0.0]))
    turned[::2] *= -1.0
    np.testing.assert_allclose(rotation_errors(turned, from_matrices(true)), 5.0, atol=1e-9)


def test_a_constant_offset_is_removed_and_nothing_else() -> None:
    true, rng = _wander(), np.random.default_rng(3)
    offset = rotation_from_euler([4.0, -7.0, 2.0])
    noise = rotation_from_euler(rng.normal(0.0, 1.0, (len(true), 3)))
    exact = without_offset(from_matrices(true @ offset), from_matrices(true))
    # arccos near 1 magnifies rounding.
    np.testing.assert_allclose(rotation_errors(exact, from_matrices(true)), 0.0, atol=1e-5)
    noisy = without_offset(from_matrices(true @ noise @ offset), from_matrices(true))
    left = rms(rotation_errors(noisy, from_matrices(true)))
    assert left == pytest.approx(rms(rotation_errors(from_matrices(true @ noise), from_matrices(true))), rel=0.1)


def test_channels_measure_shape_error_and_range_apart() -> None:
    true = np.sin(np.linspace(0.0, 7.0, 50))
    halved = compare("x", 0.5 * true + 0.2, true)
    assert halved.correlation == pytest.approx(1.0)
    assert halved.peak == pytest.approx(0.5)
    assert halved.rms == pytest.approx(rms(0.2 - 0.5 * true))
    assert compare("x", np.zeros(50), true).correlation == 0.0


def test_the_truth_is_one_clip() -> None:
    truth = Truth.load()
    count = len(truth.arkit)
    assert count == len(truth.expression) == len(truth.head_rotation) == len(truth.landmarks68)
    np.testing.assert_allclose(np.linalg.norm(truth.head_rotation, axis=1), 1.0, atol=1e-6)
    assert truth.arkit.min() >= 0.0 and truth.arkit.max() <= 1.0


def test_the_clip_can_be_captured_at_all(model: MorphableModel) -> None:
    """Truth and pixels belong together: a perfect fit to the true landmarks finds the true rotation."""
    truth = Truth.load()
    error = rotation_errors(parallel_view_rotations(truth, model, corrected=True), truth.head_rotation)
    assert rms(error) < 2.0
