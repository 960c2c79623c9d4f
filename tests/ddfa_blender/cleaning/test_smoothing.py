# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from ddfa_blender.cleaning.smoothing import Smoother, Smoothing
from ddfa_blender.errors import CaptureError
from tests.ddfa_blender.signals import about, blink

UNEVEN = np.cumsum(np.random.default_rng(5).uniform(0.02, 0.06, 80))


def smooth(time: ArrayLike, values: ArrayLike, window: float, **options: Any) -> np.ndarray:
    return Smoother(time).smooth(values, window, **options)


def test_off_means_untouched() -> None:
    values = np.random.default_rng(0).normal(size=(80, 3))
    np.testing.assert_array_equal(smooth(UNEVEN, values, 0.0), values)


def test_a_quadratic_passes_unchanged_ends_included() -> None:
    values = np.stack([2.0 - UNEVEN + 3.0 * UNEVEN**2, UNEVEN], axis=1)
    np.testing.assert_allclose(smooth(UNEVEN, values, 0.4), values, atol=1e-9)


def test_smoothing_backwards_gives_the_same_backwards() -> None:
    values = np.random.default_rng(1).normal(size=(80, 2))
    forward = smooth(UNEVEN, values, 0.3)
    backward = smooth(-UNEVEN[::-1], values[::-1], 0.3)[::-1]
    np.testing.assert_allclose(forward, backward, atol=1e-9)


def test_a_sine_is_not_delayed() -> None:
    time = np.arange(200) / 50.0
    wave = np.sin(2.0 * np.pi * time)
    smoothed = smooth(time, wave, 0.3)[40:160]
    quadrature = np.cos(2.0 * np.pi * time)[40:160]
    # 120 frames are no whole number of periods; project on both phases by least squares.
    phases = np.stack([wave[40:160], quadrature], axis=1)
    amplitude, delay = np.linalg.lstsq(phases, smoothed, rcond=None)[0]
    assert abs(delay) < 1e-9
    assert 0.97 < amplitude < 1.0


def test_noise_goes_down() -> None:
    time = np.arange(300) / 60.0
    noise = np.random.default_rng(2).normal(size=300)
    for keep_peaks in (0.0, 1.0):
        assert smooth(time, noise, 0.25, keep_peaks=keep_peaks).std() < 0.6 * noise.std()


@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0])
@pytest.mark.parametrize(("window", "plain_keeps"), [(0.3, 0.8), (0.5, 0.6), (1.0, 0.35)])
def test_blinks_and_plosives_keep_their_height_while_jitter_goes(fps: float, window: float, plain_keeps: float) -> None:
    random = np.random.default_rng(3)
    time = np.arange(int(40 * fps)) / fps
    moments = np.arange(2.0, 38.0, 2.0) + random.uniform(0.0, 1.0 / fps, 18)
    true = np.stack([sum(0.85 * blink(time, at, 0.15) for at in moments),
                     sum(0.5 * blink(time, at, 0.2) for at in moments)], axis=1)  # fmt: skip
    noise = random.normal(0.0, 0.015, true.shape)
    near = np.abs(time[:, None] - moments).min(axis=1)

    def kept(values: np.ndarray) -> np.ndarray:
        tops = [values[np.abs(time - at) < 0.12].max(axis=0) / true[np.abs(time - at) < 0.12].max(axis=0)
                for at in moments]  # fmt: skip
        return np.mean(tops, axis=0)

    def jitter(values: np.ndarray) -> float:
        return float(np.diff(values, 2, axis=0)[near[1:-1] > window / 2.0 + 0.15].std())

    plain = smooth(time, true + noise, window)
    sharp = smooth(time, true + noise, window, keep_peaks=1.0, floor=0.02)
    assert kept(plain)[0] < plain_keeps
    assert (kept(sharp) > [0.95, 0.90]).all()
    assert jitter(sharp) < 1.3 * jitter(plain) < 0.35 * jitter(noise)


def test_a_blink_of_one_frame_stays() -> None:
    """Seen in footage at 30 frames per second."""
    time = np.arange(90) / 30.0
    values = np.random.default_rng(4).normal(0.0, 0.01, 90)
    values[45] = 0.75
    assert smooth(time, values, 0.5, keep_peaks=1.0)[45] > 0.7
    assert smooth(time, values, 0.5, keep_peaks=0.5)[45] == pytest.approx(
        (smooth(time, values, 0.5)[45] + smooth(time, values, 0.5, keep_peaks=1.0)[45]) / 2.0
    )


def test_what_is_below_the_floor_is_smoothed_away() -> None:
    time = np.arange(300) / 30.0
    values = 0.01 * blink(time, 5.0, 0.2)  # no noise at all, so that it would stand out
    assert smooth(time, values, 0.6, keep_peaks=1.0)[150] > 0.0095
    assert smooth(time, values, 0.6, keep_peaks=1.0, floor=0.02)[150] < 0.0065


def test_a_vector_stands_out_as_a_whole_in_whatever_axes_it_is_given() -> None:
    time = np.arange(200) / 30.0
    random = np.random.default_rng(6)
    nod = random.normal(0.0, 0.003, (200, 3))
    nod[:, 0] += 0.2 * blink(time, 3.0, 0.4)
    turn = np.linalg.qr(random.normal(size=(3, 3)))[0]
    options = {"keep_peaks": 1.0, "floor": 0.01, "together": True}
    np.testing.assert_allclose(
        smooth(time, nod @ turn, 0.5, **options), smooth(time, nod, 0.5, **options) @ turn, atol=1e-12
    )
    assert smooth(time, nod, 0.5, **options)[90, 0] > 0.18


def test_a_rotation_through_a_full_turn_stays_one() -> None:
    time = np.arange(120) / 30.0
    turning = about(2, 90.0 * time)
    smoothed = smooth(time, turning, 0.4, keep_peaks=1.0, together=True)
    smoothed /= np.linalg.norm(smoothed, axis=1, keepdims=True)
    np.testing.assert_allclose(smoothed, turning, atol=1e-4)


def test_channels_that_stand_still_stay_exactly() -> None:
    values = np.stack([np.full(80, 0.3), UNEVEN], axis=1)
    np.testing.assert_allclose(smooth(UNEVEN, values, 0.5, keep_peaks=1.0), values, atol=1e-9)


def test_few_frames_and_wide_gaps_keep_their_values() -> None:
    np.testing.assert_array_equal(smooth([0.0, 1.0], [[1.0], [5.0]], 3.0), [[1.0], [5.0]])
    sparse = np.arange(6) * 10.0
    np.testing.assert_array_equal(smooth(sparse, sparse**3, 1.0), sparse**3)


@pytest.mark.parametrize("shape", [(80,), (80, 4), (80, 2, 3)])
def test_channels_may_have_any_shape(shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(3).normal(size=shape)
    smoothed = smooth(UNEVEN, values, 0.2)
    assert smoothed.shape == shape
    np.testing.assert_allclose(
        smoothed.reshape(80, -1)[:, -1], smooth(UNEVEN, values.reshape(80, -1)[:, -1], 0.2), atol=1e-12
    )


@pytest.mark.parametrize("settings", [{"head": -1.0}, {"mouth": float("inf")}, {"keep_peaks": 1.5}])
def test_senseless_settings_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(CaptureError):
        Smoothing(**settings)
