# SPDX-License-Identifier: GPL-3.0-or-later
"""The bundled head's lower end, which training/neck_cut.py makes."""

from collections import Counter

import numpy as np

from training.neck_cut import EdgeLoops


def border(quads):
    edges = Counter(tuple(sorted((q[i], q[(i + 1) % 4]))) for q in quads.tolist() for i in range(4))
    return [edge for edge, count in edges.items() if count == 1]


def test_walk_follows_a_row_of_a_grid_to_the_other_side():
    index = np.arange(5 * 4).reshape(4, 5)
    quads = np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], axis=-1).reshape(-1, 4)
    stop = np.zeros(20, dtype=bool)
    stop[index[1, 3]] = True
    assert EdgeLoops(quads).walk(6, 7, stop) == [6, 7, 8]
    assert EdgeLoops(quads).walk(6, 7, np.zeros(20, dtype=bool)) is None, "a border vertex has no opposite edge"


def test_head_ends_in_one_smooth_ring(model):
    edges = np.array(border(model.quads[model.quad_regions == 0]))
    neck = edges[(model.mean[edges, 1] < -30).all(axis=1) & (model.mean[edges, 2] < 120).all(axis=1)]
    ends = Counter(neck.ravel().tolist())
    assert len(neck) > 20
    assert set(ends.values()) == {2}, "the neck's border is a closed ring"
    ring = model.mean[list(ends)].astype(float)
    centred = ring - ring.mean(axis=0)
    flatness = np.linalg.svd(centred, compute_uv=False)[2] / np.sqrt(len(ring))
    assert flatness < 6.0, "millimetres off one sloping plane: no staircase"
    assert model.head_weight[list(ends)].max() == 0, "the end of the neck stays"
    assert model.head_weight[model.landmark_vertices].min() == 1, "the whole face, chin and jaw move with the head"
