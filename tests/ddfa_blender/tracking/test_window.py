# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddfa_blender.tracking.roi import crop, square
from ddfa_blender.tracking.window import Window, averaged

_PICTURE = np.random.default_rng(3).integers(0, 256, (263, 341, 3), dtype=np.uint8)


@pytest.mark.parametrize("block", [1, 2, 3, 4, 5, 6, 7, 9, 12])
@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_blocks_are_means(block: int, kind: type) -> None:
    """Two averages one after the other may round twice."""
    height, width = 24 * 7 // block, 36 * 5 // block
    inside = _PICTURE[: height * block, : width * block].astype(np.float64)
    expected = inside.reshape(height, block, width, block, 3).mean(axis=(1, 3))
    found = averaged(_PICTURE[: 24 * 7, : 36 * 5].astype(kind), block)
    assert found.shape == expected.shape and found.dtype == kind
    assert np.abs(found - expected).max() <= (1.0 if kind is np.uint8 else 1e-3)


@pytest.mark.parametrize("width", range(1, 70))
def test_thirds_are_what_opencv_says_in_any_width(width: int) -> None:
    """They are picked out of means that are too many: at the right places."""
    picture = _PICTURE[:6, : 3 * width]
    expected = cv2.resize(picture, (width, 2), interpolation=cv2.INTER_AREA)
    assert np.abs(averaged(picture, 3).astype(int) - expected).max() <= 1


def test_pictures_smaller_than_a_block_are_one() -> None:
    assert averaged(_PICTURE[:2, :9], 4).shape == (1, 2, 3)
    found = crop(_PICTURE[:2, :3], square((1.0, 1.0), 500.0))
    assert np.abs(found - _PICTURE[:2, :3].mean(axis=(0, 1))).max() <= 1.0


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.tuples(st.floats(-80.0, 420.0), st.floats(-80.0, 340.0)),
    st.floats(16.0, 700.0),
    st.tuples(st.floats(-0.05, 0.05), st.floats(-0.05, 0.05)),
    st.booleans(),
)
def test_a_window_gives_what_the_picture_gives(
    middle: tuple[float, float], side: float, shift: tuple[float, float], turned: bool
) -> None:
    """Wherever the window was made: crops and cells of all that it covers are the same."""
    picture = np.ascontiguousarray(_PICTURE[..., ::-1])[..., ::-1] if turned else _PICTURE
    there = square((middle[0] + shift[0] * side, middle[1] + shift[1] * side), side * (1.0 + shift[0]))
    window, own = Window.around(picture, square(middle, side)), Window.around(picture, there)
    assert own.covers(there)
    if not window.covers(there):
        return
    # Rounding may put a place on the other side of a 1024th of a pixel.
    assert (window.crop(there) != crop(picture, there)).mean() < 1e-3
    one, other = window.cells(there), own.cells(there)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.square == other.square and (one.left, one.top) == (other.left, other.top)
        np.testing.assert_array_equal(one.grey, other.grey)


@pytest.mark.parametrize("shift", [(0.01, 0.0), (-0.01, 0.01), (0.0, -0.02)])
@pytest.mark.parametrize("side", [70.0, 118.0, 230.0])
def test_small_movements_stay_within(side: float, shift: tuple[float, float]) -> None:
    window = Window.around(_PICTURE, square((170.0, 130.0), side))
    assert window.covers(square((170.0 + side * shift[0], 130.0 + side * shift[1]), side))
    assert not window.covers(square((170.0 + side * 0.2, 130.0), side)) or side > 200.0
    assert not window.covers(square((170.0, 130.0), side * 3.0))


def test_cells_are_grey_means_at_their_places() -> None:
    y, x = np.mgrid[:240, :320]
    picture = np.repeat(((x + y) / 3.0)[..., None], 3, axis=-1).astype(np.uint8)
    roi = square((151.0, 118.0), 118.0)
    found = Window.around(picture, roi).cells(roi)
    assert found is not None
    assert found.side == 3 and found.count == 39 and found.grey.shape == (39, 39)
    middle_x, middle_y, side = found.square
    assert abs(middle_x - 151.0) <= 1.5 and abs(middle_y - 118.0) <= 1.5 and side == 117.0
    columns, rows = found.left + np.arange(39) + 0.5, found.top + np.arange(39) + 0.5
    expected = (3.0 * columns[None] + 3.0 * rows[:, None] - 1.0) / 3.0
    assert np.abs(found.grey - expected).max() <= 1.5


def test_a_roi_beyond_the_picture_has_no_cells_but_a_crop() -> None:
    roi = square((600.0, 400.0), 100.0)
    window = Window.around(_PICTURE, roi)
    assert window.cells(roi) is None
    assert (window.crop(roi) == _PICTURE[-1, -1]).all()


@pytest.mark.parametrize("roi", [[0, 0, 0, 0], [0, 0, np.nan, 5], [5, 5, 1, 1]])
def test_empty_and_endless_rois_are_refused(roi: list[float]) -> None:
    with pytest.raises(ValueError, match="region of interest"):
        Window.around(_PICTURE, np.array(roi))
