# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.channels import stored, turned_back, whole_rgb
from ddfa_blender.tracking.detector import _to_input
from ddfa_blender.tracking.roi import CROPS
from ddfa_blender.tracking.scene_cut import SceneCuts

RGB = np.random.default_rng(3).integers(0, 255, (90, 160, 3), dtype=np.uint8)
#: The same picture, as a view of what a decoder stores.
VIEW = np.ascontiguousarray(RGB[..., ::-1])[..., ::-1]


def test_a_view_is_the_picture_and_costs_no_copy() -> None:
    np.testing.assert_array_equal(VIEW, RGB)
    pixels, turned = stored(VIEW)
    assert turned and pixels.flags.c_contiguous and np.shares_memory(pixels, VIEW)
    np.testing.assert_array_equal(turned_back(pixels, turned), RGB)
    whole = whole_rgb(VIEW)
    assert whole.flags.c_contiguous
    np.testing.assert_array_equal(whole, RGB)


def test_a_picture_in_one_piece_stays_as_it_is() -> None:
    pixels, turned = stored(RGB)
    assert pixels is RGB and not turned
    assert whole_rgb(RGB) is RGB


@pytest.mark.parametrize("name", CROPS)
@pytest.mark.parametrize("roi", [(30, 10, 70, 50), (-20, -30, 130, 120), (3.3, 5.7, 50.1, 52.5), (100, 20, 220, 140)])
def test_crops_of_a_view_are_those_of_the_picture(name: str, roi: tuple[float, ...]) -> None:
    np.testing.assert_array_equal(CROPS[name](VIEW, roi), CROPS[name](RGB, roi))


def test_detection_and_cuts_see_the_same_in_a_view() -> None:
    (a, scale_a), (b, scale_b) = _to_input(VIEW, 64), _to_input(RGB, 64)
    np.testing.assert_array_equal(a, b)
    assert scale_a == scale_b
    one, other = SceneCuts(), SceneCuts()
    for shift in range(4):
        picture = np.roll(RGB, 30 * shift, axis=1)
        view = np.ascontiguousarray(picture[..., ::-1])[..., ::-1]
        assert one.is_cut(view) == other.is_cut(picture)
