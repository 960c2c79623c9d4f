# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import cv2
import numpy as np
import pytest

from ddfa_blender.tracking.alignment import Motion, motion, moved
from ddfa_blender.tracking.roi import square
from ddfa_blender.tracking.window import Cells, Window


def texture(right: float = 0.0, down: float = 0.0, growth: float = 0.0, about: tuple[float, float] = (160.0, 120.0)):
    """A soft pattern, moved and grown about a place."""
    noise = np.random.default_rng(5).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    soft = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 9), None, 0, 255, cv2.NORM_MINMAX)
    scale = 1.0 + growth
    matrix = np.array([[scale, 0.0, about[0] * (1.0 - scale) + right], [0.0, scale, about[1] * (1.0 - scale) + down]])
    return np.asarray(cv2.warpAffine(soft, matrix, (320, 240), borderMode=cv2.BORDER_REFLECT), np.uint8)


def cells(picture: np.ndarray, roi: np.ndarray) -> Cells:
    found = Window.around(picture, roi).cells(roi)
    assert found is not None
    return found


def plain_cells(grey: np.ndarray) -> Cells:
    return Cells(grey, 0, 0, 0, 0, len(grey), 1)


@pytest.mark.parametrize("channels", ["rgb", "view"])
@pytest.mark.parametrize("side", [60.0, 120.0, 200.0])
@pytest.mark.parametrize(
    ("right", "down", "growth"), [(0, 0, 0), (0.02, 0, 0), (-0.01, 0.025, 0), (0, 0, 0.03), (0.012, -0.017, -0.02)]
)
def test_small_movements_are_found(side: float, channels: str, right: float, down: float, growth: float) -> None:
    roi = square((160.0, 120.0), side)
    before, now = texture(), texture(right * side, down * side, growth)
    if channels == "view":
        before, now = (np.ascontiguousarray(picture[..., ::-1])[..., ::-1] for picture in (before, now))
    seen = cells(before, roi)
    found = motion(seen, cells(now, roi))
    expected = [160.0 + side * right, 120.0 + side * down]
    x0, y0, x1, y1 = moved(roi.tolist(), found, seen)
    np.testing.assert_allclose([(x0 + x1) / 2.0, (y0 + y1) / 2.0], expected, atol=0.006 * side)
    assert (x1 - x0) / side == pytest.approx(1.0 + growth, abs=0.006)


def test_movements_are_found_at_the_edge_of_the_picture() -> None:
    roi = square((290.0, 40.0), 120.0)
    seen = cells(texture(), roi)
    assert seen.grey.shape[0] < seen.count > seen.grey.shape[1]
    found = moved(roi.tolist(), motion(seen, cells(texture(2.0, -1.5), roi)), seen)
    np.testing.assert_allclose(found, roi + [2.0, -1.5, 2.0, -1.5], atol=0.8)


def test_the_movement_is_the_one_of_least_squares() -> None:
    """Against numpy's own solver, on pictures that no movement explains."""
    rng = np.random.default_rng(1)
    before, now = (cv2.GaussianBlur(rng.uniform(0, 255, (40, 40)).astype(np.float32), (0, 0), 2) for _ in range(2))
    now = (before + 0.05 * (now - before)).astype(np.uint8)
    before = before.astype(np.uint8)
    across = (np.arange(40) + 0.5) / 40.0 - 0.5
    x, y = np.meshgrid(across, across)
    right, down = cv2.Sobel(before, cv2.CV_64F, 1, 0, scale=5.0), cv2.Sobel(before, cv2.CV_64F, 0, 1, scale=5.0)
    rows = np.stack([right, down, right * x + down * y, np.ones_like(x)]).reshape(4, -1)
    root = np.exp(-(x * x + y * y) / (4.0 * 0.22**2)).ravel()
    change = before.astype(np.float64) - now
    expected = np.linalg.lstsq((rows * root).T, root * change.ravel(), rcond=None)[0]
    np.testing.assert_allclose(motion(plain_cells(before), plain_cells(now)), expected[:3], atol=1e-5)


def test_brightness_is_no_movement() -> None:
    before = (texture()[100:140, 140:180, 0] // 2).astype(np.uint8)
    np.testing.assert_allclose(motion(plain_cells(before), plain_cells(before + np.uint8(20))), 0.0, atol=1e-3)


def test_a_plain_wall_moves_nowhere_and_nothing_moves_out_of_sight() -> None:
    plain = plain_cells(np.full((40, 40), 90, np.uint8))
    np.testing.assert_allclose(motion(plain, plain), 0.0, atol=1e-9)
    other = plain_cells(np.random.default_rng(0).integers(0, 255, (40, 40)).astype(np.uint8))
    assert np.abs(motion(other, plain)).max() <= 0.15
    assert np.isfinite(motion(plain, other)).all()


def test_too_few_cells_tell_nothing() -> None:
    strip = Cells(np.zeros((2, 40), np.uint8), 0, 0, 0, -38, 40, 1)
    assert motion(strip, strip) == (0.0, 0.0, 0.0)


def test_a_roi_moves_and_grows_about_the_middle_of_what_was_looked_at() -> None:
    seen = Cells(np.zeros((40, 40), np.uint8), 30, 20, 30, 20, 40, 3)  # middle (150, 120), side 120
    inner = square((160.0, 110.0), 60.0)
    np.testing.assert_allclose(moved(inner.tolist(), Motion(0.1, 0.0, 0.0), seen), inner + [12.0, 0.0, 12.0, 0.0])
    np.testing.assert_allclose(moved(inner.tolist(), Motion(0.0, 0.0, 0.1), seen), square((161.0, 109.0), 66.0))
