# SPDX-License-Identifier: GPL-3.0-or-later
"""Filled triangles against barycentric coordinates worked out one pixel at a time."""

from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.texture import rasterise as module
from ddfa_blender.texture.rasterise import rasterise


def plainly(corners, width, height):
    """The nearest triangle over each pixel's centre and its weights, by solving each pixel on its own."""
    triangle, weights = np.full((height, width), -1), np.zeros((height, width, 3))
    for i in range(height):
        for j in range(width):
            best = -np.inf
            for t, points in enumerate(corners):
                system = np.vstack([points[:, :2].T, np.ones(3)])
                own = np.linalg.solve(system, [j + 0.5, i + 0.5, 1.0])
                depth = own @ points[:, 2]
                if own.min() >= 0.0 and depth > best:
                    best, triangle[i, j], weights[i, j] = depth, t, own
    return triangle, weights


@pytest.fixture
def soup():
    """Twenty crossing triangles, some beyond the picture."""
    rng = np.random.default_rng(3)
    return np.concatenate([rng.uniform(-4.0, 24.0, (20, 3, 2)), rng.uniform(0.0, 9.0, (20, 3, 1))], axis=2)


@pytest.mark.parametrize("batch", [100, 1_500_000])
def test_the_nearest_triangle_is_seen_whatever_the_batches(soup, batch, monkeypatch):
    monkeypatch.setattr(module, "_BATCH", batch)
    found = rasterise(soup, 20, 16)
    triangle, weights = plainly(soup, 20, 16)
    np.testing.assert_array_equal(found.triangle, triangle)
    np.testing.assert_allclose(found.weights, weights, atol=1e-6)


def test_without_a_depth_the_first_triangle_stays(soup):
    found = rasterise(soup[..., :2], 20, 16).triangle
    ranked = soup.copy()
    ranked[..., 2] = -np.arange(len(soup))[:, None]
    np.testing.assert_array_equal(found, plainly(ranked, 20, 16)[0])


def test_neighbours_leave_no_gap_and_no_overlap():
    """Four triangles that share an inner vertex fill their square once."""
    middle, rim = [5.2, 4.7], [[1.0, 1.0], [9.0, 1.0], [9.0, 9.0], [1.0, 9.0]]
    corners = np.array([[middle, rim[k], rim[(k + 1) % 4]] for k in range(4)])
    covered = rasterise(corners, 10, 10).covered
    assert covered[1:9, 1:9].all() and covered.sum() == 64


def test_values_are_interpolated_linearly():
    points = np.array([[0.0, 0.0], [12.0, 0.0], [0.0, 12.0]])
    values = np.stack([2.0 * points[:, 0] + 1.0, points[:, 1] - points[:, 0]], axis=1)
    raster = rasterise(points[None], 12, 12)
    picture = raster.interpolate(values, np.array([[0, 1, 2]]))
    i, j = np.nonzero(raster.covered)
    np.testing.assert_allclose(picture[i, j], np.stack([2.0 * (j + 0.5) + 1.0, i - j], axis=1), atol=1e-5)
    assert (picture[~raster.covered] == 0.0).all()


def test_a_margin_continues_the_nearest_triangle_and_changes_nothing_inside():
    corners = np.array([[[5.0, 5.0], [15.0, 5.0], [5.0, 15.0]]])
    plain, wide = rasterise(corners, 20, 20), rasterise(corners, 20, 20, margin=2.0)
    np.testing.assert_array_equal(wide.weights[plain.covered], plain.weights[plain.covered])
    assert wide.covered[10, 3] and wide.covered[3, 10] and not wide.covered[10, 2]
    added = wide.covered & ~plain.covered
    assert added.any() and wide.weights[added].min() >= -1.0 - 1e-6
    np.testing.assert_allclose(wide.weights[added].sum(axis=1), 1.0, atol=1e-6)


def test_triangles_without_area_or_place_are_left_out():
    bad = np.array([[[1.0, 1.0], [5.0, 5.0], [9.0, 9.0]], [[np.nan, 0.0], [9.0, 0.0], [0.0, 9.0]]])
    assert not rasterise(bad, 10, 10).covered.any()
    assert not rasterise(np.zeros((0, 3, 2)), 10, 10, margin=1.0).covered.any()
