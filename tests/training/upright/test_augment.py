# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels go where the pixels go."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.symmetry import MIRRORED_CHANNELS, MIRRORED_LANDMARKS
from ddfa_blender.tracking.upright import UPRIGHT_SIZE
from training.photometric import Look
from training.upright import augment
from training.upright.augment import BatchSequence, augmented
from training.upright.faces import UprightFaces

SIZE = 160


@pytest.fixture
def plain(monkeypatch):
    """Nothing but the warp."""
    monkeypatch.setattr(augment, "_COVERED_SHARE", 0.0)
    monkeypatch.setattr(augment, "_COARSE_SHARE", 0.0)
    untouched = Look(None, 1.0, 0.0, 1.0, 0.0, np.zeros(2), 0.0, None)
    monkeypatch.setattr(augment.Look, "draw", lambda _rng: untouched)


def _blob(x: float, y: float) -> np.ndarray:
    ys, xs = np.mgrid[:SIZE, :SIZE] + 0.5
    light = np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2.0 * 3.0**2))
    return np.repeat((250.0 * light)[..., None], 3, axis=2).astype(np.uint8)


def _middle(picture: np.ndarray) -> np.ndarray:
    ys, xs = np.mgrid[: len(picture), : len(picture)] + 0.5
    light = picture[..., 0].astype(float)
    return np.array([(xs * light).sum(), (ys * light).sum()]) / light.sum()


def test_pixels_and_points_take_the_same_way(plain):
    rng = np.random.default_rng(0)
    mirrored = []
    for _ in range(30):
        place = rng.uniform(60.0, 100.0, 2)
        seen, warp, is_mirrored = augmented(_blob(*place), _blob(80.0, 80.0), rng)
        assert seen.shape == (UPRIGHT_SIZE, UPRIGHT_SIZE, 3)
        np.testing.assert_allclose((place - 0.5) @ warp[:, :2].T + warp[:, 2] + 0.5, _middle(seen), atol=0.1)
        assert (np.linalg.det(warp[:, :2]) < 0.0) == is_mirrored
        mirrored.append(is_mirrored)
    assert 5 < sum(mirrored) < 25


def _faces(count: int = 6) -> UprightFaces:
    rng = np.random.default_rng(1)
    return UprightFaces(
        rng.integers(0, 256, (count, SIZE, SIZE, 3), dtype=np.uint8), rng.uniform(size=(count, 52)).astype(np.float32),
        np.ones((count, 52), np.float32), np.zeros((count, 52), np.float32),
        rng.uniform(40.0, 120.0, (count, 68, 2)).astype(np.float32),
    )  # fmt: skip


def test_a_mirrored_face_has_the_other_side_s_labels(plain, monkeypatch):
    faces = _faces(1)
    monkeypatch.setattr(augment, "_SHIFT", 0.0)
    monkeypatch.setattr(augment, "_TURN", 0.0)
    monkeypatch.setattr(augment, "_GROWTH", 0.0)
    batch = BatchSequence([[faces]], [1.0], 32, 1, 2)[0]
    margin = (SIZE - UPRIGHT_SIZE) / 2.0
    seen = set()
    for image, arkit, landmarks in zip(batch.images, batch.arkit, batch.landmarks, strict=True):
        points, label = landmarks.numpy().reshape(68, 2), arkit.numpy()
        is_mirrored = not np.array_equal(label, faces.arkit[0])
        seen.add(is_mirrored)
        inner = faces.pictures[0][int(margin) : -int(margin), int(margin) : -int(margin)]
        expected = faces.landmarks[0] - margin
        if is_mirrored:
            inner = inner[:, ::-1]
            np.testing.assert_array_equal(label, faces.arkit[0][MIRRORED_CHANNELS])
            expected = (expected * [-1.0, 1.0] + [UPRIGHT_SIZE, 0.0])[MIRRORED_LANDMARKS]
        np.testing.assert_allclose(points, expected, atol=1e-3)
        np.testing.assert_array_equal(image.numpy(), inner)
    assert seen == {False, True}
    assert ARKIT_NAMES[MIRRORED_CHANNELS[ARKIT_NAMES.index("jawLeft")]] == "jawRight"


def test_a_step_s_batch_is_always_the_same_and_mixes_the_groups():
    one, other = _faces(), replace(_faces(), exact=np.zeros((6, 52), np.float32), scored=np.ones((6, 52), np.float32))
    sequence = BatchSequence([[one, one], [other]], [0.7, 0.3], 64, 3, 5)
    for first, again in zip(sequence[1], sequence[1], strict=True):
        np.testing.assert_array_equal(first.numpy(), again.numpy())
    assert not np.array_equal(sequence[1].images.numpy(), sequence[2].images.numpy())
    share = float(sequence[1].scored.mean())
    assert 0.1 < share < 0.5
    np.testing.assert_array_equal((sequence[1].exact + sequence[1].scored).numpy(), 1.0)
