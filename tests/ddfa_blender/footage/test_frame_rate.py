# SPDX-License-Identifier: GPL-3.0-or-later
"""Rates of footage from made-up time stamps."""

from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.footage.frame_rate import FrameRate, average_rate, is_variable, nearest_rate, rate_text


def stamps(rate: float, seconds: float, decimals: int = 6) -> np.ndarray:
    """A container's time stamps, rounded as it rounds them."""
    return np.round(np.arange(round(seconds * rate)) / rate, decimals)


@pytest.mark.parametrize("decimals", [3, 6])
@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        (30 / 1.001, FrameRate(30, 1.001)),
        (24 / 1.001, FrameRate(24, 1.001)),
        (60 / 1.001, FrameRate(60, 1.001)),
        (120 / 1.001, FrameRate(120, 1.001)),
        (24.0, FrameRate(24)),
        (25.0, FrameRate(25)),
        (30.0, FrameRate(30)),
        (50.0, FrameRate(50)),
        (240.0, FrameRate(240)),
    ],
)
def test_the_rates_of_editors_come_back_exactly(rate: float, expected: FrameRate, decimals: int) -> None:
    """From stamps in whole milliseconds (Matroska) as from finer ones."""
    time = stamps(rate, 60.0, decimals)
    assert not is_variable(time)
    assert nearest_rate(average_rate(time), float(time[-1] - time[0])) == expected


@pytest.mark.parametrize("rate", [29.5, 27.3314, 14.987, 23.99, 0.4])
def test_any_other_rate_is_kept_to_the_last_digit(rate: float) -> None:
    found = nearest_rate(rate, 60.0)
    assert found.fps >= 1 and found.value == pytest.approx(rate, rel=1e-12)


def test_a_standard_rate_is_chosen_only_if_it_moves_nothing_by_more_than_a_millisecond() -> None:
    """29.98 is nearly 29.97, but over a minute 20 ms off; over a second nobody can tell."""
    for rate, seconds in ((29.98, 60.0), (29.98, 1.0), (30.0004, 60.0), (30.002, 60.0)):
        found = nearest_rate(rate, seconds)
        assert abs(seconds * (rate / found.value - 1.0)) <= 1e-3
    assert nearest_rate(29.98, 1.0) == FrameRate(30, 1.001)
    assert nearest_rate(29.98, 60.0).value == pytest.approx(29.98)


def test_variable_means_more_than_rounded() -> None:
    even = stamps(59.94, 10.0, 3)
    assert not is_variable(even)
    dropped = np.delete(even, 100)
    assert is_variable(dropped)
    assert average_rate(dropped) == pytest.approx((len(even) - 2) / even[-1])


def test_a_single_frame_has_no_rate() -> None:
    assert average_rate([0.0]) == 0.0
    assert not is_variable([0.0])
    with pytest.raises(ValueError, match="not a frame rate"):
        nearest_rate(0.0, 0.0)


def test_rates_as_people_write_them() -> None:
    assert [rate_text(r) for r in (30 / 1.001, 24 / 1.001, 60.0, 12.5)] == ["29.97", "23.98", "60", "12.5"]
