# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels of rendered heads: framing, landmarks, the least-squares expression."""

from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender import projection
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES
from training.rendering.framing import PICTURE_SIZE, random_transform
from training.rendering.labels import expression_fit, face_mask, picture_landmarks, rendered_landmarks


@pytest.mark.parametrize("seed", range(20))
def test_framing(model: MorphableModel, seed: int) -> None:
    rng = np.random.default_rng(seed)
    landmarks = model.landmarks68(rng.normal(size=40), np.zeros(10))
    transform = random_transform(landmarks, rng)
    seen = picture_landmarks(landmarks, transform, PICTURE_SIZE)
    side = np.ptp(seen[:, :2], axis=0).max() / PICTURE_SIZE
    assert 0.45 <= side <= 0.50
    middle = (seen[:, :2].min(axis=0) + seen[:, :2].max(axis=0)) / 2.0 / PICTURE_SIZE
    assert np.abs(middle - 0.5).max() <= 0.08
    pose = projection.decompose(transform)
    np.testing.assert_allclose(transform[:, :3], pose.scale * pose.rotation, atol=1e-9)
    assert transform[2, 3] == 0.0
    yaw, pitch, roll = np.abs(projection.euler_degrees(pose.rotation))
    assert yaw <= 90.0 and pitch <= 45.0 + 1e-6 and roll <= 40.0 + 1e-6


def test_picture_points_turn_y_down(model: MorphableModel) -> None:
    landmarks = model.landmarks68(np.zeros(40), np.zeros(10))
    transform = projection.compose(projection.Pose(np.array(0.5), np.eye(3), np.array([80.0, 80.0, 0.0])))
    seen = picture_landmarks(landmarks, transform, 160)
    assert seen[8, 1] > seen[27, 1]  # the chin below the nose's bridge
    assert seen[36, 0] < seen[45, 0]  # the subject's right eye on the left
    assert seen[30, 2] > seen[0, 2]  # the nose nearer than the ear


def test_landmarks_on_the_mesh_are_the_models(model: MorphableModel) -> None:
    rng = np.random.default_rng(1)
    shape, expression = rng.normal(size=40), rng.normal(size=10)
    on_mesh = model.at_landmarks(model.vertices(shape, expression))
    np.testing.assert_allclose(on_mesh, model.landmarks68(shape, expression), atol=1e-3)


def test_expression_fit_finds_what_the_basis_can_make(model: MorphableModel) -> None:
    """The residual of the fit is orthogonal to the basis on the face: nothing better exists."""
    face = face_mask(model)
    weights = np.random.default_rng(2).uniform(0.0, 1.0, len(ARKIT_NAMES))
    coefficients = weights @ expression_fit(model)
    wanted = np.tensordot(weights, model.arkit_basis, axes=1)[face].astype(np.float64)
    basis = model.expression_basis[:, face].reshape(10, -1).astype(np.float64)
    residual = wanted.ravel() - coefficients @ basis
    assert np.abs(basis @ residual).max() < 1e-4 * np.linalg.norm(basis, axis=1).max() * np.linalg.norm(wanted)


def test_the_face_is_the_outer_skin_around_the_landmarks(model: MorphableModel) -> None:
    face = face_mask(model)
    assert 1000 < face.sum() < len(model.mean) / 2
    assert face[model.landmark_vertices[17:36]].all()  # brows and nose


def test_rendered_landmarks_lie_on_the_mesh_that_the_weights_deform(model: MorphableModel) -> None:
    rng = np.random.default_rng(6)
    shape, arkit = rng.normal(size=(2, 40)), rng.random((2, len(ARKIT_NAMES)))
    transform = np.stack([random_transform(model.landmarks68(each, np.zeros(10)), rng) for each in shape])
    params = projection.join(transform, shape, rng.normal(size=(2, 10)))
    found = rendered_landmarks(model, params, arkit, PICTURE_SIZE)
    for index in range(2):
        vertices = model.vertices(shape[index]) + np.tensordot(arkit[index], model.arkit_basis, 1)
        wanted = picture_landmarks(model.at_landmarks(vertices), transform[index], PICTURE_SIZE)
        np.testing.assert_allclose(found[index], wanted, atol=1e-3)
