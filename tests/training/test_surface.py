# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

from training.surface import SurfacePoints, place_points


def views(grid, count=3):
    """The sheet and what happens to it in three symmetric deformations, stacked."""
    waves = [0.3 * k * np.cos(grid.vertices[:, [1]] * k) * [0, 0, 1.0] for k in range(count)]
    return np.concatenate([grid.vertices + wave for wave in waves], axis=1)


def test_finds_the_places_points_were_taken_from(grid):
    stacked = views(grid)
    truth = SurfacePoints(np.array([grid.triangles[10], grid.mirror[grid.triangles[10]]]),
                          np.array([[0.2, 0.5, 0.3]] * 2))  # fmt: skip
    found = place_points(truth.of(stacked), stacked, grid.triangles, grid.mirror, np.array([1, 0]), nearest=8)
    np.testing.assert_allclose(found.of(stacked), truth.of(stacked), atol=1e-9)


def test_places_are_mirror_images_of_each_other_and_lie_on_the_midline(grid):
    stacked = views(grid)
    rng = np.random.default_rng(4)
    targets = stacked[[12, 14, 31]] + rng.normal(0, 0.2, (3, stacked.shape[1]))
    found = place_points(targets, stacked, grid.triangles, grid.mirror, np.array([1, 0, 2]))
    np.testing.assert_array_equal(found.vertices[1], grid.mirror[found.vertices[0]])
    np.testing.assert_array_equal(found.weights[1], found.weights[0])
    assert (grid.vertices[found.vertices[2], 0] == 0).all()


@pytest.mark.parametrize("offset", [[-3.0, 0, 0], [0, -2.0, 1.0]])
def test_points_beyond_the_edge_go_to_the_edge(grid, offset):
    corner = grid.vertices[0]
    targets = np.stack([corner + offset, (corner + offset) * [-1, 1, 1]])
    found = place_points(targets, grid.vertices, grid.triangles, grid.mirror, np.array([1, 0]), nearest=6)
    assert (found.weights >= 0).all()
    np.testing.assert_allclose(found.weights.sum(axis=1), 1.0)
    brute = np.linalg.norm(grid.vertices - targets[0], axis=1).min()
    assert np.linalg.norm(found.of(grid.vertices)[0] - targets[0]) <= brute + 1e-9
