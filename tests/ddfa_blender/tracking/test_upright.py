# SPDX-License-Identifier: GPL-3.0-or-later
"""The upright face: the same head lies the same way in it, however it lay in the picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ddfa_blender import projection
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.tracking.upright import (
    ANCHOR_POINTS,
    PIXELS_PER_MM,
    UPRIGHT_SIZE,
    upright_face,
    upright_warp,
    warp_of_fit,
)

HEIGHT = 600


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    return MorphableModel.load()


def _seen(model: MorphableModel, scale: float, degrees: tuple[float, float, float], place: tuple[float, float]):
    """Transform (y up) and landmarks (68, 2) image pixels, y down, of the mean head."""
    rotation = projection.rotation_from_euler(np.array(degrees))
    transform = projection.compose(projection.Pose(np.array(scale), rotation, np.array([*place, 0.0])))
    points = projection.apply(transform, model.landmarks68(np.zeros(40), np.zeros(10)))
    return transform, np.stack([points[:, 0], HEIGHT - points[:, 1]], axis=1)


def _upright(model: MorphableModel, *view) -> np.ndarray:
    transform, landmarks = _seen(model, *view)
    warp = upright_warp(transform, 1.0, landmarks[ANCHOR_POINTS].mean(axis=0))
    return landmarks @ warp[:, :2].T + warp[:, 2]


@pytest.mark.parametrize("roll", [-70.0, -20.0, 0.0, 35.0, 90.0])
@pytest.mark.parametrize("scale", [0.4, 3.0])
def test_roll_size_and_place_do_not_matter(model, roll, scale):
    straight = _upright(model, 1.0, (0.0, 0.0, 0.0), (300.0, 300.0))
    np.testing.assert_allclose(_upright(model, scale, (0.0, 0.0, roll), (200.0, 350.0)), straight, atol=1e-6)


def test_a_millimetre_has_its_pixels_and_eyes_lie_level(model):
    points = _upright(model, 2.0, (0.0, 0.0, 25.0), (300.0, 300.0))
    head = model.landmarks68(np.zeros(40), np.zeros(10))
    outer = points[45] - points[36]
    assert outer[0] == pytest.approx(PIXELS_PER_MM * np.linalg.norm(head[45, :2] - head[36, :2]), rel=1e-3)
    assert abs(outer[1]) < 0.05
    assert points[8, 1] > points[30, 1] > points[27, 1]  # chin below nose below its ridge
    inner = points[17:]  # brows, nose, eyes, mouth
    assert inner.min() > 5.0
    assert inner.max() < UPRIGHT_SIZE - 5.0


@pytest.mark.parametrize("view", [(40.0, 0.0, 0.0), (0.0, 25.0, 0.0), (-50.0, 15.0, 30.0)])
def test_turned_heads_keep_anchor_and_roll(model, view):
    points = _upright(model, 2.0, view, (300.0, 300.0))
    straight = _upright(model, 1.0, (0.0, 0.0, 0.0), (300.0, 300.0))
    np.testing.assert_allclose(points[ANCHOR_POINTS].mean(axis=0), straight[ANCHOR_POINTS].mean(axis=0), atol=1e-6)
    ridge = points[30] - points[27]
    assert ridge[1] > 0.0


def test_a_fit_gives_the_same_warp_as_its_transform(model):
    transform, landmarks = _seen(model, 2.0, (10.0, -5.0, 12.0), (310.0, 280.0))
    roi = np.array([180.0, 200.0, 420.0, 440.0])  # twice the crop's 120 pixels
    crop = transform.copy()
    crop[0, 3], crop[1, 3] = crop[0, 3] - roi[0], crop[1, 3] - (HEIGHT - roi[3])
    crop /= 2.0
    params = projection.join(crop, np.zeros(40), np.zeros(10))
    expected = upright_warp(transform, 1.0, landmarks[ANCHOR_POINTS].mean(axis=0))
    np.testing.assert_allclose(warp_of_fit(params, roi, landmarks), expected, rtol=1e-9)


def _gradient(height: int, width: int) -> np.ndarray:
    ys, xs = np.mgrid[0:height, 0:width] + 0.5
    return np.stack([xs * 250.0 / width, ys * 250.0 / height, np.zeros_like(xs)], axis=-1).round().astype(np.uint8)


@pytest.mark.parametrize("shrink", [0.15, 0.45, 0.8, 1.7])
def test_pixels_come_from_where_the_warp_says(shrink):
    image = _gradient(1200, 1600)
    turn = np.radians(20.0)
    linear = shrink * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = np.array([800.0, 620.0])
    warp = np.concatenate([linear, (64.0 - linear @ middle)[:, None]], axis=1)
    seen = upright_face(image, warp)
    back = cv2.invertAffineTransform(warp)
    for x, y in ((20, 30), (64, 64), (100, 90)):
        at = back[:, :2] @ [x + 0.5, y + 0.5] + back[:, 2]
        wanted = at * [250.0 / 1600, 250.0 / 1200]
        np.testing.assert_allclose(seen[y, x, :2], wanted, atol=1.5)


def test_fine_stripes_are_averaged_not_aliased():
    image = np.zeros((1000, 1000, 3), np.uint8)
    image[:, ::2] = 255
    warp = np.array([[0.2, 0.0, 0.0], [0.0, 0.2, 0.0]])
    seen = upright_face(image, warp)[5:-5, 5:-5].astype(float)
    assert np.abs(seen - 127.5).max() < 30.0


def test_beyond_the_picture_its_edge_goes_on():
    image = np.full((50, 50, 3), 90, np.uint8)
    for warp in (np.array([[1.0, 0.0, 300.0], [0.0, 1.0, 300.0]]), np.array([[0.2, 0.0, -50.0], [0.0, 0.2, 300.0]])):
        assert (upright_face(image, warp) == 90).all()
