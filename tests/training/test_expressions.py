# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np

from ddfa_blender.symmetry import MIRRORED_CHANNELS
from training.expressions import expression_components, second_moment, weights_vector


def symmetric_units(vertices=30):
    """Random units whose Left and Right are mirror images; the mesh's second half mirrors the first."""
    rng = np.random.default_rng(2)
    units = rng.normal(size=(52, vertices, 3))
    mirror = (np.arange(vertices) + vertices // 2) % vertices
    return 0.5 * (units + units[:, mirror][MIRRORED_CHANNELS] * [-1, 1, 1])


def test_components_match_brute_force_principal_components():
    units, rng = symmetric_units(), np.random.default_rng(3)
    samples = np.abs(rng.normal(size=(400, 52))) * np.linspace(0.1, 1, 52)
    samples = np.concatenate([samples, samples[:, MIRRORED_CHANNELS]])
    moment = samples.T @ samples / len(samples)
    weight = np.ones(units.shape[1])
    found = expression_components(units, moment, weight, 6)
    deformations = (samples @ units.reshape(52, -1)) / np.sqrt(len(samples))
    values = np.linalg.svd(deformations, compute_uv=False) ** 2
    np.testing.assert_allclose(found.variance_share, values[:6] / values.sum(), rtol=1e-8)
    basis = found.mixing @ units.reshape(52, -1)
    np.testing.assert_allclose(basis @ basis.T / values.sum(), np.diag(found.variance_share), atol=1e-10)


def test_moment_is_mirror_symmetric_and_holds_the_rare_poses():
    moment, swap = second_moment(np.zeros((52, 52))), MIRRORED_CHANNELS
    np.testing.assert_allclose(moment, moment[np.ix_(swap, swap)])
    blink = weights_vector({"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0})
    assert blink @ moment @ blink > 0.3
