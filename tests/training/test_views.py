# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

pytest.importorskip("torch", reason="training tests need requirements/training.txt")

from ddfa_blender.projection import rotation_from_euler
from training.face_rotation import FaceRotator
from training.views import Still, View, roi_warp, turned_label, warp_picture

from .labels import example_label, points_of


@pytest.fixture(scope="module")
def label(model):
    return example_label(model)


def test_roi_is_the_one_used_when_tracking(label):
    warp = roi_warp(label.landmarks, 0.0, 1.0, np.zeros(2))
    moved = label.landmarks @ warp[:, :2].T + warp[:, 2]
    low, high = moved.min(axis=0), moved.max(axis=0)
    np.testing.assert_allclose((low + high) / 2, 60.0)
    np.testing.assert_allclose((high - low).max() * np.sqrt(2), 120.0)


def dot_centre(crop, size):
    crop = crop[..., 0].astype(float)
    middle = np.arange(size) + 0.5
    return np.array([crop.sum(0) @ middle, crop.sum(1) @ middle]) / crop.sum()


@pytest.mark.parametrize("size", [80, 120])
def test_pixels_move_as_the_labels_say(size):
    picture = np.zeros((160, 160, 3), np.uint8)
    picture[96:100, 60:64] = 255  # a dot whose centre is (62, 98) in continuous coordinates
    warp = roi_warp(np.array([[30.0, 40.0], [120.0, 130.0], [40.0, 120.0]]), 17.0, 1.0, np.zeros(2))
    expected = (warp[:, :2] @ [62.0, 98.0] + warp[:, 2]) * size / 120
    np.testing.assert_allclose(dot_centre(warp_picture(picture, warp, size), size), expected, atol=0.05)


@pytest.mark.parametrize("size", [80, 120])
def test_pixels_of_a_turned_face_move_as_its_landmarks_do(label, model, size):
    """A dot on the tip of the nose, which moves by eight pixels, lies where the turned label has that landmark."""
    nose = label.landmarks[30]
    x, y = np.meshgrid(np.arange(160) + 0.5, np.arange(160) + 0.5)
    spot = 255 * np.exp(-((x - nose[0]) ** 2 + (y - nose[1]) ** 2) / 18)
    picture = np.repeat(spot[..., None], 3, axis=2).astype(np.uint8)
    view = View(rotation_from_euler([7, -5, 0]), roi_warp(label.landmarks, 10.0, 1.0, np.zeros(2)))
    crop, seen = Still(picture, label, model, FaceRotator(model)).seen_by(view, size)
    np.testing.assert_allclose(dot_centre(crop, size), seen.landmarks[30] * size / 120, atol=0.6 * size / 120)


def test_a_view_without_a_turn_is_the_warped_picture(label, model):
    picture = np.random.default_rng(2).integers(0, 256, (160, 160, 3)).astype(np.uint8)
    view = View(np.eye(3), roi_warp(label.landmarks, -12.0, 1.05, np.array([0.02, 0.01])))
    crop, seen = Still(picture, label, model, FaceRotator(model)).seen_by(view, 120)
    np.testing.assert_array_equal(crop, warp_picture(picture, view.warp, 120))
    np.testing.assert_allclose(points_of(model, seen.params, 120), seen.landmarks, atol=1e-6)


def test_landmarks_off_the_model_stay_as_far_off_when_turned(label, model):
    off = np.random.default_rng(3).normal(0, 1, (68, 2))
    away = type(label)(label.params, label.landmarks + off, label.arkit)
    turned = turned_label(model, away, rotation_from_euler([15, 8, 0]))
    np.testing.assert_allclose(turned.landmarks - points_of(model, turned.params, 160), off, atol=1e-9)
