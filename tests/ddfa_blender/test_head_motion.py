# SPDX-License-Identifier: GPL-3.0-or-later
"""The head's path against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ddfa_blender.errors import CaptureError
from ddfa_blender.head_motion import HeadMotion, mean_rotation
from ddfa_blender.projection import euler_degrees, rotation_from_euler
from ddfa_blender.quaternions import from_matrices, to_matrices


def path(angles: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Rotations for (N, 3) degrees of yaw, pitch and roll, a translation, all tracked."""
    n = len(angles)
    return from_matrices(rotation_from_euler(angles)), np.random.default_rng(1).normal(0, 30, (n, 3)), np.ones(n, bool)


def nod(count: int = 21) -> NDArray:
    """Up and down evenly about 0, in degrees."""
    swing = 15.0 * np.sin(np.linspace(0.0, 2.0 * np.pi, count))
    return np.stack([0.4 * swing, swing, np.zeros(count)], axis=1)


def test_by_default_the_path_is_the_captured_one() -> None:
    rotation, translation, tracked = path(nod())
    result = HeadMotion().apply(rotation, translation, tracked)
    np.testing.assert_allclose(to_matrices(result.rotation), to_matrices(rotation), atol=1e-12)
    np.testing.assert_allclose(result.translation, translation, atol=1e-12)


def test_level_undoes_a_tilted_camera_entirely() -> None:
    """A camera turned by C sees R as C·R and t as C·t; taking C off gives back both, and a nod stays a nod."""
    rotation, translation, tracked = path(nod())
    camera_angles = (20.0, -12.0, 7.0)
    camera = rotation_from_euler(camera_angles)
    seen = from_matrices(camera @ to_matrices(rotation))
    result = HeadMotion(level=camera_angles).apply(seen, translation @ camera.T, tracked)
    np.testing.assert_allclose(to_matrices(result.rotation), to_matrices(rotation), atol=1e-12)
    np.testing.assert_allclose(result.translation, translation, atol=1e-10)


@pytest.mark.parametrize("reference", ["CAMERA", "ACTOR"])
def test_the_level_of_a_frame_makes_the_head_look_straight_there(reference: str) -> None:
    rotation, translation, tracked = path(nod() + [10.0, 5.0, -3.0])
    motion = HeadMotion(reference=reference)  # type: ignore[arg-type]
    level = motion.level_of(rotation, tracked, 6)
    result = HeadMotion(reference=reference, level=level).apply(rotation, translation, tracked)  # type: ignore[arg-type]
    np.testing.assert_allclose(to_matrices(result.rotation)[6], np.eye(3), atol=1e-12)


def test_the_level_of_the_average_makes_the_mean_look_straight() -> None:
    rotation, translation, tracked = path(nod() + [10.0, 5.0, -3.0])
    level = HeadMotion().level_of(rotation, tracked)
    result = HeadMotion(level=level).apply(rotation, translation, tracked)
    np.testing.assert_allclose(mean_rotation(result.rotation), np.eye(3), atol=1e-9)
    assert HeadMotion(reference="ACTOR").level_of(rotation, tracked) == pytest.approx((0.0, 0.0, 0.0), abs=1e-9)


def test_relative_to_the_actor_the_camera_does_not_matter() -> None:
    rotation, translation, tracked = path(nod())
    camera = rotation_from_euler([35.0, 20.0, -10.0])
    moved = from_matrices(camera @ to_matrices(rotation))
    one = HeadMotion("ACTOR").apply(rotation, translation, tracked)
    other = HeadMotion("ACTOR").apply(moved, translation @ camera.T, tracked)
    np.testing.assert_allclose(to_matrices(one.rotation), to_matrices(other.rotation), atol=1e-9)
    np.testing.assert_allclose(one.translation, other.translation, atol=1e-7)


def test_lost_frames_do_not_count_for_the_mean() -> None:
    angles = np.zeros((30, 3))
    angles[20:] = [80.0, 0.0, 0.0]
    rotation, translation, tracked = path(angles)
    tracked[20:] = False
    result = HeadMotion("ACTOR").apply(rotation, translation, tracked)
    np.testing.assert_allclose(to_matrices(result.rotation)[0], np.eye(3), atol=1e-12)


def test_each_direction_of_the_translation_has_its_amount() -> None:
    rotation, translation, tracked = path(nod())
    result = HeadMotion(amount=(1.0, 0.0, 0.25)).apply(rotation, translation, tracked)
    np.testing.assert_allclose(result.translation, translation * [1.0, 0.0, 0.25], atol=1e-12)


def test_the_mean_of_a_swing_is_its_middle_whatever_the_signs() -> None:
    middle = rotation_from_euler([25.0, -10.0, 5.0])
    swing = [rotation_from_euler([0.0, a, 0.0]) for a in (-20.0, -5.0, 5.0, 20.0)]
    quaternions = from_matrices(np.array([middle @ s for s in swing])) * np.array([1, -1, -1, 1])[:, None]
    np.testing.assert_allclose(euler_degrees(mean_rotation(quaternions)), [25.0, -10.0, 5.0], atol=1e-9)


def test_signs_stay_continuous_through_a_whole_turn() -> None:
    rotation, translation, tracked = path(np.stack([np.zeros(60), np.zeros(60), np.linspace(0.0, 400.0, 60)], axis=1))
    result = HeadMotion(level=(10.0, 0.0, 0.0)).apply(rotation, translation, tracked)
    assert np.all(np.sum(result.rotation[1:] * result.rotation[:-1], axis=1) > 0.0)


def test_no_rotation_and_no_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="no rotation"):
        mean_rotation(np.zeros((0, 4)))
    with pytest.raises(CaptureError, match="must be numbers"):
        HeadMotion(level=(float("nan"), 0.0, 0.0))
    with pytest.raises(CaptureError, match="`CAMERA` or `ACTOR`"):
        HeadMotion(reference="WORLD")  # type: ignore[arg-type]
