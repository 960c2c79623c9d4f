# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from ddfa_blender.formats.rotations import X, Y, Z, about, even_times, from_angles, rotations_at, to_angles, vectors_at
from ddfa_blender.projection import rotation_from_euler
from ddfa_blender.quaternions import from_matrices

ORDERS = list(permutations((X, Y, Z)))


def test_turns_go_the_right_way_round() -> None:
    quarter = np.pi / 2.0
    np.testing.assert_allclose(about(X, quarter) @ [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], atol=1e-12)
    np.testing.assert_allclose(about(Y, quarter) @ [0.0, 0.0, 1.0], [1.0, 0.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(about(Z, quarter) @ [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], atol=1e-12)


@pytest.mark.parametrize("order", ORDERS)
def test_angles_come_back(order: tuple[int, int, int]) -> None:
    angles = np.random.default_rng(0).uniform(-1.5, 1.5, (100, 3)) * [2.0, 1.0, 2.0]
    np.testing.assert_allclose(to_angles(from_angles(angles, order), order), angles, atol=1e-9)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("pole", [-np.pi / 2.0, np.pi / 2.0])
def test_rotations_come_back_at_the_poles(order: tuple[int, int, int], pole: float) -> None:
    angles = np.random.default_rng(1).uniform(-3.0, 3.0, (20, 3))
    angles[:, 1] = pole
    rotations = from_angles(angles, order)
    np.testing.assert_allclose(from_angles(to_angles(rotations, order), order), rotations, atol=1e-6)


def test_agrees_with_the_projection_s_own_angles() -> None:
    yaw, pitch, roll = np.radians([20.0, -35.0, 10.0])
    expected = rotation_from_euler([20.0, -35.0, 10.0])
    np.testing.assert_allclose(from_angles([roll, yaw, -pitch], (Z, Y, X)), expected, atol=1e-12)


def test_even_times_reach_the_last_frame() -> None:
    np.testing.assert_allclose(even_times([2.0, 2.1, 3.0], 10.0), 2.0 + np.arange(11) / 10.0)
    assert len(even_times(np.round(np.arange(300) / 29.97, 3), 29.97)) == 300
    np.testing.assert_array_equal(even_times([7.0], 30.0), [7.0])


def test_between_frames_rotations_go_the_shortest_way() -> None:
    angles = np.array([0.0, 0.4, 1.0])
    quaternions = from_matrices(about(Y, angles)) * [[1.0], [-1.0], [1.0]]
    found = rotations_at([0.0, 1.0, 3.0], quaternions, [-1.0, 0.5, 1.0, 2.0, 9.0])
    expected = from_matrices(about(Y, np.array([0.0, 0.2, 0.4, 0.7, 1.0])))
    np.testing.assert_allclose(np.abs(np.sum(found * expected, axis=1)), 1.0, atol=1e-12)
    np.testing.assert_array_equal(rotations_at([0.0], quaternions[:1], [0.0, 1.0]), quaternions[[0, 0]])


def test_between_frames_vectors_lie_on_lines() -> None:
    np.testing.assert_allclose(vectors_at([0.0, 2.0], [[0.0, 4.0], [2.0, 0.0]], [0.5, 3.0]), [[0.5, 3.0], [2.0, 0.0]])
