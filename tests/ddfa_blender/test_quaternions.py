# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.quaternions import conjugate, continuous, from_matrices, multiply, slerp, to_matrices


def about(axis: int, degrees: float) -> np.ndarray:
    q = np.zeros(4)
    q[0], q[1 + axis] = np.cos(np.radians(degrees) / 2.0), np.sin(np.radians(degrees) / 2.0)
    return q


def test_matrices_and_back_for_every_angle() -> None:
    q = np.random.default_rng(0).normal(size=(200, 4))
    q = np.concatenate([q / np.linalg.norm(q, axis=1, keepdims=True), np.eye(4)])  # half turns too
    again = from_matrices(to_matrices(q))
    np.testing.assert_allclose(np.abs(np.sum(again * q, axis=1)), 1.0, atol=1e-12)
    assert (again[:, 0] >= 0.0).all()


def test_a_known_rotation() -> None:
    quarter = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])  # x to y, about z
    np.testing.assert_allclose(from_matrices(quarter), about(2, 90.0), atol=1e-12)


def test_products_turn_as_one_matrix_after_the_other() -> None:
    a, b = np.random.default_rng(3).normal(size=(2, 50, 4))
    a, b = a / np.linalg.norm(a, axis=1, keepdims=True), b / np.linalg.norm(b, axis=1, keepdims=True)
    np.testing.assert_allclose(to_matrices(multiply(a, b)), to_matrices(a) @ to_matrices(b), atol=1e-12)
    np.testing.assert_allclose(multiply(a, conjugate(a)), np.tile([1.0, 0.0, 0.0, 0.0], (50, 1)), atol=1e-12)
    np.testing.assert_allclose(multiply(a[0], b), multiply(np.tile(a[0], (50, 1)), b))


def test_signs_become_continuous_and_rotations_stay() -> None:
    q = np.stack([about(1, angle) for angle in np.linspace(0.0, 720.0, 50)])
    flipped = q * np.random.default_rng(1).choice([-1.0, 1.0], 50)[:, None]
    fixed = continuous(flipped)
    assert (np.sum(fixed[1:] * fixed[:-1], axis=1) > 0.0).all()
    np.testing.assert_allclose(to_matrices(fixed), to_matrices(q), atol=1e-12)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_slerp_goes_evenly_on_the_short_way(sign: float) -> None:
    middle = slerp(about(0, 10.0), sign * about(0, 50.0), 0.25)
    np.testing.assert_allclose(middle, about(0, 20.0), atol=1e-12)
    np.testing.assert_allclose(slerp(about(0, 10.0), about(0, 10.0), 0.7), about(0, 10.0), atol=1e-12)
