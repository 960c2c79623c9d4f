# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the generated textures lie on the mesh."""

from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.names import REGION_NAMES
from ddfa_blender.texture import texture_coordinates as coordinates
from ddfa_blender.texture.skin_layout import skin_uvs


def test_eyes_look_ahead_and_are_mirrored_nowhere():
    np.testing.assert_allclose(coordinates.eye_uv([0.0, 0.0, 1.0]), [0.5, 0.5])
    # The subject's left is +x is right in the texture, up is up.
    right, up = coordinates.eye_uv([0.1, 0.0, 1.0]), coordinates.eye_uv([0.0, 0.1, 1.0])
    assert right[0] > 0.5 and right[1] == pytest.approx(0.5)
    assert up[1] > 0.5 and up[0] == pytest.approx(0.5)
    # 45° off is half way to the texture's rim; what looks backwards lies on the rim.
    assert coordinates.eye_uv([0.0, -1.0, 1.0])[1] == pytest.approx(0.25)
    assert coordinates.eye_uv([1.0, 0.0, -5.0])[0] == pytest.approx(1.0)


def test_a_bent_strip_of_lashes_runs_from_root_to_tip():
    """A 3 by 6 grid bent around an eye, in shuffled vertex order, with the roots on the inner arc."""
    rows, columns = 4, 7
    angle = np.linspace(0.2, 2.5, columns)
    radius = np.linspace(15.0, 21.0, rows)[:, None]
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle), 0 * radius + 0 * angle], -1).reshape(-1, 3)
    index = np.arange(rows * columns).reshape(rows, columns)
    quads = np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], -1).reshape(-1, 4)
    order = np.random.default_rng(0).permutation(len(points))
    shuffled = np.empty_like(points)
    shuffled[order] = points
    uv = coordinates.lash_uv(order[quads], shuffled, np.zeros((1, 3)))[order].reshape(rows, columns, 2)
    np.testing.assert_allclose(uv[..., 1], np.broadcast_to(np.linspace(0, 1, rows)[:, None], (rows, columns)))
    along = np.linspace(0, 1, columns)
    along = along if uv[0, 0, 0] == 0.0 else along[::-1]
    np.testing.assert_allclose(uv[..., 0], np.broadcast_to(along, (rows, columns)))


def test_the_bundled_lashes_have_their_roots_at_the_lids(model):
    faces = model.quad_regions == REGION_NAMES.index("lashes")
    uv = coordinates.corner_uvs(model)[faces].reshape(-1, 2)
    points = model.mean[model.quads[faces].ravel()]
    assert uv.min() == 0.0 and uv.max() == 1.0
    centres = np.array([coordinates.eye_centre(model, eye) for eye in ("eye_left", "eye_right")])
    distance = np.linalg.norm(points[:, None] - centres, axis=-1).min(axis=1)
    assert distance[uv[:, 1] == 0.0].mean() + 2.0 < distance[uv[:, 1] == 1.0].mean()


def test_skin_has_the_layout_of_its_textures_and_teeth_and_tongue_the_models(model):
    uvs = coordinates.corner_uvs(model)
    np.testing.assert_array_equal(uvs[model.quad_regions == 0], skin_uvs(model))
    for region in ("teeth_upper", "teeth_lower", "tongue"):
        faces = model.quad_regions == REGION_NAMES.index(region)
        np.testing.assert_array_equal(uvs[faces], model.uv[model.quad_uvs[faces]])
    assert uvs.min() >= 0.0 and uvs.max() <= 1.0
