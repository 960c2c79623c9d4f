# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.smoothing import smooth

UNEVEN = np.cumsum(np.random.default_rng(5).uniform(0.02, 0.06, 80))


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


def test_noise_goes_down_and_peaks_stay() -> None:
    time = np.arange(300) / 60.0
    noise = np.random.default_rng(2).normal(size=300)
    assert smooth(time, noise, 0.25).std() < 0.6 * noise.std()
    blink = np.exp(-(((time - 2.5) / 0.08) ** 2))
    assert smooth(time, blink, 0.15).max() > 0.93


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
