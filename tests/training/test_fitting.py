# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

from ddfa_blender.projection import Pose, apply, compose, decompose, join, rotation_from_euler, split
from ddfa_blender.symmetry import component_parity, mirror_params

torch = pytest.importorskip("torch", reason="training tests need requirements/training.txt")

from scipy.spatial import cKDTree  # noqa: E402

from training.fitting import FitSettings, fit_landmarks  # noqa: E402


@pytest.fixture(scope="module")
def landmarks(model):
    """A spread of 200 vertices of the face and their mirror images: mean (L, 3), bases (50, L, 3), partner (L,)."""
    _, mirror = cKDTree(model.mean).query(model.mean * [-1, 1, 1])
    front = np.flatnonzero((model.mean[:, 2] > 50) & (model.head_weight > 0.9) & (model.mean[:, 0] > 1))
    left = np.random.default_rng(5).choice(front, 200, replace=False)
    chosen = np.concatenate([left, mirror[left]])
    bases = np.concatenate([model.shape_basis, model.expression_basis])[:, chosen].astype(np.float64)
    partner = np.concatenate([np.arange(200, 400), np.arange(200)])
    return model.mean[chosen].astype(np.float64), bases, partner


def truth(count=6):
    rng = np.random.default_rng(6)
    angles = rng.uniform([-50, -20, -30], [50, 20, 30], (count, 3))
    translation = np.stack([rng.uniform(70, 90, count), rng.uniform(70, 90, count), np.zeros(count)], axis=1)
    transform = compose(Pose(rng.uniform(0.4, 0.7, count), rotation_from_euler(angles), translation))
    return join(transform, rng.normal(0, 0.5, (count, 40)), rng.normal(0, 0.7, (count, 10)))


def fit(points, mean, bases, settings):
    weights = torch.ones(len(mean), dtype=torch.float64)
    result = fit_landmarks(torch.from_numpy(points), torch.from_numpy(mean), torch.from_numpy(bases).permute(1, 2, 0),
                           weights, settings)  # fmt: skip
    return result.params.numpy(), result.residual.numpy()


def project(params, mean, bases):
    transform, shape, expression = split(params)
    coefficients = np.concatenate([shape, expression], axis=-1)
    return apply(transform, mean + np.tensordot(coefficients, bases, axes=1))


def test_recovers_the_parameters_of_exact_landmarks(landmarks):
    mean, bases, _ = landmarks
    expected = truth()
    found, residual = fit(project(expected, mean, bases), mean, bases, FitSettings(noise=1e-6, iterations=15))
    assert residual.max() < 1e-3
    np.testing.assert_allclose(found, expected, atol=5e-3)


def test_fit_to_the_mirrored_face_is_the_mirrored_fit(landmarks, model):
    mean, bases, partner = landmarks
    parity = component_parity(model)
    points = project(truth(), mean, bases) + np.random.default_rng(7).normal(0, 0.8, (6, 400, 3))
    found, _ = fit(points, mean, bases, FitSettings())
    reflected, _ = fit(points[:, partner] * [-1, 1, 1] + [160, 0, 0], mean, bases, FitSettings())
    np.testing.assert_allclose(reflected, mirror_params(found, parity, 160), atol=1e-6)


def test_prior_keeps_noise_out_of_the_coefficients(landmarks):
    mean, bases, _ = landmarks
    neutral = truth()
    neutral[:, 12:] = 0
    points = project(neutral, mean, bases) + np.random.default_rng(8).normal(0, 1.0, (6, 400, 3))
    found, _ = fit(points, mean, bases, FitSettings(noise=0.004))
    loose, _ = fit(points, mean, bases, FitSettings(noise=1e-5))
    assert np.abs(found[:, 12:]).mean() < 0.6 * np.abs(loose[:, 12:]).mean()
    angle = np.degrees(np.arccos(np.clip((np.trace(
        decompose(split(found).transform).rotation @ decompose(split(neutral).transform).rotation.swapaxes(1, 2),
        axis1=1, axis2=2) - 1) / 2, -1, 1)))  # fmt: skip
    assert angle.max() < 2.0
