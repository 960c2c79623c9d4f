# SPDX-License-Identifier: GPL-3.0-or-later
"""The skin's texture coordinates on the bundled head."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ddfa_blender.names import REGION_NAMES
from ddfa_blender.texture.rasterise import rasterise
from ddfa_blender.texture.skin_layout import linings, skin_uvs

HALVES = [[0, 1, 2], [0, 2, 3]]


@pytest.fixture(scope="module")
def uvs(model):
    return skin_uvs(model)


@pytest.fixture(scope="module")
def quads(model):
    return model.quads[model.quad_regions == REGION_NAMES.index("skin")]


def test_no_triangle_is_flipped_and_all_lie_inside_the_texture(uvs):
    assert uvs.min() > 0.0 and uvs.max() < 1.0
    triangles = uvs[:, HALVES].reshape(-1, 3, 2)
    a, b = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    assert (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).min() > 0.0


def test_no_two_triangles_share_a_texel(uvs):
    """Filled first to last and last to first, every texel shows the same triangle."""
    triangles = uvs[:, HALVES].reshape(-1, 3, 2) * 700
    forwards = rasterise(triangles, 700, 700).triangle
    backwards = rasterise(triangles[::-1], 700, 700).triangle
    backwards = np.where(backwards >= 0, len(triangles) - 1 - backwards, -1)
    assert (forwards != backwards).mean() < 1e-5


def test_neighbours_on_the_face_are_neighbours_on_the_texture(model, uvs, quads):
    """Only the cut up the back of the head and the mouth's and sockets' linings part neighbours."""
    corner = {}
    parted = set()
    for quad, places in zip(quads.tolist(), uvs.tolist(), strict=True):
        for vertex, place in zip(quad, places, strict=True):
            if not np.allclose(corner.setdefault(vertex, place), place, atol=1e-9):
                parted.add(vertex)
    edge = {v for lining in linings(model) for v in quads[lining].ravel().tolist()}
    back = [v for v in parted if v not in edge]
    assert len(back) > 10
    assert np.abs(model.mean[back, 0]).max() < 1e-3 and model.mean[back, 2].max() < 60.0


def test_the_layout_is_symmetric_and_the_face_upright_and_large(model, uvs, quads):
    outer = np.setdiff1d(np.arange(len(quads)), np.concatenate(linings(model)))
    place = dict(zip(quads[outer].ravel().tolist(), uvs[outer].reshape(-1, 2), strict=True))

    def at(landmark):
        corners, weights = model.landmark_vertices[landmark], model.landmark_weights[landmark]
        return sum(w * place[int(v)] for v, w in zip(corners, weights, strict=True))

    for right, left in ((17, 26), (21, 22), (49, 53), (48, 54), (31, 35)):
        assert at(right)[0] + at(left)[0] == pytest.approx(1.0, abs=2e-3)
        assert at(right)[1] == pytest.approx(at(left)[1], abs=2e-3)
        # Seen from the front the subject's left is on the right.
        assert at(right)[0] < at(left)[0]
    assert at(8)[1] < at(57)[1] < at(33)[1] < at(27)[1]
    # Outer ends of the brows, on a texture of 1024: a third of a millimetre a texel or better.
    apart = np.ptp(model.at_landmarks(model.mean)[[17, 26], 0])
    assert (at(26)[0] - at(17)[0]) * 1024 > 3.0 * apart


def test_the_same_numbers_give_the_same_layout_again(model, uvs):
    again = dataclasses.replace(model)
    np.testing.assert_array_equal(skin_uvs(again), uvs)


def test_a_mesh_that_is_no_head_keeps_the_models_coordinates(model):
    """Without the quads around the neck's rim at the back there is no midline to cut along."""
    skin = model.quad_regions == REGION_NAMES.index("skin")
    shifted = dataclasses.replace(model, mean=model.mean + np.float32(5.0))
    np.testing.assert_allclose(skin_uvs(shifted), model.uv[model.quad_uvs[skin]])
