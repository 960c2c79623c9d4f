# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ddfa_blender.cleaning.channel_groups import GAZE
from ddfa_blender.cleaning.neutral import NeutralSettings, neutralised, resting_frames
from ddfa_blender.errors import CaptureError
from ddfa_blender.names import ARKIT_INDEX
from ddfa_blender.performance import Solution
from tests.ddfa_blender.signals import blink, still_solution

TIME = np.arange(600) / 30.0
#: What this actor's face shows at rest.
REST = {"browInnerUp": 0.3, "mouthSmileLeft": 0.1, "mouthSmileRight": 0.12, "jawOpen": 0.05, "eyeSquintLeft": 0.2}
AUTOMATIC = NeutralSettings("automatic")


def actor(lost: slice | None = None) -> Solution:
    """Rests for 6 seconds, then talks, raises the brows to the limit, holds a smile, and blinks all the while."""
    random = np.random.default_rng(0)
    talking = np.where((TIME > 6.0) & (TIME < 12.0), 0.5 + 0.5 * np.sin(25.0 * TIME), 0.0)
    smiling = np.where(TIME > 14.0, 0.6, 0.0)
    brows = np.where((TIME > 8.0) & (TIME < 9.0), 1.0, REST["browInnerUp"])
    lids = np.max([blink(TIME, at, 0.2) for at in (1.0, 4.5, 8.0, 13.0, 17.0)], axis=0)
    units = {name: level + random.normal(0.0, 0.005, len(TIME)) for name, level in REST.items()}
    units |= {
        "browInnerUp": brows,
        "jawOpen": units["jawOpen"] + 0.6 * talking,
        "mouthSmileLeft": units["mouthSmileLeft"] + smiling,
        "mouthSmileRight": units["mouthSmileRight"] + smiling,
        "eyeBlinkLeft": 0.2 + 0.5 * lids,
        "eyeBlinkRight": 0.1 + 0.7 * lids,
        "eyeLookDownLeft": np.full(len(TIME), 0.3),
        "eyeLookUpLeft": np.full(len(TIME), 0.05),
        "eyeLookInRight": np.where((TIME > 8.0) & (TIME < 10.0), 1.0, 0.0),
        "eyeLookOutRight": np.where(TIME < 8.0, 0.2, 0.0),
    }
    solution = still_solution(TIME, lost, **units)
    solution.expression[:] += 0.8 + random.normal(0.0, 0.02, (len(TIME), 10))
    solution.expression[:, 0] += talking + smiling
    return solution


def column(solution: Solution, name: str) -> np.ndarray:
    return solution.arkit[:, ARKIT_INDEX[name]]


def test_off_changes_nothing() -> None:
    solution = actor()
    assert neutralised(solution, NeutralSettings()) is solution


@pytest.mark.parametrize(
    "settings", [AUTOMATIC, NeutralSettings("time", time=3.0), NeutralSettings("range", start=2.0, end=4.0)]
)
def test_rest_becomes_zero_and_full_stays_full(settings: NeutralSettings) -> None:
    neutral = neutralised(actor(), settings)
    resting = TIME < 6.0
    for name in REST:
        assert np.median(column(neutral, name)[resting]) == pytest.approx(0.0, abs=0.01)
    assert column(neutral, "browInnerUp").max() == pytest.approx(1.0, abs=1e-9)
    np.testing.assert_allclose(np.median(neutral.expression[resting], axis=0), 0.0, atol=0.02)
    # The components are offset, not stretched.
    assert np.ptp(neutral.expression[:, 0]) == pytest.approx(np.ptp(actor().expression[:, 0]))
    smile = column(neutral, "mouthSmileLeft")[TIME > 15.0]
    assert np.median(smile) == pytest.approx(0.6 / 0.9, abs=0.01)


def test_automatic_rest_is_calm_open_eyed_and_not_the_held_smile() -> None:
    resting = resting_frames(actor(), AUTOMATIC)
    assert resting.sum() >= 60
    assert ((TIME[resting] < 6.0) | ((TIME[resting] > 12.0) & (TIME[resting] < 14.0))).all()
    assert column(actor(), "eyeBlinkRight")[resting].max() < 0.15


@pytest.mark.parametrize("settings", [AUTOMATIC, NeutralSettings("time", time=3.0)])
def test_blinks_survive_and_close_the_eye(settings: NeutralSettings) -> None:
    neutral = neutralised(actor(), settings)
    for name in ("eyeBlinkLeft", "eyeBlinkRight"):
        values = column(neutral, name)
        assert np.median(values) == pytest.approx(0.0, abs=0.01)
        for at in (1.0, 4.5, 8.0, 13.0, 17.0):
            assert values[np.abs(TIME - at) < 0.05].max() == pytest.approx(1.0, abs=0.05)


def test_an_actor_who_looks_aside_while_calm_does_not_look_straight_ahead() -> None:
    """Looking at the camera while talking, aside while listening: calm faces tell nothing of the gaze."""
    talking = TIME < 14.0
    aside = np.where(talking, 0.1, 0.7)
    speech = np.where(talking, 0.3 + 0.3 * np.sin(9.0 * TIME), 0.0)
    solution = still_solution(TIME, eyeLookOutLeft=aside, eyeLookInRight=aside, jawOpen=speech)
    assert not resting_frames(solution, AUTOMATIC)[talking].any(), "the calm frames are those in which he looks aside"
    neutral = neutralised(solution, AUTOMATIC)
    for name in ("eyeLookOutLeft", "eyeLookInRight"):
        np.testing.assert_allclose(column(neutral, name)[talking], 0.0, atol=1e-9)
        np.testing.assert_allclose(column(neutral, name)[~talking], (0.7 - 0.1) / 0.9, atol=1e-9)


def test_the_usual_gaze_becomes_straight_and_the_limits_stay() -> None:
    neutral = neutralised(actor(), NeutralSettings("range", start=2.0, end=4.0))
    early = TIME < 7.0
    assert np.abs(neutral.arkit[np.ix_(early, GAZE.ravel())]).max() < 1e-9
    # In by 1 is the limit; the rest at 0 lies inwards of the usual gaze, out by 0.2.
    assert column(neutral, "eyeLookInRight")[(TIME > 8.1) & (TIME < 9.9)] == pytest.approx(1.0)
    assert column(neutral, "eyeLookInRight")[TIME > 11.0] == pytest.approx(0.2 / 1.2)
    assert (neutral.arkit[:, GAZE].min(axis=-1) == 0.0).all()


@pytest.mark.parametrize(
    ("part", "names"),
    [("face", [*REST]), ("eyelids", ["eyeBlinkLeft", "eyeBlinkRight"]), ("gaze", [
     "eyeLookDownLeft", "eyeLookUpLeft", "eyeLookInRight", "eyeLookOutRight"])],
)  # fmt: skip
def test_each_part_can_be_left_alone(part: str, names: list[str]) -> None:
    before, settings = actor(), NeutralSettings("time", time=3.0)
    all_parts, others = (neutralised(before, s) for s in (settings, replace(settings, **{part: False})))
    own = [ARKIT_INDEX[name] for name in names]
    np.testing.assert_array_equal(others.arkit[:, own], before.arkit[:, own])
    assert (all_parts.arkit[:, own] != before.arkit[:, own]).any(axis=0).all()
    rest = np.setdiff1d(np.arange(52), own)
    np.testing.assert_array_equal(others.arkit[:, rest], all_parts.arkit[:, rest])
    assert (others.expression is before.expression) == (part == "face")


def test_a_face_held_through_the_whole_clip_is_not_taken_for_rest_entirely() -> None:
    solution = still_solution(TIME, mouthSmileLeft=0.9)
    assert column(neutralised(solution, AUTOMATIC), "mouthSmileLeft") == pytest.approx(0.8)
    # Who says that it is the neutral face is believed, within what can be stretched.
    chosen = neutralised(solution, NeutralSettings("time", time=1.0))
    assert column(chosen, "mouthSmileLeft") == pytest.approx(0.0, abs=1e-9)


def test_what_is_held_in_the_calmest_frames_is_no_rest_where_the_clip_shows_less_of_it() -> None:
    """Puckers for five seconds, then smiles harder for fifteen: neither is how this face rests."""
    pucker, smile = np.where(TIME < 5.0, 0.45, 0.01), np.where(TIME < 5.0, 0.02, 0.8)
    solution = still_solution(TIME, mouthPucker=pucker, mouthSmileLeft=smile, browInnerUp=0.3)
    assert resting_frames(solution, AUTOMATIC)[0]
    neutral = neutralised(solution, AUTOMATIC)
    assert column(neutral, "mouthPucker")[0] > 0.43
    assert column(neutral, "mouthSmileLeft")[-1] > 0.79
    np.testing.assert_allclose(column(neutral, "browInnerUp"), 0.0, atol=1e-9)


def test_lost_frames_count_for_nothing_and_stay_lost() -> None:
    lost = slice(60, 300)
    for settings in (AUTOMATIC, NeutralSettings("range", start=1.2, end=6.0)):
        neutral = neutralised(actor(lost), settings)
        assert np.isnan(neutral.arkit[lost]).all() and np.isfinite(neutral.arkit[300:]).all()
        assert np.median(column(neutral, "browInnerUp")[:60]) == pytest.approx(0.0, abs=0.01)


def test_where_the_face_was_lost_there_is_no_neutral_face() -> None:
    with pytest.raises(CaptureError, match=r"not seen between 3\.90 s and 4\.10 s"):
        resting_frames(actor(slice(60, 300)), NeutralSettings("time", time=4.0))
    with pytest.raises(CaptureError, match="another moment"):
        resting_frames(actor(), NeutralSettings("range", start=50.0, end=60.0))


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_frames(count: int) -> None:
    solution = still_solution(np.arange(count) / 30.0, mouthPucker=0.3, eyeBlinkLeft=0.2)
    for settings in (AUTOMATIC, NeutralSettings("time", time=0.0)):
        neutral = neutralised(solution, settings)
        np.testing.assert_allclose(neutral.arkit, 0.0, atol=1e-9)


def test_all_frames_but_one_are_lost() -> None:
    solution = still_solution(TIME, mouthPucker=0.3)
    for values in (solution.arkit, solution.expression):
        values[:-1] = np.nan
    solution.tracked[:-1] = False
    assert column(neutralised(solution, AUTOMATIC), "mouthPucker")[-1] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    "settings", [{"mode": "magic"}, {"time": float("nan")}, {"mode": "range", "start": 2.0, "end": 1.0}]
)
def test_senseless_settings_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(CaptureError):
        NeutralSettings(**settings)  # type: ignore[arg-type]
