# SPDX-License-Identifier: GPL-3.0-or-later
"""What photos and their edits tell of weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="training tests need requirements/training.txt")

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_INDEX, ARKIT_NAMES
from ddfa_blender.projection import join, rotation_from_euler
from training.dataset import Pictures, never_moved_by_teacher
from training.upright import faces
from training.upright.faces import photographed_faces

from ..labels import points_of

YAWS = (0.0, 30.0, 80.0)


def _photos(model: MorphableModel) -> Pictures:
    """One face of each yaw."""
    rng, count = np.random.default_rng(3), len(YAWS)
    turned = [0.55 * rotation_from_euler([yaw, -4, 5]) for yaw in YAWS]
    params = np.stack(
        [join(np.concatenate([each, [[80.0], [70.0], [0.0]]], axis=1), np.zeros(40), np.zeros(10)) for each in turned]
    )
    points = np.stack([points_of(model, each, 160) for each in params])
    scores, ones = rng.uniform(0.1, 0.9, (count, len(ARKIT_NAMES))).astype(np.float32), np.ones(count, np.float32)
    return Pictures(
        rng.integers(0, 256, (count, 160, 160, 3)).astype(np.uint8), params.astype(np.float32),
        points.astype(np.float32), scores, np.ones_like(scores), ones, ones,
        np.arange(count), np.zeros(count, bool),
    )  # fmt: skip


@pytest.fixture
def found(model, monkeypatch) -> tuple[Pictures, faces.UprightFaces]:
    """Photos that are edits too, and the upright faces made of them."""
    photos = _photos(model)
    monkeypatch.setattr(faces, "real_faces", lambda: photos)
    monkeypatch.setattr(faces, "edited_faces", lambda: replace(photos, arkit=1.0 - photos.arkit))
    return photos, photographed_faces()


def test_faces_that_turn_away_are_left_out(found):
    photos, upright = found
    assert len(upright) == 4  # two photos and two edits
    np.testing.assert_allclose(upright.arkit[:2], photos.arkit[:2])
    np.testing.assert_allclose(upright.arkit[2:], 1.0 - photos.arkit[:2])


def test_a_channel_is_either_scored_or_known(found):
    """The teacher scores what it ever moves; of the rest a photo tells little, an edit what was edited in."""
    _, upright = found
    silent = never_moved_by_teacher()
    np.testing.assert_array_equal(upright.scored, np.tile(np.where(silent, 0.0, 1.0), (4, 1)))
    assert (upright.exact[:, ~silent] == 0.0).all()
    assert (upright.exact[:2, silent] < 0.2).all()
    assert (upright.exact[:, silent] > 0.0).all()
    assert (upright.exact[2:, ARKIT_INDEX["cheekPuff"]] == 1.0).all()


def test_that_no_edit_shows_a_tongue_is_no_news(found):
    """Edits add none, so what they are of may show one."""
    _, upright = found
    np.testing.assert_array_equal(
        upright.exact[2:, ARKIT_INDEX["tongueOut"]], upright.exact[:2, ARKIT_INDEX["tongueOut"]]
    )


def test_the_points_lie_on_the_upright_face(found):
    """Level eyes, the nose in the middle, whatever the roll was."""
    _, upright = found
    frontal = upright.landmarks[0]
    eyes = frontal[[36, 39]].mean(axis=0), frontal[[42, 45]].mean(axis=0)
    assert abs(eyes[0][1] - eyes[1][1]) < 2.0
    assert abs(frontal[30, 0] - upright.pictures.shape[2] / 2) < 4.0
