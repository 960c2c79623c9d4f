# SPDX-License-Identifier: GPL-3.0-or-later
"""Our own upright faces: what their labels say is what they show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("numba")

from ddfa_blender.names import ARKIT_INDEX
from ddfa_blender.tracking.upright import ANCHOR_POINTS, UPRIGHT_SIZE
from training.rendering import quick_heads
from training.rendering.actors import Actor, Parts, cast
from training.rendering.shading import Lights
from training.rendering.upright_views import PICTURE_SIZE
from training.upright.faces import quick_faces, upright_renders


@pytest.fixture(scope="module")
def parts() -> Parts:
    return Parts.load()


@pytest.fixture(scope="module", params=[3, 8])
def actor(parts, request) -> Actor:
    return cast(parts, np.random.default_rng(request.param))


def _shown(parts, actor, **weights: float) -> tuple[np.ndarray, np.ndarray]:
    """The same light and pose each time."""
    arkit = np.zeros(52)
    for name, value in weights.items():
        arkit[ARKIT_INDEX[name]] = value
    lights = Lights.random(np.random.default_rng(5))
    return quick_heads.photographed(parts, actor, lights, arkit, np.random.default_rng(6))


def _around(landmarks: np.ndarray, margin: float) -> tuple[slice, slice]:
    low, high = landmarks.min(axis=0) - margin, landmarks.max(axis=0) + margin
    (x0, y0), (x1, y1) = (np.clip(np.round(p), 0, PICTURE_SIZE).astype(int) for p in (low, high))
    return slice(y0, y1), slice(x0, x1)


@pytest.mark.parametrize(("unit", "points"), [
    ("jawOpen", slice(48, 68)), ("eyeBlinkRight", slice(36, 42)), ("eyeBlinkLeft", slice(42, 48)),
    ("browInnerUp", slice(17, 27)), ("mouthSmileLeft", slice(48, 68)),
])  # fmt: skip
def test_a_unit_changes_the_picture_where_its_points_are(parts, actor, unit, points):
    (rest, before), (moved, after) = _shown(parts, actor), _shown(parts, actor, **{unit: 1.0})
    change = np.abs(moved.astype(float) - rest).mean(axis=2)
    there = change[_around(np.concatenate([before[points], after[points]]), 4.0)]
    assert there.mean() > 2.0 * change.mean()
    assert np.abs(after[points] - before[points]).max() > 1.0


def test_faces_stand_where_the_network_expects_them(parts, actor):
    _, landmarks = _shown(parts, actor)
    margin = (PICTURE_SIZE - UPRIGHT_SIZE) / 2.0
    np.testing.assert_allclose(landmarks[ANCHOR_POINTS].mean(axis=0), np.array([64.0, 52.0]) + margin, atol=0.1)
    assert landmarks[36:48, 1].mean() < landmarks[30, 1] < landmarks[48:68, 1].mean() < landmarks[8, 1]
    assert landmarks[36, 0] < landmarks[45, 0]  # the subject's right eye is on the picture's left


def test_closed_eyes_hide_the_iris(parts):
    actor = cast(parts, np.random.default_rng(11))
    (open_eyes, landmarks), (shut, _) = _shown(parts, actor), _shown(parts, actor, eyeBlinkLeft=1.0, eyeBlinkRight=1.0)
    for eye in (slice(36, 42), slice(42, 48)):
        there = _around(landmarks[eye], 0.0)
        assert shut[there].astype(float).std() < open_eyes[there].astype(float).std()


def test_an_actor_hangs_on_the_seed_alone(parts):
    first, again, other = (quick_heads.actor_faces(parts, seed, 2) for seed in ((1, 4), (1, 4), (1, 5)))
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(first[0], other[0])


@pytest.fixture
def folder(tmp_path, parts, monkeypatch) -> Path:
    monkeypatch.setattr(quick_heads, "_parts", parts)
    return tmp_path


def test_files_are_read_back_as_they_were_drawn(folder, parts):
    quick_heads.write_file(0, 7, 2, 3, folder)
    (faces,) = quick_faces(folder)
    assert faces.pictures.shape == (6, PICTURE_SIZE, PICTURE_SIZE, 3)
    pictures, weights, landmarks = quick_heads.actor_faces(parts, (7, 1), 3)
    np.testing.assert_array_equal(faces.pictures[3:], pictures)
    np.testing.assert_array_equal(faces.arkit[3:], weights)
    np.testing.assert_array_equal(faces.landmarks[3:], landmarks)
    assert (faces.exact == 1.0).all()
    assert (faces.scored == 0.0).all()


def test_without_faces_it_is_said_what_makes_them(tmp_path):
    with pytest.raises(FileNotFoundError, match="quick_heads"):
        quick_faces(tmp_path)
    with pytest.raises(FileNotFoundError, match="upright_heads"):
        upright_renders(tmp_path)
