# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

pytest.importorskip("torch", reason="training tests need requirements/training.txt")

from ddfa_blender.projection import apply, join, rotation_from_euler, split
from training.augmentation import (
    Augmenter,
    Label,
    mirror_label,
    move_params,
    roi_warp,
    warp_picture,
)
from training.model_mirror import component_parity


@pytest.fixture(scope="module")
def label(model):
    rng = np.random.default_rng(9)
    transform = np.concatenate([0.55 * rotation_from_euler([20, 5, 8]), [[78.0], [85.0], [0.0]]], axis=1)
    params = join(transform, rng.normal(0, 0.4, 40), rng.normal(0, 0.4, 10))
    return Label(params, points_of(model, params, 160), rng.uniform(0, 1, 52))


def points_of(model, params, height):
    transform, shape, expression = split(params)
    points = apply(transform, model.landmarks68(shape, expression))
    return points[:, :2] * [1, -1] + [0, height]


def test_moved_parameters_project_to_the_moved_pixels(label, model):
    warp = roi_warp(label.landmarks, 25.0, 1.1, np.array([0.04, -0.03]))
    moved = move_params(label.params, warp, 160, 120)
    np.testing.assert_allclose(points_of(model, moved, 120), label.landmarks @ warp[:, :2].T + warp[:, 2], atol=1e-9)


def test_roi_is_the_one_used_when_tracking(label):
    warp = roi_warp(label.landmarks, 0.0, 1.0, np.zeros(2))
    moved = label.landmarks @ warp[:, :2].T + warp[:, 2]
    low, high = moved.min(axis=0), moved.max(axis=0)
    np.testing.assert_allclose((low + high) / 2, 60.0)
    np.testing.assert_allclose((high - low).max() * np.sqrt(2), 120.0)


@pytest.mark.parametrize("size", [80, 120])
def test_pixels_move_as_the_labels_say(size):
    picture = np.zeros((160, 160, 3), np.uint8)
    picture[96:100, 60:64] = 255  # a dot whose centre is (62, 98) in continuous coordinates
    warp = roi_warp(np.array([[30.0, 40.0], [120.0, 130.0], [40.0, 120.0]]), 17.0, 1.0, np.zeros(2))
    crop = warp_picture(picture, warp, size)[..., 0].astype(float)
    centre = np.array([(crop.sum(0) @ (np.arange(size) + 0.5)), (crop.sum(1) @ (np.arange(size) + 0.5))]) / crop.sum()
    expected = (warp[:, :2] @ [62.0, 98.0] + warp[:, 2]) * size / 120
    np.testing.assert_allclose(centre, expected, atol=0.05)


def test_mirroring_twice_changes_nothing_and_once_mirrors_the_projection(label, model):
    parity = component_parity(model)
    once = mirror_label(label, parity)
    twice = mirror_label(once, parity)
    np.testing.assert_allclose(twice.params, label.params, atol=1e-9)
    np.testing.assert_allclose(twice.landmarks, label.landmarks)
    np.testing.assert_allclose(points_of(model, once.params, 160), once.landmarks, atol=1e-3)


def test_crops_repeat_for_a_seed_and_negatives_have_no_confidence(label, model):
    picture = np.random.default_rng(1).integers(0, 256, (160, 160, 3)).astype(np.uint8)
    augmenter = Augmenter(component_parity(model))
    draws = [augmenter(picture, label, picture, 120, np.random.default_rng(seed)) for seed in range(60)]
    again = augmenter(picture, label, picture, 120, np.random.default_rng(3))
    np.testing.assert_array_equal(again[0], draws[3][0])
    confidences = np.array([drawn.confidence for _, drawn in draws])
    assert (confidences == 0).any()
    assert ((confidences > 0) & (confidences < 1)).any()
