# SPDX-License-Identifier: GPL-3.0-or-later
"""The position map: sampling it at the vertices' texture coordinates gives the vertices back."""

from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.names import REGION_NAMES
from ddfa_blender.texture.position_map import position_map
from ddfa_blender.texture.skin_layout import linings, skin_uvs


@pytest.mark.parametrize(("size", "mean", "most"), [(256, 0.35, 6.0), (512, 0.18, 3.0)])
def test_sampled_at_the_vertices_it_gives_them_back(model, size, mean, most):
    """In millimetres; a texel is about 1.4 mm of the face at 256."""
    rng = np.random.default_rng(1)
    vertices = model.vertices(rng.normal(size=40), rng.normal(size=10))
    made = position_map(model, vertices, size)
    assert made.positions.dtype == np.float32 and made.positions.shape == (size, size, 3)
    quads = model.quads[model.quad_regions == REGION_NAMES.index("skin")]
    error = np.linalg.norm(made.sample(skin_uvs(model)) - vertices[quads], axis=-1)
    assert error.mean() < mean and error.max() < most


def test_the_face_is_upright_and_unmirrored_and_what_is_off_the_skin_is_zero(model):
    made = position_map(model, model.mean, 256)
    assert 0.5 < made.mask.mean() < 0.95
    assert (made.positions[~made.mask] == 0.0).all()
    rows, columns = np.nonzero(made.mask)
    above, right = rows < 100, columns > 160
    assert made.positions[rows[above], columns[above], 1].mean() > made.positions[rows, columns, 1].mean()
    inside = (rows > 4) & (rows < 215) & (columns < 250)  # clear of the linings, and of the cut that margins cross
    assert made.positions[rows[inside & right], columns[inside & right], 0].min() > -8.0  # margins reach across the cut


def test_every_skin_triangle_but_the_smallest_is_in_it(model):
    made = position_map(model, model.mean, 1024)
    uvs = skin_uvs(model)
    middle = uvs.mean(axis=1)
    x, y = (middle[:, 0] * 1024).astype(int), ((1.0 - middle[:, 1]) * 1024).astype(int)
    assert made.mask[y, x].all()
    assert sum(map(len, linings(model))) > 500
