# SPDX-License-Identifier: GPL-3.0-or-later
"""The footage's camera found again from what it saw."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ddfa_blender.camera_fit import centred, fit_origin, focal_length, project

FOCAL = focal_length(1920, 1080, 50.0)
ORIGIN = np.array([35.0, -60.0, -720.0])


@pytest.fixture
def points() -> NDArray[np.float64]:
    """A moving cloud of the size of a face."""
    rng = np.random.default_rng(3)
    return rng.normal(0.0, 40.0, (1, 68, 3)) + rng.normal(0.0, 30.0, (50, 1, 3))


def test_the_origin_comes_back_exactly(points: NDArray) -> None:
    np.testing.assert_allclose(fit_origin(points, project(points + ORIGIN, FOCAL), FOCAL), ORIGIN, atol=1e-6)


def test_noise_moves_it_little_and_lost_frames_not_at_all(points: NDArray) -> None:
    rng = np.random.default_rng(4)
    seen = project(points + ORIGIN, FOCAL) + rng.normal(0.0, 2.0, (50, 68, 2))
    seen[7] += 400.0  # the tracker sat on somebody else
    found = fit_origin(points, seen, FOCAL)
    np.testing.assert_allclose(found[:2], ORIGIN[:2], atol=1.0)
    assert found[2] == pytest.approx(ORIGIN[2], rel=0.01)


def test_the_view_spans_the_longer_side() -> None:
    for width, height in ((1920, 1080), (1080, 1920)):
        focal = focal_length(width, height, 50.0)
        edge = np.array([0.0, 0.0, -1000.0])
        edge[0 if width > height else 1] = 1000.0 * np.tan(np.radians(25.0))
        assert project(edge, focal).max() == pytest.approx(960.0)


def test_pixels_are_counted_from_the_middle_upwards() -> None:
    np.testing.assert_allclose(
        centred([[0.0, 0.0, 9.0], [1920.0, 1080.0, 9.0]], 1920, 1080), [[-960.0, 540.0], [960.0, -540.0]]
    )


def test_nothing_to_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="no point"):
        fit_origin(np.zeros((0, 68, 3)), np.zeros((0, 68, 2)), FOCAL)
