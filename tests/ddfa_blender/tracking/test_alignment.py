# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import cv2
import numpy as np
import pytest

from ddfa_blender.tracking.alignment import motion, moved, small_grey, small_grey_at
from ddfa_blender.tracking.roi import crop, square

_ROI = square((160.0, 120.0), 120.0)


def texture(right: float = 0.0, down: float = 0.0, growth: float = 0.0) -> np.ndarray:
    """A soft pattern, moved and grown about the middle of the ROI."""
    noise = np.random.default_rng(5).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    soft = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 9), None, 0, 255, cv2.NORM_MINMAX)
    scale = 1.0 + growth
    matrix = np.array([[scale, 0.0, 160.0 * (1.0 - scale) + right], [0.0, scale, 120.0 * (1.0 - scale) + down]])
    return np.asarray(cv2.warpAffine(soft, matrix, (320, 240), borderMode=cv2.BORDER_REFLECT), np.uint8)


@pytest.mark.parametrize(
    ("right", "down", "growth"), [(0, 0, 0), (2.4, 0, 0), (-1.2, 3.0, 0), (0, 0, 0.03), (1.5, -2.0, -0.02)]
)
def test_small_movements_are_found(right: float, down: float, growth: float) -> None:
    before, now = (small_grey(crop(picture, _ROI)) for picture in (texture(), texture(right, down, growth)))
    found = motion(before, now)
    np.testing.assert_allclose(found, [right / 120.0, down / 120.0, growth], atol=0.005)


@pytest.mark.parametrize("side", [45.0, 120.0, 176.5, 240.0, 700.0])
@pytest.mark.parametrize("channels", ["rgb", "view"])
def test_picked_pixels_tell_the_same_as_the_whole_crop(side: float, channels: str) -> None:
    """Small ROIs and ones that reach beyond the picture too, in pictures and in views of a decoder's."""
    picture = texture()
    image = picture if channels == "rgb" else np.ascontiguousarray(picture[..., ::-1])[..., ::-1]
    roi = square((150.3, 110.7), side)
    cut, picked = small_grey(crop(picture, roi)), small_grey_at(image, roi)
    assert picked.shape == cut.shape and picked.dtype == cut.dtype
    np.testing.assert_allclose(motion(cut, picked), 0.0, atol=0.002)
    assert np.abs(cut - picked).mean() < 2.0


@pytest.mark.parametrize("side", [60.0, 240.0])
def test_movements_are_found_between_a_crop_and_picked_pixels(side: float) -> None:
    roi = square((160.0, 120.0), side)
    found = motion(small_grey(crop(texture(), roi)), small_grey_at(texture(right=0.02 * side, down=-0.01 * side), roi))
    np.testing.assert_allclose(found, [0.02, -0.01, 0.0], atol=0.005)


def test_the_movement_is_the_one_of_least_squares() -> None:
    """Against numpy's own solver, on pictures that no movement explains."""
    rng = np.random.default_rng(1)
    before, now = (cv2.GaussianBlur(rng.uniform(0, 255, (40, 40)).astype(np.float32), (0, 0), 2) for _ in range(2))
    now = before + 0.05 * (now - before)
    across = (np.arange(40) + 0.5) / 40.0 - 0.5
    x, y = np.meshgrid(across, across)
    right, down = cv2.Sobel(before, cv2.CV_64F, 1, 0, scale=5.0), cv2.Sobel(before, cv2.CV_64F, 0, 1, scale=5.0)
    rows = np.stack([right, down, right * x + down * y, np.ones_like(x)]).reshape(4, -1)
    root = np.exp(-(x * x + y * y) / (4.0 * 0.22**2)).ravel()
    expected = np.linalg.lstsq((rows * root).T, root * (before - now).ravel().astype(np.float64), rcond=None)[0]
    np.testing.assert_allclose(motion(before, now), expected[:3], atol=1e-5)


def test_brightness_is_no_movement() -> None:
    before = small_grey(crop(texture(), _ROI))
    np.testing.assert_allclose(motion(before, before + 20.0), 0.0, atol=1e-3)


def test_a_plain_wall_moves_nowhere_and_nothing_moves_out_of_sight() -> None:
    plain = np.full((40, 40), 90.0, np.float32)
    np.testing.assert_allclose(motion(plain, plain), 0.0, atol=1e-9)
    other = np.random.default_rng(0).uniform(0, 255, (40, 40)).astype(np.float32)
    assert np.abs(motion(other, plain)).max() <= 0.15
    assert np.isfinite(motion(plain, other)).all()


def test_a_roi_moves_with_what_is_seen_in_another_one() -> None:
    by = motion(*(small_grey(crop(picture, _ROI)) for picture in (texture(), texture(right=2.4))))
    np.testing.assert_allclose(moved(_ROI, by, _ROI), _ROI + [2.4, 0.0, 2.4, 0.0], atol=0.7)
    inner = square((170.0, 110.0), 60.0)
    grown = moved(inner, by._replace(right=0.0, down=0.0, growth=0.1), _ROI)
    np.testing.assert_allclose(grown, square((171.0, 109.0), 66.0))  # about the middle of what was looked at
