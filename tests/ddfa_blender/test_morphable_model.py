# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES, EXPRESSION_COUNT, REGION_NAMES, SHAPE_COUNT
from ddfa_blender.paths import model_file


def test_the_arrays_fit_together(model: MorphableModel) -> None:
    count = len(model.mean)
    assert model.mean.shape == (count, 3)
    assert model.shape_basis.shape == (SHAPE_COUNT, count, 3)
    assert model.expression_basis.shape == (EXPRESSION_COUNT, count, 3)
    assert model.arkit_basis.shape == (len(ARKIT_NAMES), count, 3)
    assert model.quads.min() >= 0
    assert model.quads.max() < count
    assert model.quad_uvs.shape == model.quads.shape
    assert model.quad_uvs.max() < len(model.uv)
    assert set(np.unique(model.quad_regions)) == set(range(len(REGION_NAMES)))
    assert model.head_weight.min() >= 0.0
    assert model.head_weight.max() == pytest.approx(1.0)
    for array in (model.mean, model.shape_basis, model.expression_basis, model.arkit_basis, model.uv):
        assert np.isfinite(array).all()


def test_landmarks_lie_on_triangles_where_a_face_has_them(model: MorphableModel) -> None:
    np.testing.assert_allclose(model.landmark_weights.sum(axis=1), 1.0, atol=1e-5)
    points = model.landmarks68(np.zeros(40), np.zeros(10))
    right_eye, left_eye = points[36:42].mean(axis=0), points[42:48].mean(axis=0)
    chin, nose, brow = points[8], points[30], points[19]
    assert right_eye[0] < 0.0 < left_eye[0]  # x to the subject's left
    assert chin[1] < nose[1] < right_eye[1] < brow[1]  # y up
    assert nose[2] == points[:, 2].max()  # z out of the face
    assert 50.0 < left_eye[0] - right_eye[0] < 80.0  # millimetres


def test_vertices_are_linear_in_the_coefficients(model: MorphableModel) -> None:
    random = np.random.default_rng(0)
    shape, expression, arkit = random.normal(size=(2, 40)), random.normal(size=(2, 10)), random.uniform(size=(2, 52))
    batch = model.vertices(shape, expression, arkit)
    assert batch.shape == (2, len(model.mean), 3)
    one = (
        model.mean
        + np.einsum("i,ivc->vc", shape[1], model.shape_basis)
        + np.einsum("i,ivc->vc", expression[1], model.expression_basis)
        + np.einsum("i,ivc->vc", arkit[1], model.arkit_basis)
    )
    np.testing.assert_allclose(batch[1], one, atol=1e-2)
    np.testing.assert_array_equal(model.vertices(), model.mean)


def test_landmarks_follow_the_vertices(model: MorphableModel) -> None:
    random = np.random.default_rng(1)
    shape, expression = random.normal(size=(3, 40)), random.normal(size=(3, 10))
    corners = model.vertices(shape, expression)[:, model.landmark_vertices]
    expected = np.einsum("lk,nlkc->nlc", model.landmark_weights, corners)
    np.testing.assert_allclose(model.landmarks68(shape, expression), expected, atol=1e-2)


def test_triangles_halve_the_quads(model: MorphableModel) -> None:
    assert model.triangles.shape == (2 * len(model.quads), 3)
    assert set(model.triangles[10]) | set(model.triangles[11]) == set(model.quads[5])


@pytest.mark.parametrize("kind", ["missing", "empty", "cut", "foreign"])
def test_what_is_no_model_says_what_to_do(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "model.npz"
    if kind == "empty":
        path.touch()
    elif kind == "cut":
        good = model_file("morphable_model.npz").read_bytes()
        path.write_bytes(good[: len(good) // 2])
    elif kind == "foreign":
        np.savez(path, mean=np.zeros((3, 3)))
    with pytest.raises(CaptureError, match="reinstall the extension"):
        MorphableModel.load(path)
