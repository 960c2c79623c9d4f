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


def settings(**values):
    return support.module("scene.settings").BakeSettings(**values)


def variable_times(count=300, seed=4):
    """Time stamps of a phone: about 30 fps, jittered, with frames left out, in microseconds."""
    rng = np.random.default_rng(seed)
    return np.round(
        np.concatenate([[0.0], np.cumsum(rng.choice([1, 1, 1, 2, 5], count) / 30 + rng.normal(0, 2e-3, count))]), 6
    )


@pytest.mark.parametrize("scene_rate", [24.0, 30 / 1.001, 60 / 1.001, 12.5])
@pytest.mark.parametrize("footage", ["variable", 30 / 1.001, 60 / 1.001])
def test_each_frame_of_the_footage_lies_at_its_second_to_the_millisecond(timebase, scene_rate, footage):
    seconds = variable_times() if footage == "variable" else np.round(np.arange(3600) / footage, 6)
    clock = timebase.Timebase.of(settings(frame_start=17), scene_rate, seconds)
    frames = clock.key_frames(seconds, "SUBFRAME").astype(np.float32)  # as Blender stores them
    np.testing.assert_allclose((frames.astype(np.float64) - 17) / scene_rate, seconds, atol=1e-3)
    np.testing.assert_allclose(clock.seconds_at(clock.frame_at(seconds)), seconds, atol=1e-9)


def test_frame_by_frame_gives_each_frame_of_the_footage_one_of_the_scene(timebase):
    """Whatever the rates, and with gaps in the time stamps; the in point keeps its distance, counted in frames."""
    for seconds in (np.arange(10, 100) / 59.94, variable_times()):
        clock = timebase.Timebase.of(settings(timing="FRAMES", frame_start=5), 24.0, seconds)
        frames = clock.key_frames(seconds, "WHOLE")
        assert len(frames) == len(seconds) and np.all(np.diff(frames) == 1.0)
        np.testing.assert_allclose(clock.seconds_at(frames), seconds, atol=1e-9)
    even = np.arange(10, 100) / 59.94
    clock = timebase.Timebase.of(settings(timing="FRAMES", frame_start=5), 24.0, even)
    assert clock.frame_at(even[0]) == 15.0
    # Beyond both ends it goes on at the footage's mean rate.
    assert clock.frame_at(0.0) == pytest.approx(5.0)
    assert clock.seconds_at(clock.frame_at(3.0)) == pytest.approx(3.0)


def test_frame_by_frame_lasts_by_the_ratio_of_the_rates(timebase):
    """60 fps on 24: two and a half times as long."""
    clock = timebase.Timebase.of(settings(timing="FRAMES"), 24.0, np.arange(601) / 60.0)
    assert clock.duration_factor == pytest.approx(2.5)
    assert clock.frame_at(10.0) == pytest.approx(601.0)


def test_stretch_multiplies_the_duration_about_the_start_frame(timebase):
    seconds = np.arange(101) / 10.0
    clock = timebase.Timebase.of(settings(timing="STRETCH", stretch=2.5, frame_start=11), 24.0, seconds)
    assert clock.frame_at(0.0) == 11.0 and clock.frame_at(10.0) == pytest.approx(11.0 + 600.0)
    assert clock.duration_factor == 2.5
    # The factor counts in this mode alone.
    assert timebase.Timebase.of(settings(stretch=2.5), 24.0, seconds).frame_at(10.0) == pytest.approx(241.0)


@pytest.mark.parametrize(("fps", "fps_base"), [(24, 1.0), (30, 1.001), (24, 1.001), (25, 1.0), (60, 1.001), (120, 1.0)])
def test_ten_seconds_stay_ten_seconds_at_any_scene_rate(timebase, fps, fps_base):
    """A clip of 10 s ends 10 s after it began, measured on the scene's own clock, whatever its own rate."""
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = fps, fps_base
    rate = support.module("scene.clock").scene_rate(scene)
    clock = timebase.Timebase.of(settings(frame_start=101), rate, [0.0])
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
