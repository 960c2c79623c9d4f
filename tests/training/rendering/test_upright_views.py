# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the faces of the second network lie in its pictures: closed forms, without a renderer."""

from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.projection import euler_degrees, rotation_from_euler
from ddfa_blender.tracking.upright import ANCHOR_POINTS, PIXELS_PER_MM, UPRIGHT_SIZE
from training.rendering.upright_views import PICTURE_SIZE, random_face, random_turn, stand_upright, write_faces

ANCHOR = np.array([64.0, 52.0]) + (PICTURE_SIZE - UPRIGHT_SIZE) / 2.0


class _Distance:
    """Stands for a random generator: the camera is always so many millimetres away."""

    def __init__(self, distance: float) -> None:
        self.distance = distance

    def uniform(self, _low: float, _high: float) -> float:
        return 1.0 / self.distance


def _standing(model: MorphableModel, angles: tuple[float, float, float], distance: float):
    rotation = rotation_from_euler(list(angles))
    points = model.mean.astype(np.float64) @ rotation.T
    marks = model.at_landmarks(points)
    return points, marks, stand_upright(points, marks, rotation, _Distance(distance))


def test_from_far_away_it_is_a_parallel_view_of_the_size_that_the_network_knows(model):
    points, marks, (places, seen, landmarks) = _standing(model, (0.0, 0.0, 0.0), 1e9)
    middle = marks[ANCHOR_POINTS].mean(axis=0)
    expected = ANCHOR + (points - middle)[:, :2] * [PIXELS_PER_MM, -PIXELS_PER_MM]
    np.testing.assert_allclose(places, expected, atol=1e-3)
    np.testing.assert_allclose(landmarks, model.at_landmarks(np.c_[places, points[:, 2]])[:, :2], atol=1e-3)
    # What Blender is given is the same view in millimetres about the picture's middle.
    np.testing.assert_allclose(PICTURE_SIZE / 2.0 + seen[:, :2] * [PIXELS_PER_MM, -PIXELS_PER_MM], places)
    np.testing.assert_array_equal(seen[:, 2], points[:, 2])


@pytest.mark.parametrize("angles", [(0.0, 0.0, 20.0), (25.0, -10.0, -15.0)])
def test_the_head_stands_upright_whatever_its_roll(model, angles):
    yaw, pitch, _ = angles
    _, _, (_, _, landmarks) = _standing(model, angles, 1e9)
    _, _, (_, _, straight) = _standing(model, (yaw, pitch, 0.0), 1e9)
    np.testing.assert_allclose(landmarks[ANCHOR_POINTS].mean(axis=0), ANCHOR, atol=1e-3)
    np.testing.assert_allclose(landmarks, straight, atol=0.02)


def test_a_camera_nearby_shows_noses_larger(model):
    _, marks, (_, _, near) = _standing(model, (0.0, 0.0, 0.0), 500.0)
    _, _, (_, _, far) = _standing(model, (0.0, 0.0, 0.0), 1e9)
    depth = marks[:, 2] - marks[:, 2].mean()
    for a, b in ((31, 35), (0, 16)):  # nostrils, then ears
        grown = 500.0 / (500.0 - depth[[a, b]].mean())
        assert (near[b, 0] - near[a, 0]) / (far[b, 0] - far[a, 0]) == pytest.approx(grown, rel=0.005)


def test_heads_face_the_camera_and_a_few_turn_away():
    rng = np.random.default_rng(0)
    yaws = np.array([euler_degrees(random_turn(rng))[0] for _ in range(2000)])
    assert (np.abs(yaws) < 30.0).mean() > 0.9
    assert 30.0 < np.abs(yaws).max() < 65.1


def test_random_faces_move_every_channel_and_rest_now_and_then():
    rng = np.random.default_rng(0)
    faces = np.stack([random_face(rng) for _ in range(3000)])
    assert faces.min() >= 0.0
    assert faces.max() <= 1.0
    assert ((faces > 0.3).mean(axis=0) > 0.01).all()
    assert (faces.max(axis=1) < 0.05).any()


def test_a_file_that_is_being_written_is_not_taken_for_one(tmp_path):
    pictures = np.zeros((2, PICTURE_SIZE, PICTURE_SIZE, 3), np.uint8)
    path = write_faces(tmp_path, 3, pictures, np.zeros((2, 52)), np.zeros((2, 68, 2)))
    assert path.name == "pictures-03.npy"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["arkit-03.npy", "landmarks-03.npy", "pictures-03.npy"]
