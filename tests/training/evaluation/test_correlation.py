# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from training.evaluation.correlation import FEWEST_FRAMES, correlation, moving_correlations, pooled_correlation

TIME = np.arange(200) / 25.0


def test_gain_and_offset_do_not_matter_and_a_sign_does() -> None:
    curve = np.sin(TIME)
    assert correlation(0.2 * curve + 3.0, curve) == pytest.approx(1.0)
    assert correlation(-curve, curve) == pytest.approx(-1.0)


def test_a_quarter_period_apart_there_is_none() -> None:
    turn = 2.0 * np.pi * np.arange(100) / 100.0
    assert correlation(np.cos(turn), np.sin(turn)) == pytest.approx(0.0, abs=1e-12)


def test_noise_of_known_strength() -> None:
    # r = s/√(s² + n²) for a signal of deviation s and independent noise of deviation n.
    rng = np.random.default_rng(4)
    signal, noise = rng.normal(0.0, 1.0, 40000), rng.normal(0.0, 0.75, 40000)
    assert correlation(signal + noise, signal) == pytest.approx(0.8, abs=0.01)


def test_frames_that_either_lacks_are_left_out() -> None:
    curve, other = np.sin(TIME), np.sin(TIME)
    curve[20:40], other[60:90] = np.nan, np.nan
    assert correlation(curve, other) == pytest.approx(1.0)
    other[45] = 500.0
    assert correlation(curve, other) < 0.5
    curve[45] = np.nan
    assert correlation(curve, other) == pytest.approx(1.0)


def test_a_curve_that_stands_still() -> None:
    assert correlation(np.zeros(50), np.sin(TIME[:50])) == 0.0
    assert np.isnan(correlation(np.sin(TIME[:50]), np.zeros(50)))
    assert np.isnan(correlation(np.full(50, np.nan), np.sin(TIME[:50])))


def test_only_channels_that_move_in_the_reference_count() -> None:
    amplitude = np.array([0.08, 0.06])  # deviation of a sine: amplitude ÷ √2 = 0.0566 and 0.0424
    reference = np.sin(2.0 * np.pi * np.arange(100)[:, None] / 50.0) * amplitude
    result = moving_correlations(0.5 * reference, reference)
    assert result[0] == pytest.approx(1.0)
    assert np.isnan(result[1])
    # Whether our own curve moves decides nothing.
    assert moving_correlations(np.zeros_like(reference), reference)[0] == 0.0


def test_whether_a_channel_moves_is_decided_where_both_track() -> None:
    reference = np.zeros((100, 1))
    reference[80:90] = 1.0
    measured = reference.copy()
    measured[75:95] = np.nan
    assert np.isnan(moving_correlations(measured, reference)[0])


def test_too_few_shared_frames_say_nothing() -> None:
    track = np.sin(np.arange(60.0))[:, None]
    part = track.copy()
    part[FEWEST_FRAMES - 1 :] = np.nan
    assert np.isnan(moving_correlations(part, track)[0])
    part[FEWEST_FRAMES - 1] = track[FEWEST_FRAMES - 1]
    assert moving_correlations(part, track)[0] == pytest.approx(1.0)


def test_pooling_sees_the_levels_of_the_clips() -> None:
    curve = np.sin(TIME)
    assert pooled_correlation([curve, curve + 5.0], [curve, curve]) < 0.5
    assert pooled_correlation([curve, curve + 5.0], [curve, curve + 5.0]) == pytest.approx(1.0)
