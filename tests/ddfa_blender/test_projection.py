# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.projection import (
    Pose,
    apply,
    compose,
    crop_to_image,
    decompose,
    euler_degrees,
    join,
    nearest_rotation,
    project_landmarks,
    rotation_from_euler,
    split,
)


def test_split_and_join_are_inverse_and_batched() -> None:
    params = np.random.default_rng(0).normal(size=(3, 5, 62))
    parts = split(params)
    assert [part.shape for part in parts] == [(3, 5, 3, 4), (3, 5, 40), (3, 5, 10)]
    np.testing.assert_array_equal(join(*parts), params)
    np.testing.assert_array_equal(parts.transform[1, 2].ravel(), params[1, 2, :12])
    with pytest.raises(ValueError, match="62"):
        split(np.zeros(61))


def test_angles_survive_the_round_trip() -> None:
    angles = np.random.default_rng(1).uniform([-89, -170, -170], [89, 170, 170], (100, 3))
    np.testing.assert_allclose(euler_degrees(rotation_from_euler(angles)), angles, atol=1e-9)


@pytest.mark.parametrize("yaw", [90.0, -90.0])
def test_a_full_profile_still_gives_the_same_rotation(yaw: float) -> None:
    rotation = rotation_from_euler([yaw, 20.0, 5.0])
    again = rotation_from_euler(euler_degrees(rotation))
    np.testing.assert_allclose(again, rotation, atol=1e-7)


def test_the_signs_are_those_of_the_documentation() -> None:
    nose, top = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])
    assert (rotation_from_euler([30.0, 0.0, 0.0]) @ nose)[0] > 0.0  # nose to the right of the image
    assert (rotation_from_euler([0.0, 30.0, 0.0]) @ nose)[1] > 0.0  # nose up
    assert (rotation_from_euler([0.0, 0.0, 30.0]) @ top)[0] < 0.0  # top of the head to the left


def test_the_nearest_rotation_is_one_and_undoes_scale() -> None:
    rotation = rotation_from_euler([25.0, -10.0, 40.0])
    found, scale = nearest_rotation(1.7 * rotation)
    np.testing.assert_allclose(found, rotation, atol=1e-12)
    assert scale == pytest.approx(1.7)
    noisy, _ = nearest_rotation(np.random.default_rng(2).normal(size=(50, 3, 3)))
    np.testing.assert_allclose(noisy @ noisy.swapaxes(-1, -2), np.broadcast_to(np.eye(3), (50, 3, 3)), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(noisy), 1.0)


def test_no_rotation_nearby_is_nearer() -> None:
    matrix = np.random.default_rng(3).normal(size=(3, 3))
    best, _ = nearest_rotation(matrix)
    for angles in np.random.default_rng(4).normal(0.0, 3.0, (50, 3)):
        other = best @ rotation_from_euler(angles)
        assert np.linalg.norm(other - matrix) >= np.linalg.norm(best - matrix) - 1e-12


def test_compose_and_decompose_are_inverse() -> None:
    pose = Pose(np.array([0.4, 2.0]), rotation_from_euler([[10, 20, 30], [-50, 0, 5]]), np.arange(6.0).reshape(2, 3))
    again = decompose(compose(pose))
    for before, after in zip(pose, again, strict=True):
        np.testing.assert_allclose(after, before, atol=1e-12)


def test_from_model_to_photo_by_hand() -> None:
    """2 px per mm, shifted by (60, 50) in a crop that is shown at 3 photo pixels per crop pixel."""
    transform = np.array([[2.0, 0.0, 0.0, 60.0], [0.0, 2.0, 0.0, 50.0], [0.0, 0.0, 2.0, 0.0]])
    in_crop = apply(transform, [[10.0, 5.0, 4.0]])
    np.testing.assert_allclose(in_crop, [[80.0, 60.0, 8.0]])
    np.testing.assert_allclose(crop_to_image(in_crop, [100.0, 200.0, 460.0, 560.0]), [[340.0, 380.0, 24.0]])


def test_landmarks_project_alike_alone_and_batched(model: MorphableModel) -> None:
    params = np.random.default_rng(5).normal(size=(4, 62))
    roi = np.array([[0.0, 0.0, 120.0, 120.0]] * 4) + np.arange(4)[:, None]
    batch = project_landmarks(model, params, roi)
    assert batch.shape == (4, 68, 3)
    np.testing.assert_allclose(batch[2], project_landmarks(model, params[2], roi[2]), atol=1e-9)
