# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.cleaning.spikes import SpikeSettings, find_spikes, without_spikes
from ddfa_blender.errors import CaptureError
from ddfa_blender.names import ARKIT_INDEX
from ddfa_blender.performance import Solution
from tests.ddfa_blender.signals import about, blink, still_solution

ON = SpikeSettings(threshold=5.0)


def noisy(time: np.ndarray, channels: int = 1, size: float = 0.01) -> np.ndarray:
    return np.random.default_rng(0).normal(0.0, size, (len(time), channels))


def found(time: np.ndarray, values: np.ndarray, settings: SpikeSettings = ON) -> list[int]:
    return np.flatnonzero(find_spikes(time, values, settings, floor=0.05)).tolist()


@pytest.mark.parametrize(("fps", "length"), [(24, 1), (25, 1), (30, 1), (60, 3), (120, 6)])
def test_jumps_there_and_back_are_found(fps: int, length: int) -> None:
    time = np.arange(10 * fps) / fps
    values = noisy(time, 3)
    values[100 : 100 + length] += [0.3, -0.2, 0.1]
    values[200 - length : 200, 1] += 0.4
    assert found(time, values) == [*range(100, 100 + length), *range(200 - length, 200)]


def test_too_long_for_a_spike() -> None:
    time = np.arange(180) / 30.0
    values = noisy(time)
    values[100:102] += 0.5
    assert found(time, values) == []
    assert found(time, values, SpikeSettings(5.0, longest=0.07)) == [100, 101]


@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0, 120.0])
@pytest.mark.parametrize("duration", [0.12, 0.15, 0.2, 0.3, 0.4])
def test_quick_movements_with_flanks_are_no_spikes(fps: float, duration: float) -> None:
    time = np.arange(int(4 * fps)) / fps
    for phase in np.linspace(0.0, 1.0, 11):
        values = noisy(time) + 0.9 * blink(time, 2.0 + phase / fps, duration)[:, None]
        assert found(time, values) == []


def test_steps_and_saccades_are_no_spikes() -> None:
    time = np.arange(180) / 30.0
    values = noisy(time, 2)
    values[60:90] += [0.4, 0.0]
    values[90:] += [0.1, 0.5]
    assert found(time, values) == []


def test_movement_around_raises_the_bar() -> None:
    time = np.arange(180) / 30.0
    values = np.sin(8.0 * time)[:, None]  # up to 0.26 from frame to frame
    values[100] += 0.5
    assert found(time, values) == []
    values[100] += 1.0
    assert found(time, values, SpikeSettings(3.0)) == [100]


def test_noise_is_left_alone() -> None:
    time = np.arange(1800) / 30.0
    assert len(found(time, noisy(time, 1, 0.1))) <= 2


def test_uneven_frames_are_judged_by_their_times() -> None:
    time = np.arange(180) / 30.0
    time[101:] += 0.1  # a frame of 133 ms
    values = noisy(time)
    values[100] += 0.5
    values[150] += 0.5
    assert found(time, values) == [150]


def test_nothing_is_known_beside_a_gap_or_an_end() -> None:
    time = np.arange(60) / 30.0
    values = noisy(time)
    values[[1, 30, 58]] += 1.0
    values[28:29] = np.nan
    assert found(time, values) == []
    assert found(time[:4], values[:4]) == []
    assert found(time[:1], values[:1]) == []
    assert found(time, np.full((60, 2), np.nan)) == []


def test_off_finds_nothing() -> None:
    time = np.arange(60) / 30.0
    values = noisy(time)
    values[30] += 1.0
    assert found(time, values, SpikeSettings()) == []


def glitched(time: np.ndarray, frame: int) -> Solution:
    """Everything jumps in one frame."""
    random = np.random.default_rng(1)
    solution = still_solution(time, **{name: random.uniform(0.2, 0.21, len(time)) for name in ARKIT_INDEX})
    solution.head_rotation[:] = about(1, 10.0 * np.sin(time))
    solution.head_rotation[frame] = about(0, 25.0)
    solution.head_translation[frame] = [30.0, -5.0, 80.0]
    solution.expression[frame] = 2.0
    solution.arkit[frame] = 0.6
    solution.arkit[frame, [ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]] = 0.2
    return solution


def test_a_glitch_is_bridged_in_every_channel_and_reported() -> None:
    time = np.arange(90) / 30.0
    solution, frames = without_spikes(glitched(time, 40), ON)
    np.testing.assert_array_equal(np.flatnonzero(frames), [40])
    between = about(1, (10.0 * np.sin(time[39]) + 10.0 * np.sin(time[41])) / 2.0)
    np.testing.assert_allclose(solution.head_rotation[40], between, atol=1e-6)
    np.testing.assert_allclose(solution.head_translation, 0.0, atol=1e-12)
    np.testing.assert_allclose(solution.expression, 0.0, atol=1e-12)
    np.testing.assert_allclose(solution.arkit[40], (solution.arkit[39] + solution.arkit[41]) / 2.0)


def test_the_solution_itself_is_left_as_it_was() -> None:
    time = np.arange(90) / 30.0
    solution = glitched(time, 40)
    without_spikes(solution, ON)
    assert solution.arkit[40, 0] == 0.6 and solution.expression[40, 0] == 2.0


@pytest.mark.parametrize("fps", [24, 25, 30, 60])
@pytest.mark.parametrize("frames", [1, 2, 3, 4])
def test_a_blink_is_never_taken_out_nor_what_moves_with_it(fps: int, frames: int) -> None:
    """In real footage blinks of a single frame are common, and gaze, brows and components jump with the lids."""
    time = np.arange(4 * fps) / fps
    random = np.random.default_rng(2)
    solution = still_solution(time, **{name: random.uniform(0.02, 0.03, len(time)) for name in ARKIT_INDEX})
    closed = slice(2 * fps, 2 * fps + frames)
    for name, value in {"eyeBlinkLeft": 0.7, "eyeBlinkRight": 0.72, "eyeLookDownLeft": 0.5, "eyeSquintLeft": 0.3,
                        "browInnerUp": 0.4}.items():  # fmt: skip
        solution.arkit[closed, ARKIT_INDEX[name]] = value
    solution.expression[closed, 1] = 1.5
    cleaned, changed = without_spikes(solution, SpikeSettings(3.0))
    assert not changed.any()
    np.testing.assert_array_equal(cleaned.arkit, solution.arkit)
    np.testing.assert_array_equal(cleaned.expression, solution.expression)


def test_a_wink_of_one_frame_stays() -> None:
    time = np.arange(90) / 30.0
    wink = np.zeros(90)
    wink[40] = 0.6
    solution = still_solution(time, eyeBlinkRight=wink)
    cleaned, changed = without_spikes(solution, ON)
    assert cleaned.arkit[40, ARKIT_INDEX["eyeBlinkRight"]] == 0.6 and not changed.any()


def test_a_head_that_jumps_during_a_blink_is_bridged_alone() -> None:
    time = np.arange(90) / 30.0
    solution = still_solution(time, eyeBlinkLeft=0.9 * (np.arange(90) == 40))
    solution.head_rotation[40] = about(2, 15.0)
    cleaned, changed = without_spikes(solution, ON)
    np.testing.assert_array_equal(np.flatnonzero(changed), [40])
    np.testing.assert_allclose(cleaned.head_rotation[40], about(2, 0.0), atol=1e-12)
    np.testing.assert_array_equal(cleaned.arkit, solution.arkit)


@pytest.mark.parametrize("settings", [{"threshold": -1.0}, {"threshold": 0.5}, {"longest": -0.1}, {"longest": 2.0}])
def test_senseless_settings_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(CaptureError):
        SpikeSettings(**settings)
