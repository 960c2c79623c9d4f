# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np

from training.symmetric_pca import fix_signs, mirrored, symmetric_components


def draw(grid, count=40):
    rng = np.random.default_rng(1)
    return rng.normal(size=(count, len(grid.vertices), 3)) * np.linspace(0.2, 2.0, 3)


def test_components_are_exactly_symmetric_or_antisymmetric(grid):
    found = symmetric_components(draw(grid), grid.mirror, np.ones(len(grid.vertices)), 12)
    reflected = mirrored(found.basis, grid.mirror)
    np.testing.assert_allclose(reflected, found.parity[:, None, None] * found.basis, atol=1e-12)
    assert set(found.parity) == {-1, 1}


def test_equals_the_singular_values_of_data_and_mirror_images_together(grid):
    offsets = draw(grid)
    weight = np.linspace(0.5, 2.0, len(grid.vertices))
    weight = 0.5 * (weight + weight[grid.mirror])
    found = symmetric_components(offsets, grid.mirror, weight, 10)
    both = np.concatenate([offsets, mirrored(offsets, grid.mirror)]) * np.sqrt(weight)[None, :, None]
    values = np.linalg.svd(both.reshape(len(both), -1), compute_uv=False) ** 2
    np.testing.assert_allclose(found.variance_share, values[:10] / values.sum(), rtol=1e-9)


def test_coefficients_have_unit_variance(grid):
    offsets = draw(grid)
    found = symmetric_components(offsets, grid.mirror, np.ones(len(grid.vertices)), 5)
    both = np.concatenate([offsets, mirrored(offsets, grid.mirror)]).reshape(2 * len(offsets), -1)
    flat = found.basis.reshape(5, -1)
    scores = both @ flat.T / (flat**2).sum(axis=1)
    np.testing.assert_allclose((scores**2).mean(axis=0), 1.0, rtol=1e-9)


def test_signs_do_not_depend_on_the_solver(grid):
    basis = draw(grid, 4)
    np.testing.assert_array_equal(fix_signs(basis), fix_signs(-basis))


def test_signs_of_antisymmetric_components_do_not_depend_on_rounding():
    exact = np.array([[0.2, -0.7, 0.7, 0.1]])
    for noise in (1e-12, -1e-12):
        wobbled = exact + np.array([[0, noise, 0, 0]])
        np.testing.assert_allclose(fix_signs(wobbled), -exact, atol=1e-9)
        np.testing.assert_allclose(fix_signs(wobbled, last=True), exact, atol=1e-9)
