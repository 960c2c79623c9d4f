# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.projection import rotation_from_euler
from training.evaluation.pose_scores import angle_errors, without_own_axes
from training.evaluation.rotations import constant_offset, geodesic_degrees


def heads(count: int = 60) -> np.ndarray:
    rng = np.random.default_rng(8)
    return rotation_from_euler(rng.uniform(-1.0, 1.0, (count, 3)) * [70.0, 30.0, 30.0])


@pytest.mark.parametrize("degrees", [0.0, 1e-6, 3.5, 90.0, 179.0])
def test_a_turn_by_a_known_angle(degrees: float) -> None:
    for axis in range(3):
        angles = np.zeros(3)
        angles[axis] = min(degrees, 90.0)
        turn = rotation_from_euler(angles)
        if degrees > 90.0:
            turn = turn @ rotation_from_euler(angles * (degrees - 90.0) / 90.0)
        np.testing.assert_allclose(geodesic_degrees(heads() @ turn, heads()), degrees, atol=1e-9, rtol=1e-6)


def test_a_constant_offset_is_found() -> None:
    offset = rotation_from_euler([6.0, -11.0, 3.0])
    np.testing.assert_allclose(constant_offset(heads() @ offset.T, heads()), offset, atol=1e-12)


def test_own_axes_go_and_errors_that_change_stay() -> None:
    true, offset = heads(), rotation_from_euler([4.0, 12.0, -5.0])
    rng = np.random.default_rng(1)
    noise = rotation_from_euler(rng.normal(0.0, 2.0, (len(true), 3)))
    np.testing.assert_allclose(geodesic_degrees(without_own_axes(true @ offset, true), true), 0.0, atol=1e-6)
    left = geodesic_degrees(without_own_axes(true @ noise @ offset, true), true).mean()
    assert left == pytest.approx(geodesic_degrees(true @ noise, true).mean(), rel=0.15)


def test_heads_without_a_face_stay_nan() -> None:
    true = heads()
    found = true.copy()
    found[3] = np.nan
    result = without_own_axes(found, true)
    assert np.isnan(result[3]).all()
    np.testing.assert_allclose(np.delete(result, 3, axis=0), np.delete(true, 3, axis=0), atol=1e-9)


def test_angles_are_told_apart_and_wrap() -> None:
    true = rotation_from_euler([[10.0, 0.0, 0.0], [0.0, 5.0, 0.0], [0.0, 0.0, 179.0]])
    found = rotation_from_euler([[13.0, 0.0, 0.0], [0.0, 9.0, 0.0], [0.0, 0.0, -179.0]])
    np.testing.assert_allclose(angle_errors(found, true), np.diag([3.0, 4.0, 2.0]), atol=1e-9)
