# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.morphable_model import MorphableModel
from training.evaluation.covered_photos import VARIANTS, covered_photos
from training.evaluation.material import LabelledPhoto
from training.evaluation.occluders import KINDS, TOLERANCE, cover_share, face_mask, random_shape
from training.evaluation.occlusion_scores import area_under_curve

SIZE = (240, 300)


@pytest.fixture
def landmarks(model: MorphableModel) -> np.ndarray:
    """The mean face, 120 pixels high, off the photo's centre."""
    points = model.landmarks68(np.zeros(40), np.zeros(10))[:, :2] * [1.0, -1.0]
    return (points - points.min(axis=0)) * 120.0 / np.ptp(points[:, 1]) + [60.0, 70.0]


def test_the_mask_of_a_square() -> None:
    corners = np.array([[10.0, 20.0], [50.0, 20.0], [50.0, 60.0], [10.0, 60.0], [30.0, 40.0]])
    mask = face_mask((100, 100), corners)
    assert mask.sum() == 41 * 41 and mask[20, 10] and mask[60, 50] and not mask[61, 30]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_each_kind_hides_the_share_that_was_asked_for(kind: str, share: float, landmarks: np.ndarray) -> None:
    face = face_mask(SIZE, landmarks)
    for seed in range(12):
        shape = random_shape(kind, face, np.random.default_rng(seed))
        hidden = (cover_share(face, shape, share) & face).sum() / face.sum()
        assert hidden == pytest.approx(share, abs=2 * TOLERANCE)


@pytest.mark.parametrize("kind", KINDS)
def test_everything_can_be_hidden(kind: str, landmarks: np.ndarray) -> None:
    face = face_mask(SIZE, landmarks)
    shape = random_shape(kind, face, np.random.default_rng(0))
    assert (cover_share(face, shape, 1.0) & face).sum() >= (1.0 - TOLERANCE) * face.sum()


def test_photos_are_covered_the_same_way_each_time(landmarks: np.ndarray) -> None:
    rng = np.random.default_rng(2)
    photos = [
        LabelledPhoto(f"{i}.jpg", rng.integers(0, 256, (*SIZE, 3), dtype=np.uint8), landmarks)
        for i in range(len(KINDS))
    ]
    before = [photo.image.copy() for photo in photos]
    first, second = (list(covered_photos(photos, 0.3)) for _ in range(2))
    assert [photo.name for photo in first] == [photo.name for photo in photos for _ in range(VARIANTS)]
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.image, b.image)
    for i, photo in enumerate(photos):
        np.testing.assert_array_equal(photo.image, before[i])
        face = face_mask(SIZE, landmarks)
        versions = first[VARIANTS * i : VARIANTS * (i + 1)]
        changed = [(version.image != photo.image).any(axis=2) & face for version in versions]
        for mask in changed:
            assert mask.sum() / face.sum() == pytest.approx(0.3, abs=0.02)
        assert (changed[0] != changed[1]).any()


def test_area_under_the_curve() -> None:
    assert area_under_curve(np.array([0.9, 0.8]), np.array([0.1, 0.2])) == 1.0
    assert area_under_curve(np.array([0.1, 0.2]), np.array([0.9, 0.8])) == 0.0
    assert area_under_curve(np.array([0.5, 0.5]), np.array([0.5])) == 0.5
    assert area_under_curve(np.array([0.3, 0.7]), np.array([0.5])) == 0.5
