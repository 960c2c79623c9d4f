# SPDX-License-Identifier: GPL-3.0-or-later
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="training tests need requirements/training.txt")

from ddfa_blender.projection import split
from training.augmentation import AugmentationSettings, Augmenter

from .labels import example_label, points_of


@pytest.fixture(scope="module")
def label(model):
    return example_label(model)


@pytest.fixture(scope="module")
def picture():
    coarse = np.random.default_rng(1).integers(0, 256, (20, 20, 3)).astype(np.uint8)
    return np.kron(coarse, np.ones((8, 8, 1), np.uint8))


def test_crops_repeat_for_a_seed_and_negatives_have_no_confidence(label, model, picture):
    augmenter = Augmenter(model)
    draws = [augmenter(picture, label, picture, 120, np.random.default_rng(seed)) for seed in range(60)]
    again = augmenter(picture, label, picture, 120, np.random.default_rng(3))
    np.testing.assert_array_equal(again[0], draws[3][0])
    confidences = np.array([drawn.confidence for _, drawn in draws])
    assert (confidences == 0).any()
    assert ((confidences > 0) & (confidences < 1)).any()


def test_labels_of_all_frames_project_to_their_landmarks(label, model, picture):
    augmenter = Augmenter(model, AugmentationSettings(perspective=0.0))
    for seed in range(20):
        for _, seen in augmenter.video(picture, label, picture, 120, 3, np.random.default_rng(seed)):
            np.testing.assert_allclose(points_of(model, seen.params, 120), seen.landmarks, atol=2e-3)


def test_perspective_moves_the_landmarks_but_not_the_parameters(label, model, picture):
    near, flat = (AugmentationSettings(perspective=share, profile=0.0, negative=0.0) for share in (1.0, 0.0))
    for seed in range(5):
        _, one = Augmenter(model, near)(picture, label, picture, 120, np.random.default_rng(seed))
        away = np.linalg.norm(points_of(model, one.params, 120) - one.landmarks, axis=1)
        # A scaled orthographic camera cannot follow, but it is not far off on the whole.
        assert 0.1 < away.mean() < 6.0
        rotation = split(one.params).transform[2, :3]
        own = split(Augmenter(model, flat)(picture, label, picture, 120, np.random.default_rng(seed))[1].params)
        facing = own.transform[2, :3]
        np.testing.assert_allclose(
            np.abs(rotation / np.linalg.norm(rotation)), np.abs(facing / np.linalg.norm(facing)), atol=1e-9
        )


def test_frames_share_their_look_and_differ_in_noise(label, model, picture):
    settings = AugmentationSettings(profile=0.0, perspective=0.0, cover=0.0, negative=0.0)
    for seed in range(12):
        frames = Augmenter(model, settings).video(picture, label, picture, 120, 4, np.random.default_rng(seed))
        means = np.array([crop.mean(axis=(0, 1)) for crop, _ in frames])
        assert np.abs(means - means[0]).max() < 12
        assert not np.array_equal(frames[0][0], frames[1][0])


def test_only_the_share_of_stills_asked_for_is_turned(label, model, picture):
    def turns(settings):
        augmenter = Augmenter(model, settings)
        drawn = [augmenter(picture, label, picture, 60, np.random.default_rng(seed))[1] for seed in range(80)]
        # A similarity leaves the third row of the rotation as it is (or mirrors it).
        rows = [split(one.params).transform[2, :3] for one in drawn]
        rows = np.array([row / np.linalg.norm(row) for row in rows])
        own = split(label.params).transform[2, :3]
        return np.abs(np.abs(rows) - np.abs(own / np.linalg.norm(own))).max(axis=1) > 1e-3

    settings = AugmentationSettings(negative=0.0)
    assert not turns(replace(settings, profile=0.0)).any()
    assert turns(replace(settings, profile=1.0)).mean() > 0.9
    assert 0.2 < turns(replace(settings, profile=0.5)).mean() < 0.8


def test_an_occluder_hides_what_the_confidence_says(label, model, picture):
    settings = AugmentationSettings(profile=0.0, cover=1.0, negative=0.0)
    confidences = [Augmenter(model, settings)(picture, label, picture, 120, np.random.default_rng(seed))[1].confidence
                   for seed in range(40)]  # fmt: skip
    assert min(confidences) < 0.6 and max(confidences) <= 1.0
    hidden = np.round((1 - np.array(confidences)) * 68)
    np.testing.assert_allclose(1 - hidden / 68, confidences, atol=1e-9)
