# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.footage.frame_size import in_size, size_of


def test_a_size_is_width_and_height() -> None:
    assert size_of(np.zeros((3, 7, 3))) == (7, 3)
    assert size_of(np.zeros((3, 7))) == (7, 3)


def test_what_has_the_size_already_is_not_copied() -> None:
    image = np.zeros((4, 6, 3), np.uint8)
    assert in_size(image, (6, 4)) is image


@pytest.mark.parametrize(
    ("size", "inside"),
    [
        ((40, 20), np.s_[:, 10:30]),  # wider: bars at both sides
        ((20, 40), np.s_[10:30, :]),  # taller: bars above and below
        ((10, 10), np.s_[:, :]),
        ((60, 60), np.s_[:, :]),
    ],
)
def test_pictures_stay_whole_and_undistorted_in_the_middle(size: tuple[int, int], inside: tuple[slice, slice]) -> None:
    result = in_size(np.full((20, 20, 3), 200, np.uint8), size)
    assert size_of(result) == size and result.dtype == np.uint8
    assert (result[inside] == 200).all()
    bars = np.ones(result.shape[:2], bool)
    bars[inside] = False
    assert (result[bars] == 0).all()


def test_grey_pictures_stay_grey_and_slivers_keep_a_pixel() -> None:
    assert in_size(np.full((10, 10), 9, np.uint8), (4, 8)).shape == (8, 4)
    sliver = in_size(np.full((1, 1000, 3), 255, np.uint8), (100, 50))
    assert size_of(sliver) == (100, 50) and (sliver.max(axis=(1, 2)) == 255).sum() == 1
