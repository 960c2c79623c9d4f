# SPDX-License-Identifier: GPL-3.0-or-later
"""The rasteriser against geometry that one can work out by hand."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

from training.rendering.rasteriser import NOTHING, rasterise, vertex_normals

SIZE = 16
#: A square of pixels 4…12, in two triangles that face the viewer (counter-clockwise, y up).
_SQUARE = np.array([[4.0, 12.0, 1.0], [12.0, 12.0, 1.0], [12.0, 4.0, 1.0], [4.0, 4.0, 1.0]], np.float32)
_TWO = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


def test_a_square_covers_the_pixels_whose_centres_lie_in_it():
    seen = rasterise(_SQUARE, _TWO, SIZE)
    wanted = np.zeros((SIZE, SIZE), bool)
    wanted[4:12, 4:12] = True
    np.testing.assert_array_equal(seen.triangle >= 0, wanted)
    assert (seen.depth[wanted] == 1.0).all()
    assert (seen.depth[~wanted] == NOTHING).all()


def test_what_turns_its_back_is_not_seen():
    assert (rasterise(_SQUARE, _TWO[:, ::-1].copy(), SIZE).triangle < 0).all()


def test_the_nearest_wins_in_any_order():
    farther = np.concatenate([_SQUARE, _SQUARE - [0.0, 0.0, 3.0]]).astype(np.float32)
    for order in ([0, 1, 2, 3], [2, 3, 0, 1]):
        triangles = np.concatenate([_TWO, _TWO + 4])[order]
        seen = rasterise(farther, np.ascontiguousarray(triangles), SIZE)
        assert (seen.depth[seen.triangle >= 0] == 1.0).all()


def test_weights_find_the_place_of_each_pixel_again():
    points = np.array([[1.0, 15.0, 0.0], [15.0, 14.0, 5.0], [5.0, 1.0, 9.0]], np.float32)
    triangles = np.array([[0, 1, 2]], np.int32)
    seen = rasterise(points, triangles, SIZE)
    rows, columns = np.nonzero(seen.triangle == 0)
    assert len(rows) > 50
    second, third = seen.weights[rows, columns].T
    places = (1 - second - third)[:, None] * points[0] + second[:, None] * points[1] + third[:, None] * points[2]
    np.testing.assert_allclose(places[:, 0], columns + 0.5, atol=1e-4)
    np.testing.assert_allclose(places[:, 1], rows + 0.5, atol=1e-4)
    np.testing.assert_allclose(places[:, 2], seen.depth[rows, columns], atol=1e-4)


def test_what_is_sparse_covers_every_other_pixel_and_shows_what_is_behind():
    both = np.concatenate([_SQUARE, _SQUARE - [0.0, 0.0, 3.0]]).astype(np.float32)
    seen = rasterise(both, np.concatenate([_TWO, _TWO + 4]), SIZE, np.array([True, True, False, False]))
    inside = seen.triangle[4:12, 4:12]
    assert (inside >= 0).all()
    assert (inside < 2).mean() == 0.5


def test_what_lies_beyond_the_picture_is_cut_off():
    seen = rasterise(_SQUARE + [-8.0, 8.0, 0.0], _TWO, SIZE)
    np.testing.assert_array_equal(np.argwhere(seen.triangle >= 0).min(axis=0), [12, 0])
    assert (seen.triangle >= 0).sum() == 4 * 4


def test_normals_of_a_sphere_point_outwards():
    rows, columns = 24, 48
    polar, around = np.meshgrid(np.linspace(0.05, np.pi - 0.05, rows), np.arange(columns) * 2 * np.pi / columns,
                                indexing="ij")  # fmt: skip
    points = np.stack([np.sin(polar) * np.cos(around), np.cos(polar), -np.sin(polar) * np.sin(around)], -1)
    index = np.arange(rows * columns).reshape(rows, columns)
    right = np.roll(index, -1, axis=1)
    quads = np.stack([index[:-1], index[1:], right[1:], right[:-1]], axis=-1).reshape(-1, 4)
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)
    flat = points.reshape(-1, 3).astype(np.float32)
    normals = vertex_normals(flat, triangles).reshape(rows, columns, 3)[2:-2]
    assert (normals * points[2:-2]).sum(axis=-1).min() > 0.99
