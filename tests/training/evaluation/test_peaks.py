# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from training.evaluation.peaks import Retention, find_events, peak_heights

FPS = 30.0
TIME = np.arange(300) / FPS


def blinks(*seconds: float, height: float = 0.8, width: float = 0.05) -> np.ndarray:
    """Bell-shaped pulses on a level of 0.1."""
    return 0.1 + np.sum([height * np.exp(-(((TIME - t) / width) ** 2)) for t in seconds], axis=0)


def kept(measured: np.ndarray, reference: np.ndarray, least: float = 0.2) -> Retention:
    return Retention.of(*peak_heights(measured, find_events(reference, TIME, least)))


def test_events_are_where_the_pulses_are() -> None:
    events = find_events(blinks(2.0, 5.0, 7.5), TIME, 0.2)
    assert [event.frame for event in events] == [60, 150, 225]
    assert [event.height for event in events] == pytest.approx([0.8] * 3, abs=1e-6)


def test_small_bumps_are_no_events() -> None:
    assert find_events(blinks(2.0, 5.0, height=0.15), TIME, 0.2) == []


@pytest.mark.parametrize("gain", [0.25, 0.9, 1.3])
def test_a_known_gain_comes_out(gain: float) -> None:
    reference = blinks(2.0, 5.0, 7.5)
    result = kept(gain * reference + 0.3, reference)
    assert result.events == 3 and result.kept == pytest.approx(gain)


def test_freezing_keeps_nothing() -> None:
    assert kept(np.full(300, 0.4), blinks(2.0, 5.0)).kept == 0.0


def test_a_known_filter_costs_what_it_must() -> None:
    # The mean of 2k+1 samples of a triangle of half-width n takes k(k+1)/((2k+1)·n) off its peak.
    reference = np.zeros(300)
    half = 10
    reference[150 - half : 150 + half + 1] = 1.0 - np.abs(np.arange(-half, half + 1)) / half
    smooth = np.convolve(reference, np.full(5, 0.2), mode="same")
    assert kept(smooth, reference).kept == pytest.approx(1.0 - 2 * 3 / (5 * half))


def test_a_little_lag_costs_nothing_and_more_does() -> None:
    reference = blinks(2.0, 5.0)
    assert kept(np.roll(reference, 2), reference).kept == pytest.approx(1.0)
    assert kept(np.roll(reference, 8), reference).kept < 0.1


def test_events_that_were_not_tracked_are_left_out() -> None:
    reference = blinks(2.0, 5.0)
    measured = 0.5 * reference
    measured[58:62] = np.nan
    result = kept(measured, reference)
    assert result.events == 1 and result.kept == pytest.approx(0.5)
    gap = reference.copy()
    gap[150] = np.nan
    assert [event.frame for event in find_events(gap, TIME, 0.2)] == [60]


def test_without_events_there_is_no_figure() -> None:
    result = kept(np.zeros(300), np.zeros(300))
    assert result.events == 0 and np.isnan(result.kept)
    assert find_events(np.full(300, np.nan), TIME, 0.2) == []
