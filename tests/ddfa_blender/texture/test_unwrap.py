# SPDX-License-Identifier: GPL-3.0-or-later
"""Flattened discs: no folds, little stretch, the rim where it was put."""

from __future__ import annotations

import numpy as np

from ddfa_blender.texture.unwrap import flatten


def cap(rings=9, segments=24, height=1.6):
    """A paraboloid: points, triangles, springs, rim."""
    radius = np.repeat(np.linspace(0.0, 1.0, rings + 1)[1:], segments)
    angle = np.tile(np.linspace(0.0, 2.0 * np.pi, segments, endpoint=False), rings)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle), height * (1.0 - radius**2)], axis=1)
    points = np.concatenate([[[0.0, 0.0, height]], points])
    index = 1 + np.arange(rings * segments).reshape(rings, segments)
    right = np.roll(index, -1, axis=1)
    quads = np.stack([index[:-1], index[1:], right[1:], right[:-1]], axis=-1).reshape(-1, 4)
    fan = np.stack([np.zeros(segments, int), index[0], right[0]], axis=1)
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]], fan])
    edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    return points, triangles, np.unique(edges, axis=0), index[-1]


def flat(share=None):
    points, triangles, edges, rim = cap()
    outline = points[rim, :2]
    share = np.ones(len(points)) if share is None else share
    return points, triangles, rim, flatten(points, triangles, edges, share, rim, outline)


def areas(places, triangles):
    a, b = places[triangles[:, 1]] - places[triangles[:, 0]], places[triangles[:, 2]] - places[triangles[:, 0]]
    return 0.5 * (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])


def test_nothing_folds_and_the_rim_stays_where_it_was_put():
    points, triangles, rim, places = flat()
    assert areas(places, triangles).min() > 0.0
    np.testing.assert_array_equal(places[rim], points[rim, :2])


def test_lengths_come_out_more_even_than_seen_from_above():
    """From above, steps down the steep rim look three times too short."""
    points, _, edges, _ = cap()
    _, _, _, places = flat()

    def shortest(plane):
        lengths = [np.linalg.norm(x[edges[:, 0]] - x[edges[:, 1]], axis=1) for x in (plane, points)]
        ratio = lengths[0] / lengths[1]
        return ratio.min() / np.median(ratio)

    assert shortest(places) > 1.3 * shortest(points[:, :2])


def test_what_has_a_smaller_share_comes_out_smaller():
    points, triangles, edges, _ = cap()
    share = np.where(points[:, 0] > 0.0, 0.5, 1.0)
    _, _, _, plain = flat()
    _, _, _, shared = flat(share)
    right = (points[triangles, 0] > 0.2).all(axis=1)
    assert areas(shared, triangles[right]).sum() < 0.8 * areas(plain, triangles[right]).sum()
    assert areas(shared, triangles).min() > 0.0 and len(edges)
