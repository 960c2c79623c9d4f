# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.projection import Pose, rotation_from_euler
from tools.face_features import FEATURES, POINTS, HeadPoints, eye_distance, in_head, measured


@pytest.fixture(scope="module")
def head(model: MorphableModel) -> HeadPoints:
    return HeadPoints.of(model)


def changes(head: HeadPoints, **units: float) -> dict[str, float]:
    """By how much each feature of the mean head changes, hundredths of its eyes' distance."""
    weights = np.zeros((2, 52))
    for name, value in units.items():
        weights[1, ARKIT_NAMES.index(name)] = value
    points = head.shown(np.zeros(40), weights)
    curves = measured(points, float(eye_distance(points)[0]))
    return {name: float(curve[1] - curve[0]) for name, curve in curves.items()}


@pytest.mark.parametrize(
    ("unit", "more", "less"),
    [
        ("jawOpen", ("lips apart", "jaw dropped"), ()),
        ("mouthClose", (), ("lips apart",)),
        ("mouthUpperUpLeft", ("lips apart", "upper lip up"), ()),
        ("mouthSmileLeft", ("mouth wide", "left corner up", "left corner above right", "mouth to the left"), ()),
        ("mouthSmileRight", ("mouth wide", "right corner up"), ("left corner above right", "mouth to the left")),
        ("mouthPucker", (), ("mouth wide",)),
        ("mouthLeft", ("mouth to the left",), ()),
        ("mouthRight", (), ("mouth to the left",)),
        ("eyeBlinkLeft", (), ("left lids apart",)),
        ("eyeBlinkRight", (), ("right lids apart",)),
        ("browOuterUpLeft", ("left brow up",), ()),
        ("browDownRight", (), ("right brow up",)),
        ("browInnerUp", ("inner brows up",), ()),
        ("eyeLookUpLeft", ("gaze up",), ()),
        ("eyeLookDownRight", (), ("gaze up",)),
        ("eyeLookOutLeft", ("gaze to the left",), ()),
        ("eyeLookOutRight", (), ("gaze to the left",)),
    ],
)
def test_features_see_what_moves_them(
    head: HeadPoints, unit: str, more: tuple[str, ...], less: tuple[str, ...]
) -> None:
    found = changes(head, **{unit: 1.0})
    for name in more:
        assert found[name] > 1.0, name
    for name in less:
        assert found[name] < -1.0, name


def test_one_side_leaves_the_other_alone(head: HeadPoints) -> None:
    assert abs(changes(head, eyeBlinkLeft=1.0)["right lids apart"]) < 0.05
    assert abs(changes(head, mouthSmileLeft=1.0)["right corner up"]) < 1.0
    assert abs(changes(head, eyeBlinkLeft=1.0, eyeBlinkRight=1.0)["gaze up"]) < 1.0
    both = changes(head, mouthSmileLeft=1.0, mouthSmileRight=1.0)
    assert abs(both["left corner above right"]) < 0.2 and abs(both["mouth to the left"]) < 0.2


def test_the_head_s_points_are_those_of_its_mesh(head: HeadPoints, model: MorphableModel) -> None:
    random = np.random.default_rng(0)
    identity, expression, arkit = random.normal(size=40), random.normal(size=(3, 10)), random.uniform(size=(3, 52))
    points = head.shown(identity, arkit, expression)
    assert points.shape == (3, POINTS, 3)
    for frame in range(3):
        mesh = model.vertices(identity, expression[frame], arkit[frame])
        np.testing.assert_allclose(points[frame, :68], model.at_landmarks(mesh), atol=1e-3)
        # The irises: on the mesh, in front of everything else of their eyes.
        assert np.linalg.norm(mesh - points[frame, 68], axis=1).min() < 1e-3
    irises = head.neutral(np.zeros(40))[68:]
    assert irises[0, 0] > 20.0 > -20.0 > irises[1, 0]


def test_points_of_pictures_come_back_to_the_head(head: HeadPoints) -> None:
    arkit = np.zeros((3, 52))
    arkit[:, ARKIT_NAMES.index("jawOpen")] = 0.3
    arkit[:, ARKIT_NAMES.index("mouthSmileLeft")] = 0.8
    shown, neutral = head.shown(np.zeros(40), arkit), head.neutral(np.zeros(40))
    rotation = rotation_from_euler(np.array([[0.0, 0.0, 0.0], [15.0, 8.0, 20.0], [-12.0, -6.0, -35.0]]))
    scale, shift = np.array([2.0, 0.5, 3.0]), np.array([[0.0, 0.0, 0.0], [40.0, -9.0, 0.0], [-5.0, 30.0, 0.0]])
    turned = scale[:, None, None] * np.einsum("nij,nlj->nli", rotation, shown) + shift[:, None]
    width, height = 640, 360
    pixels = np.stack([turned[..., 0] + width / 2.0, height / 2.0 - turned[..., 1]], axis=-1)
    found = in_head(pixels, neutral, Pose(scale, rotation, shift), (width, height))
    np.testing.assert_allclose(found[0], shown[0, :, :2], atol=1e-9)  # seen from the front
    for name, feature in FEATURES.items():
        if "gaze" not in name:
            np.testing.assert_allclose(feature(found), feature(shown), atol=2.5, err_msg=name)


def test_what_was_not_seen_is_not_measured(head: HeadPoints) -> None:
    points = head.shown(np.zeros(40), np.zeros((2, 52)))
    points[:, 68:] = np.nan
    curves = measured(points, 90.0)
    assert np.isnan(curves["gaze up"]).all() and np.isfinite(curves["lips apart"]).all()
