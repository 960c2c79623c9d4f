# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.cleaning.thinning import thin, thin_each
from tests.ddfa_blender.signals import about, blink

FRAMES = np.cumsum(np.random.default_rng(0).uniform(0.3, 1.5, 400))


def walk(channels: int, seed: int = 1) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).normal(0.0, 0.05, (400, channels)), axis=0)


def missed(frames: np.ndarray, values: np.ndarray, kept: np.ndarray) -> float:
    return float(np.abs(np.interp(frames, frames[kept], values[kept]) - values).max())


@pytest.mark.parametrize("tolerance", [0.0, 0.01, 0.1, 10.0])
def test_the_error_is_bounded_and_is_the_one_that_is_told(tolerance: float) -> None:
    values = walk(5)
    each = thin_each(FRAMES, values, np.full(5, tolerance))
    for column, keys in enumerate(each):
        error = missed(FRAMES, values[:, column], keys.kept)
        assert error <= tolerance + 1e-12
        assert keys.error == pytest.approx(error, abs=1e-12)
        assert keys.kept[0] == 0 and keys.kept[-1] == 399 and (np.diff(keys.kept) > 0).all()
    counts = [len(keys.kept) for keys in each]
    assert (max(counts) == 2) if tolerance == 10.0 else (min(counts) > 2)


def test_each_curve_has_its_own_tolerance_and_is_thinned_as_if_alone() -> None:
    values, tolerances = walk(3), np.array([0.02, 0.1, 0.3])
    for column, keys in enumerate(thin_each(FRAMES, values, tolerances)):
        alone = thin(FRAMES, values[:, column], tolerances[column])
        np.testing.assert_array_equal(keys.kept, alone.kept)
        assert keys.error == alone.error


def test_straight_lines_need_their_corners_only() -> None:
    corners = np.array([0, 70, 71, 200, 399])
    values = np.interp(FRAMES, FRAMES[corners], [0.0, 1.0, -1.0, -1.0, 0.3])
    keys = thin(FRAMES, values, 0.0)
    np.testing.assert_array_equal(keys.kept, corners)
    assert keys.error < 1e-12


def test_a_wider_tolerance_keeps_fewer() -> None:
    values = walk(1)[:, 0]
    counts = [len(thin(FRAMES, values, tolerance).kept) for tolerance in (0.0, 0.02, 0.05, 0.1, 0.5)]
    assert counts == sorted(counts, reverse=True) and counts[-1] < counts[0] / 4


def test_turns_stay_with_their_exact_height() -> None:
    time = np.arange(400) / 30.0
    values = 0.3 * np.sin(time) + 0.8 * blink(time, 4.01, 0.2) + 0.8 * blink(time, 8.02, 0.2)
    kept = set(thin(np.arange(400.0), values, 0.1).kept.tolist())
    for at in (4.01, 8.02):
        near = np.flatnonzero(np.abs(time - at) < 0.1)
        assert near[values[near].argmax()] in kept
    assert 130 + int(values[130:160].argmin()) in kept


def test_wiggles_within_the_tolerance_are_no_turns() -> None:
    values = 0.009 * (-1.0) ** np.arange(400)
    assert thin(FRAMES, values, 0.02).kept.tolist() == [0, 399]


def test_curves_together_keep_the_same_keys() -> None:
    values = about(1, 20.0 * np.sin(FRAMES / 20.0)) + 0.002 * walk(4, 3)
    keys = thin(FRAMES, values, 0.01)
    assert max(missed(FRAMES, values[:, column], keys.kept) for column in range(4)) == pytest.approx(keys.error)
    assert keys.error <= 0.01 and len(keys.kept) < 200


def test_gaps_keep_their_borders() -> None:
    filled = np.zeros(400, bool)
    filled[100:110] = filled[300] = True
    keys = thin(FRAMES, np.zeros(400), 0.1, filled)
    assert keys.kept.tolist() == [0, 99, 100, 109, 110, 299, 300, 301, 399]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_keys(count: int) -> None:
    keys = thin(np.arange(count), np.zeros(count), 0.1)
    assert keys.kept.tolist() == sorted({0, count - 1}) and keys.error == 0.0


@pytest.mark.parametrize(
    ("frames", "values", "tolerance"),
    [
        ([0.0, 1.0], [0.0, np.nan], 0.1),
        ([0.0, 0.0], [0.0, 1.0], 0.1),
        ([0.0, 1.0], [0.0, 1.0, 2.0], 0.1),
        ([0.0, 1.0], [0.0, 1.0], -0.1),
        ([], [], 0.1),
    ],
)
def test_what_is_no_curve_is_refused(frames: list[float], values: list[float], tolerance: float) -> None:
    with pytest.raises(ValueError, match=r"frames|values|length"):
        thin(frames, values, tolerance)
    with pytest.raises(ValueError, match="do not fit"):
        thin_each(FRAMES, walk(2), [0.1])
