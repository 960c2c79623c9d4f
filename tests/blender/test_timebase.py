# SPDX-License-Identifier: GPL-3.0-or-later
"""Seconds to frames, and resampling."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import support


@pytest.fixture
def timebase():
    return support.module("scene.timebase")


@pytest.mark.parametrize(("fps", "fps_base"), [(24, 1.0), (30, 1.001), (24, 1.001), (25, 1.0), (60, 1.001), (120, 1.0)])
def test_ten_seconds_stay_ten_seconds_at_any_scene_rate(timebase, fps, fps_base):
    """A clip of 10 s ends 10 s after it began, measured on the scene's own clock, whatever its own rate."""
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = fps, fps_base
    clock = support.module("scene.pipeline").scene_timebase(scene, 101)
    for footage_fps in (23.976, 25.0, 30000 / 1001, 59.94):
        seconds = np.append(np.arange(0.0, 10.0, 1.0 / footage_fps), 10.0)
        frames = clock.key_frames(seconds, "WHOLE")
        assert frames[0] == 101.0
        assert np.all(np.diff(frames) == 1.0)
        assert (frames[-1] - frames[0]) * scene.render.fps_base / scene.render.fps == pytest.approx(
            10.0, abs=0.5 * fps_base / fps + 1e-9
        )
        subframes = clock.key_frames(seconds, "SUBFRAME")
        assert len(subframes) == len(seconds)
        assert (subframes[-1] - 101.0) * fps_base / fps == pytest.approx(10.0, abs=1e-6)  # fps_base is a float32


@pytest.mark.parametrize("rate", [30 / 1.001, 24 / 1.001])
def test_footage_at_the_scene_rate_keys_each_of_its_frames_once(timebase, rate):
    """NTSC timestamps rounded to microseconds, as containers have them, neither drop nor double a frame."""
    seconds = np.round(np.arange(1800) / rate, 6)
    frames = timebase.Timebase(1, rate).key_frames(seconds, "WHOLE")
    np.testing.assert_array_equal(frames, np.arange(1, 1801))


def test_variable_frame_rate_follows_the_timestamps(timebase):
    """A ramp sampled at ragged times is the same ramp on whole frames."""
    rng = np.random.default_rng(0)
    seconds = np.concatenate([[0.0], np.cumsum(rng.uniform(0.005, 0.09, 200))])
    clock = timebase.Timebase(1, 24.0)
    frames = clock.key_frames(seconds, "WHOLE")
    ramp = timebase.Resampler.between(seconds, clock.seconds_at(frames)).linear(5.0 * seconds)
    expected = 5.0 * np.minimum((frames - 1) / 24.0, seconds[-1])
    np.testing.assert_allclose(ramp, expected, atol=1e-9)


def test_rotations_are_interpolated_at_constant_speed_with_continuous_sign(timebase):
    """A turn about one axis by 300°, in steps and with signs flipped at random, is linear in the angle."""
    seconds = np.linspace(0.0, 1.0, 7)
    angles = np.radians(300.0) * seconds
    axis = np.array([1.0, 2.0, 2.0]) / 3.0
    quaternions = np.column_stack([np.cos(angles / 2), np.sin(angles / 2)[:, None] * axis])
    quaternions *= np.array([1, -1, 1, 1, -1, -1, 1])[:, None]
    wanted = np.linspace(0.0, 1.0, 51)
    result = timebase.Resampler.between(seconds, wanted).rotations(quaternions)
    half = np.radians(150.0) * wanted
    expected = np.column_stack([np.cos(half), np.sin(half)[:, None] * axis])
    np.testing.assert_allclose(result * np.sign(result[0, 0]), expected, atol=1e-12)
    assert np.all(np.sum(result[1:] * result[:-1], axis=1) > 0.0)


def test_one_sample_gives_one_key(timebase):
    clock = timebase.Timebase(5, 24.0)
    for placement in ("WHOLE", "SUBFRAME"):
        frames = clock.key_frames([0.0], placement)
        np.testing.assert_array_equal(frames, [5.0])
        resampler = timebase.Resampler.between([0.0], clock.seconds_at(frames))
        np.testing.assert_array_equal(resampler.linear([[1.0, 2.0]]), [[1.0, 2.0]])


def test_ends_are_held_and_flags_take_the_nearest_sample(timebase):
    resampler = timebase.Resampler.between([0.0, 1.0], [-1.0, 0.4, 0.6, 2.0])
    np.testing.assert_allclose(resampler.linear([10.0, 20.0]), [10.0, 14.0, 16.0, 20.0])
    np.testing.assert_array_equal(resampler.nearest([True, False]), [True, True, False, False])


@pytest.mark.parametrize("times", [[], [0.0, 0.0], [1.0, 0.5]])
def test_times_that_do_not_rise_are_refused(timebase, times):
    with pytest.raises(ValueError, match="rise"):
        timebase.Resampler.between(times, [0.0])
