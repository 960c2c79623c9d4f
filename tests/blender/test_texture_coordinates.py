# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the generated textures lie on the mesh."""

from __future__ import annotations

import numpy as np
import pytest
import support


@pytest.fixture
def coordinates():
    return support.module("scene.texture_coordinates")


@pytest.fixture(scope="module")
def bundled(modules_after_enabling):
    return support.module("ddfa_blender.morphable_model").MorphableModel.load()


def test_eyes_look_ahead_and_are_mirrored_nowhere(coordinates):
    np.testing.assert_allclose(coordinates.eye_uv([0.0, 0.0, 1.0]), [0.5, 0.5])
    # The subject's left is +x is right in the texture, up is up.
    right, up = coordinates.eye_uv([0.1, 0.0, 1.0]), coordinates.eye_uv([0.0, 0.1, 1.0])
    assert right[0] > 0.5 and right[1] == pytest.approx(0.5)
    assert up[1] > 0.5 and up[0] == pytest.approx(0.5)
    # 45° off is half way to the texture's rim; what looks backwards lies on the rim.
    assert coordinates.eye_uv([0.0, -1.0, 1.0])[1] == pytest.approx(0.25)
    assert coordinates.eye_uv([1.0, 0.0, -5.0])[0] == pytest.approx(1.0)


def test_a_bent_strip_of_lashes_runs_from_root_to_tip(coordinates):
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


def test_the_bundled_lashes_have_their_roots_at_the_lids(coordinates, bundled):
    faces = bundled.quad_regions == support.module("ddfa_blender.names").REGION_NAMES.index("lashes")
    uv = coordinates.corner_uvs(bundled)[faces].reshape(-1, 2)
    points = bundled.mean[bundled.quads[faces].ravel()]
    assert uv.min() == 0.0 and uv.max() == 1.0
    centres = np.array([coordinates.eye_centre(bundled, eye) for eye in ("eye_left", "eye_right")])
    distance = np.linalg.norm(points[:, None] - centres, axis=-1).min(axis=1)
    assert distance[uv[:, 1] == 0.0].mean() + 2.0 < distance[uv[:, 1] == 1.0].mean()


def test_what_has_no_texture_of_its_own_keeps_the_models_coordinates(coordinates, bundled):
    skin = bundled.quad_regions == 0
    np.testing.assert_array_equal(coordinates.corner_uvs(bundled)[skin], bundled.uv[bundled.quad_uvs[skin]])
