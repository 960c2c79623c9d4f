# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.footage.missing_frames import believable_rate, with_missing


def test_evenly_spaced_footage_lacks_nothing() -> None:
    times = [i / 30.0 for i in range(90)]
    assert with_missing(times, list(range(90))) == (times, list(range(90)))


def test_a_gap_gets_as_many_frames_as_the_footage_would_have_had() -> None:
    times = [i / 25.0 for i in range(50) if not 10 <= i < 30]
    all_times, found = with_missing(times, ["face"] * len(times))
    np.testing.assert_allclose(all_times, np.arange(50) / 25.0, atol=1e-12)
    assert [i for i, what in enumerate(found) if what is None] == list(range(10, 30))


@pytest.mark.parametrize("pause", [0.49, 0.3])
def test_a_short_pause_is_how_some_cameras_are(pause: float) -> None:
    times = [0.0, 0.04, 0.08, 0.08 + pause, 0.12 + pause]
    assert with_missing(times, "abcde") == (times, list("abcde"))


def test_slow_footage_has_no_gaps_between_its_frames() -> None:
    times = [0.0, 1.0, 2.0, 3.0, 5.0]  # a picture a second, and twice a second without one: less than four intervals
    assert with_missing(times, "abcde") == (times, list("abcde"))


def test_a_gap_of_hours_is_not_filled_with_millions() -> None:
    times, found = with_missing([0.0, 0.04, 0.08, 36_000.0, 36_000.04], "abcde")
    assert len(found) == 1005 and found.count(None) == 1000
    assert (np.diff(times) > 0.0).all()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_frames_to_tell_what_is_usual(count: int) -> None:
    times = [0.0, 100.0][:count]
    assert with_missing(times, "ab"[:count]) == (times, list("ab"[:count]))


def test_a_mean_rate_that_a_jump_of_the_clock_made_is_not_believed() -> None:
    times = [i / 30.0 for i in range(30)]
    assert believable_rate(0.002, times) == pytest.approx(30.0)
    assert believable_rate(29.97, times) == 29.97
    assert believable_rate(24.0, [0.0]) == 24.0
