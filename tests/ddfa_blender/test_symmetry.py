# SPDX-License-Identifier: GPL-3.0-or-later
from dataclasses import replace

import numpy as np
import pytest

from ddfa_blender.face_model import FaceModel
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.projection import apply, join, rotation_from_euler, split
from ddfa_blender.symmetry import (
    MIRRORED_CHANNELS,
    MIRRORED_LANDMARKS,
    component_parity,
    mirror_params,
    mirror_points,
    mirrored_channel,
)

WIDTH = 150.0


@pytest.fixture
def params() -> np.ndarray:
    """Two turned faces with shapes and expressions (2, 62) in pictures 150 pixels wide."""
    rng = np.random.default_rng(4)
    transforms = [
        np.concatenate([0.5 * rotation_from_euler(angles), [[place], [80.0], [0.0]]], axis=1)
        for angles, place in (([25.0, -8.0, 12.0], 60.0), ([-40.0, 15.0, -3.0], 90.0))
    ]
    return join(np.stack(transforms), rng.normal(0, 0.7, (2, 40)), rng.normal(0, 0.7, (2, 10)))


def mesh(model: FaceModel, params: np.ndarray) -> np.ndarray:
    transform, shape, expression = split(params)
    offsets = np.tensordot(shape, model.shape_basis, 1) + np.tensordot(expression, model.expression_basis, 1)
    return apply(transform, model.mean + offsets)


def test_every_channel_has_one_mirror_image() -> None:
    images = [mirrored_channel(name) for name in ARKIT_NAMES]
    assert set(images) == set(ARKIT_NAMES)
    assert [mirrored_channel(name) for name in images] == list(ARKIT_NAMES)
    assert mirrored_channel("mouthLeft") == "mouthRight"


def test_channels_are_exchanged_as_their_names_are() -> None:
    np.testing.assert_array_equal(MIRRORED_CHANNELS[MIRRORED_CHANNELS], np.arange(52))
    assert ARKIT_NAMES[MIRRORED_CHANNELS[ARKIT_NAMES.index("eyeLookInLeft")]] == "eyeLookInRight"


def test_landmarks_lie_opposite_on_the_mean_face(model: MorphableModel) -> None:
    points = model.landmarks68(np.zeros(40), np.zeros(10))
    np.testing.assert_allclose(points[MIRRORED_LANDMARKS], points * [-1, 1, 1], atol=0.05)


def test_the_mesh_of_mirrored_parameters_is_the_mirrored_mesh(model: MorphableModel, params: np.ndarray) -> None:
    there = mesh(model, mirror_params(params, component_parity(model), WIDTH))
    here = mesh(model, params) * [-1, 1, 1] + [WIDTH, 0, 0]
    for mirrored, expected in zip(there, here[:, ::40], strict=True):
        nearest = np.linalg.norm(expected[:, None] - mirrored, axis=2).min(axis=1)
        assert nearest.max() < 1e-3


def test_points_go_with_the_parameters(model: MorphableModel, params: np.ndarray) -> None:
    def points(rows: np.ndarray) -> np.ndarray:
        transform, shape, expression = split(rows)
        return apply(transform, model.landmarks68(shape, expression))[..., :2]

    found = mirror_points(points(params), WIDTH)
    np.testing.assert_allclose(found, points(mirror_params(params, component_parity(model), WIDTH)), atol=0.05)
    np.testing.assert_allclose(mirror_points(found, WIDTH), points(params), atol=1e-9)


def test_a_component_that_moves_nothing_does_no_harm(model: MorphableModel) -> None:
    basis = model.shape_basis.copy()
    basis[5] = 0.0
    expected = component_parity(model)
    expected[5] = 1.0
    np.testing.assert_array_equal(component_parity(replace(model, shape_basis=basis)), expected)


def test_a_model_of_lopsided_faces_has_no_mirror_image(model: MorphableModel) -> None:
    basis = model.shape_basis.copy()
    basis[3] = np.roll(basis[3], 1, axis=-1)
    with pytest.raises(ValueError, match="neither symmetric"):
        component_parity(replace(model, shape_basis=basis))
