# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.tracking.detection_roi import roi_from_detection
from ddfa_blender.tracking.detector import Detection
from ddfa_blender.tracking.roi import (
    box_from_landmarks,
    crop,
    crop_as_published,
    deviation,
    overlap,
    roi_from_box,
    roi_from_landmarks,
    snapped,
    square,
)


def ramp(height: int, width: int) -> np.ndarray:
    """A float picture whose red grows with x and whose green grows with y, one level per pixel."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x, y, np.full_like(x, 7)], axis=-1).astype(np.float32)


def test_the_roi_is_root_two_times_the_longer_side() -> None:
    roi = roi_from_box([10.0, 20.0, 50.0, 40.0])
    side = 40.0 * np.sqrt(2.0)
    np.testing.assert_allclose(roi, [30 - side / 2, 30 - side / 2, 30 + side / 2, 30 + side / 2])


def test_landmarks_give_their_tight_box_batched_and_without_depth() -> None:
    points = np.random.default_rng(0).uniform(0.0, 100.0, (4, 68, 3))
    box = box_from_landmarks(points)
    np.testing.assert_allclose(box[2], [*points[2, :, :2].min(axis=0), *points[2, :, :2].max(axis=0)])
    np.testing.assert_allclose(roi_from_landmarks(points), roi_from_box(box))
    np.testing.assert_array_equal(roi_from_landmarks(points[1]), roi_from_box(box[1]))
    np.testing.assert_array_equal(roi_from_landmarks(points[1, :, :2]), roi_from_box(box[1]))


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([0, 0, 2, 2], [0, 0, 2, 2], 1.0),
        ([0, 0, 2, 2], [1, 0, 3, 2], 1 / 3),
        ([0, 0, 2, 2], [2, 2, 3, 3], 0.0),
        ([0, 0, 0, 0], [0, 0, 0, 0], 0.0),
    ],
)
def test_overlap_is_intersection_over_union(a: list[float], b: list[float], expected: float) -> None:
    assert overlap(a, b) == pytest.approx(expected)


def test_a_crop_of_120_pixels_copies_them() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (200, 220, 3), dtype=np.uint8)
    np.testing.assert_array_equal(crop(picture, [30, 40, 150, 160]), picture[40:160, 30:150])


@pytest.mark.parametrize(("x0", "y0", "side"), [(3.3, 7.8, 60.0), (20.25, 10.5, 120.0), (5.5, 3.25, 200.0)])
def test_pixel_centres_keep_their_place(x0: float, y0: float, side: float) -> None:
    """On a ramp the value tells the place: pixel j of the crop looks at x0 + (j + 0.5)·side/120."""
    result = crop(ramp(240, 240), [x0, y0, x0 + side, y0 + side])
    places = (np.arange(120) + 0.5) * side / 120.0 - 0.5
    inner = slice(5, 115)
    np.testing.assert_allclose(result[60, inner, 0], (x0 + places)[inner], atol=0.05)
    np.testing.assert_allclose(result[inner, 60, 1], (y0 + places)[inner], atol=0.05)


def test_beyond_the_photo_its_edge_repeats() -> None:
    picture = ramp(100, 100)
    result = crop(picture, [-60, -60, 60, 60])
    assert (result[:59, :59] == picture[0, 0]).all()
    far = crop(picture, [300, 300, 420, 420])
    assert (far == picture[-1, -1]).all()


def test_large_rois_are_averaged_not_sampled() -> None:
    stripes = np.zeros((960, 960, 3), np.uint8)
    stripes[:, ::2] = 200
    assert np.abs(crop(stripes, [0, 0, 960, 960])[10:110, 10:110].astype(float) - 100.0).max() <= 2.0


@pytest.mark.parametrize("roi", [[0, 0, 0, 0], [0, 0, np.nan, 5], [5, 5, 1, 1]])
def test_empty_and_endless_rois_are_refused(roi: list[float]) -> None:
    with pytest.raises(ValueError, match="region of interest"):
        crop(ramp(50, 50), roi)


def detection(box: list[float], points: np.ndarray) -> Detection:
    return Detection(np.array(box, dtype=float), 0.9, points)


def test_a_mirrored_detection_gives_the_mirrored_roi() -> None:
    box = [40.0, 30.0, 140.0, 170.0]
    points = np.array([[70.0, 85.0], [115.0, 90.0], [100.0, 112.0], [75.0, 140.0], [110.0, 143.0]])
    roi = roi_from_detection(detection(box, points))
    mirrored_points = (points * [-1.0, 1.0] + [200.0, 0.0])[[1, 0, 2, 4, 3]]
    mirrored = roi_from_detection(detection([60.0, 30.0, 160.0, 170.0], mirrored_points))
    np.testing.assert_allclose(mirrored, [200.0 - roi[2], roi[1], 200.0 - roi[0], roi[3]])


def test_the_roi_of_a_detection_scales_and_moves_with_it() -> None:
    box = np.array([40.0, 30.0, 140.0, 170.0])
    points = np.array([[70.0, 85.0], [115.0, 90.0], [100.0, 112.0], [75.0, 140.0], [110.0, 143.0]])
    roi = roi_from_detection(detection(list(box), points))
    moved = roi_from_detection(detection(list(3.0 * box + 11.0), 3.0 * points + 11.0))
    np.testing.assert_allclose(moved, 3.0 * roi + 11.0)


def test_the_published_crop_of_120_whole_pixels_is_the_picture_itself() -> None:
    image = np.random.default_rng(4).integers(1, 256, (200, 300, 3), dtype=np.uint8)
    found = crop_as_published(image, [50.4, 29.6, 170.4, 149.6])
    np.testing.assert_array_equal(found, image[30:150, 50:170])


def test_the_published_crop_is_black_beyond_the_picture() -> None:
    image = np.random.default_rng(4).integers(1, 256, (200, 300, 3), dtype=np.uint8)
    found = crop_as_published(image, [-20.0, 150.0, 100.0, 270.0])
    np.testing.assert_array_equal(found[:50, 20:], image[150:, :100])
    assert not found[:, :20].any()
    assert not found[50:].any()
    assert not crop_as_published(image, [400.0, 0.0, 500.0, 100.0]).any()


def test_the_published_crop_of_twice_the_size_averages_the_middle_pixels() -> None:
    """Half as many pixels, each in the middle of four: bilinear weights of a quarter."""
    image = np.random.default_rng(6).integers(0, 256, (240, 240, 3), dtype=np.uint8)
    expected = image.reshape(120, 2, 120, 2, 3).astype(float).mean(axis=(1, 3))
    found = crop_as_published(image, [0.0, 0.0, 240.0, 240.0])
    assert np.abs(found - expected).max() <= 1.0


@pytest.mark.parametrize("roi", [[0, 0, np.nan, 10], [0, 0, 0.2, 0.2], [10, 10, 0, 0]])
def test_the_published_crop_of_nothing_is_refused(roi: list[float]) -> None:
    with pytest.raises(ValueError, match="not a region of interest"):
        crop_as_published(np.zeros((20, 20, 3), np.uint8), roi)


def test_rois_that_are_nearly_alike_become_the_same_one() -> None:
    roi = square((123.4, 98.7), 77.7)
    on_grid = snapped(roi)
    assert deviation(on_grid, roi) < 0.002
    np.testing.assert_array_equal(snapped(on_grid), on_grid)
    near = [snapped(on_grid + step) for step in (1e-3, -1e-3)]
    np.testing.assert_array_equal(near, [on_grid, on_grid])


def test_deviation_is_the_larger_of_shift_and_growth() -> None:
    roi = square((100.0, 80.0), 50.0)
    assert deviation(square((101.0, 78.0), 50.0), roi) == pytest.approx(0.04)
    assert deviation(square((101.0, 80.0), 55.0), roi) == pytest.approx(0.1)
    assert deviation(roi, roi) == 0.0
