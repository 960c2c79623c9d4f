# SPDX-License-Identifier: GPL-3.0-or-later
"""The bundled morphable model is what docs/architecture.md says it is."""

import numpy as np
import pytest

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES, REGION_NAMES


@pytest.fixture(scope="module")
def model():
    return MorphableModel.load()


def eye_opening(model, vertices, side):
    """Mean distance of upper- and lower-lid landmarks of one eye (iBUG 36-41 right, 42-47 left), millimetres."""
    points = np.einsum("lk,lkc->lc", model.landmark_weights, vertices[model.landmark_vertices])
    first = 36 if side == "Right" else 42
    return np.linalg.norm(points[[first + 1, first + 2]] - points[[first + 5, first + 4]], axis=1).mean()


def test_shapes_and_ranges(model):
    count = len(model.mean)
    assert model.shape_basis.shape == (40, count, 3)
    assert model.expression_basis.shape == (10, count, 3)
    assert model.arkit_basis.shape == (52, count, 3)
    assert model.quads.min() == 0 and model.quads.max() == count - 1
    assert model.uv.min() >= 0 and model.uv.max() <= 1
    assert set(np.unique(model.quad_regions)) == set(range(len(REGION_NAMES)))
    assert 0 <= model.head_weight.min() < 0.01 and model.head_weight.max() == 1
    np.testing.assert_allclose(model.landmark_weights.sum(axis=1), 1, atol=1e-6)
    assert model.landmark_weights.min() >= 0


def test_is_in_millimetres_upright_and_faces_forward(model):
    eyes = [model.mean[np.unique(model.quads[model.quad_regions == REGION_NAMES.index(name)])].mean(axis=0)
            for name in ("eye_left", "eye_right")]  # fmt: skip
    assert eyes[0][0] - eyes[1][0] == pytest.approx(63.0, abs=0.5), "the subject's left eye is at +x"
    points = model.landmarks68(np.zeros(40), np.zeros(10))
    assert points[30, 2] == points[:, 2].max(), "the nose tip is the foremost landmark"
    assert points[8, 1] == points[:, 1].min(), "the chin is the lowest landmark"
    assert points[0, 0] < 0 < points[16, 0], "iBUG counts the jaw from the subject's right"


@pytest.mark.parametrize("region", ["skin", "eye_left", "eye_right", "tongue"])
def test_faces_point_outwards(model, region):
    quads = model.quads[model.quad_regions == REGION_NAMES.index(region)]
    points = model.mean[quads].astype(np.float64)
    normals = np.cross(points[:, 2] - points[:, 0], points[:, 3] - points[:, 1])
    outwards = points.mean(axis=1) - points.reshape(-1, 3).mean(axis=0)
    assert (normals * outwards).sum() > 0


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_blink_closes_its_eye_and_not_the_other(model, side):
    blink = np.zeros(52)
    blink[ARKIT_NAMES.index(f"eyeBlink{side}")] = 1
    other = {"Left": "Right", "Right": "Left"}[side]
    closed = model.vertices(arkit=blink)
    assert eye_opening(model, closed, side) < 0.35 * eye_opening(model, model.mean, side)
    assert eye_opening(model, closed, other) == pytest.approx(eye_opening(model, model.mean, other), rel=1e-3)


def test_jaw_opens_downwards_and_takes_the_lower_teeth_along(model):
    jaw = model.arkit_basis[ARKIT_NAMES.index("jawOpen")]
    lower = np.unique(model.quads[model.quad_regions == REGION_NAMES.index("teeth_lower")])
    upper = np.unique(model.quads[model.quad_regions == REGION_NAMES.index("teeth_upper")])
    assert jaw[lower, 1].mean() < -5
    assert np.abs(jaw[upper]).max() < 0.01


def test_the_landmarks_inside_the_lips_touch_while_the_mouth_is_closed(model):
    points = model.landmarks68(np.zeros(40), np.zeros(10))
    upper, lower = points[[61, 62, 63]], points[[67, 66, 65]]
    np.testing.assert_allclose(upper[:, :2], lower[:, :2], atol=2.0)
