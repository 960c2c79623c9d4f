# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import cv2
import numpy as np
import pytest

from ddfa_blender.tracking.alignment import motion, moved, small_grey
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
