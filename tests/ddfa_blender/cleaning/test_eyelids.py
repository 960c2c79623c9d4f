# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.cleaning.eyelids import lid_levels
from tests.ddfa_blender.signals import blink

TIME = np.arange(900) / 30.0


def lids(opened: float, closed: float, moments: tuple[float, ...], noise: float = 0.01) -> np.ndarray:
    closure = np.max([blink(TIME, at, 0.2) for at in moments], axis=0) if moments else np.zeros(len(TIME))
    return opened + (closed - opened) * closure + np.random.default_rng(0).normal(0.0, noise, len(TIME))


BLINKS = (2.0, 6.5, 11.0, 15.5, 20.0, 26.0)


@pytest.mark.parametrize(("opened", "closed"), [(0.05, 0.55), (0.25, 0.85), (0.02, 0.98), (0.4, 0.9)])
def test_open_becomes_0_and_closed_becomes_1(opened: float, closed: float) -> None:
    values = lids(opened, closed, BLINKS)
    levels = lid_levels(values)
    assert levels.open == pytest.approx(opened, abs=0.02)
    calibrated = levels.calibrate(values)
    assert abs(np.median(calibrated)) < 0.03
    for at in BLINKS:
        assert calibrated[np.abs(TIME - at) < 0.05].max() > 0.95


def test_without_a_blink_resting_lids_open_and_nothing_is_stretched_to_one() -> None:
    levels = lid_levels(lids(0.3, 0.9, ()))
    assert levels.open == pytest.approx(0.3, abs=0.02) and levels.closed == 1.0


def test_half_blinks_do_not_count_as_closed() -> None:
    values = np.maximum(lids(0.1, 0.8, BLINKS[:4]), lids(0.1, 0.45, BLINKS[4:]))
    assert lid_levels(values).closed == pytest.approx(0.8, abs=0.03)


def test_a_barely_measured_blink_is_stretched_within_bounds() -> None:
    levels = lid_levels(lids(0.1, 0.35, BLINKS, noise=0.0))
    assert (levels.calibrate(np.array(0.35)) - levels.calibrate(np.array(0.1))) == pytest.approx(2.5 * 0.25, abs=0.01)


def test_long_closed_eyes_are_closed_not_open() -> None:
    values = lids(0.1, 0.8, ())
    values[300:800] = 0.8
    levels = lid_levels(values)
    assert levels.open == pytest.approx(0.1, abs=0.03) and levels.closed == pytest.approx(0.8, abs=0.03)


def test_the_resting_frames_say_how_open_open_is_unless_the_eye_is_closed_there() -> None:
    values = lids(0.1, 0.8, BLINKS)
    values[100:160] = 0.2
    resting = np.zeros(len(TIME), bool)
    resting[100:160] = True
    assert lid_levels(values, resting).open == pytest.approx(0.2)
    assert lid_levels(values, np.abs(TIME - BLINKS[0]) < 0.03).open == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("values", [[0.3], [np.nan, 0.3, np.nan], [0.3, 0.3]])
def test_hardly_any_frame(values: list[float]) -> None:
    levels = lid_levels(np.array(values))
    assert levels == (0.3, 1.0)


def test_lids_that_are_always_closed_stay_closed() -> None:
    levels = lid_levels(np.full(100, 0.9))
    assert levels.calibrate(np.array(0.9)) >= 0.7
