# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ddfa_blender.cleaning.cleanup import CleanUpSettings, clean
from ddfa_blender.cleaning.full_blinks import LidClosure, full_blinks
from ddfa_blender.cleaning.neutral import NeutralSettings
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_INDEX
from tests.ddfa_blender.signals import blink, still_solution

TIME = np.arange(300) / 30.0
BLINKS = (1.0, 3.0, 5.0, 7.0)
LEFT, RIGHT = ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]
DOWN = ARKIT_INDEX["eyeLookDownLeft"]


def units(**values: np.ndarray | float) -> np.ndarray:
    """Weights (300, 52); a name without its side is for both eyes."""
    result = np.zeros((len(TIME), 52))
    for name, value in values.items():
        for side in ("",) if name in ARKIT_INDEX else ("Left", "Right"):
            result[:, ARKIT_INDEX[name + side]] = value
    return result


def blinking(strength: float = 1.0) -> np.ndarray:
    return strength * np.max([blink(TIME, at, 0.3) for at in BLINKS], axis=0)


def lids_apart(model: MorphableModel, arkit: np.ndarray) -> np.ndarray:
    """(N, 2) how far the lids of our head are apart, left and right, beside open eyes."""
    marks = model.at_landmarks(model.mean)[:, 1] + arkit @ model.at_landmarks(model.arkit_basis)[..., 1]
    apart = np.stack([
        marks[:, [43, 44]].mean(axis=1) - marks[:, [47, 46]].mean(axis=1),
        marks[:, [37, 38]].mean(axis=1) - marks[:, [41, 40]].mean(axis=1),
    ], axis=1)  # fmt: skip
    neutral = model.at_landmarks(model.mean)[:, 1]
    return np.asarray(apart / (neutral[[43, 44]].mean() - neutral[[47, 46]].mean()))


def as_photographs_show_it() -> np.ndarray:
    """A blink as the network names it on footage: two thirds of one, the gaze down, the eye squinting."""
    closing = blinking()
    return units(eyeBlink=0.02 + 0.6 * closing, eyeLookDown=0.1 + 0.5 * closing, eyeSquint=0.15 + 0.35 * closing)


def test_a_blink_that_is_spread_over_channels_becomes_one(model: MorphableModel) -> None:
    captured = as_photographs_show_it()
    full = full_blinks(captured, model)
    peaks = np.round(np.array(BLINKS) * 30.0).astype(int)
    assert captured[peaks, LEFT].max() < 0.65
    assert full[peaks][:, [LEFT, RIGHT]].min() > 0.99
    assert full[peaks, DOWN].max() < 0.01
    assert lids_apart(model, full)[peaks].max() < 0.06 < lids_apart(model, captured)[peaks].min()
    # Nothing else changes, and nothing where the eyes are open.
    others = np.setdiff1d(np.arange(52), [LEFT, RIGHT, DOWN, ARKIT_INDEX["eyeLookDownRight"]])
    np.testing.assert_array_equal(full[:, others], captured[:, others])
    opened = lids_apart(model, captured).min(axis=1) > 0.53
    assert opened.sum() > 200
    np.testing.assert_array_equal(full[opened], captured[opened])


def test_lids_close_and_open_without_a_jump(model: MorphableModel) -> None:
    slow = np.linspace(0.0, 1.0, 300)
    captured = units(eyeBlink=0.65 * slow, eyeLookDown=0.6 * slow, eyeSquint=0.4 * slow)
    before, after = lids_apart(model, captured), lids_apart(model, full_blinks(captured, model))
    assert np.diff(after, axis=0).max() < 1e-6, "the lids go back while the eye closes"
    assert np.abs(np.diff(after, axis=0)).max() < 2.0 * np.abs(np.diff(before, axis=0)).max()
    assert np.abs(np.diff(full_blinks(captured, model), axis=0)).max() < 0.02


def test_lids_that_cross_only_meet(model: MorphableModel) -> None:
    captured = units(eyeBlink=blinking(), eyeLookDown=0.7 * blinking())
    assert lids_apart(model, captured).min() < -0.1
    full = full_blinks(captured, model)
    assert lids_apart(model, full).min() > 0.0
    np.testing.assert_allclose(full[:, LEFT].max(), 1.0)


@pytest.mark.parametrize("unit", ["eyeLookDown", "eyeSquint", "eyeWide", "eyeLookUp"])
def test_gaze_and_squint_are_no_blink(unit: str, model: MorphableModel) -> None:
    captured = units(**{unit: np.clip(1.5 * blinking(), 0.0, 1.0), "eyeBlink": 0.1})
    np.testing.assert_array_equal(full_blinks(captured, model), captured)


def test_half_blinks_stay_half_and_eyes_are_apart(model: MorphableModel) -> None:
    half = units(eyeBlinkLeft=blinking(0.7))
    np.testing.assert_allclose(full_blinks(half, model), half, atol=1e-12)
    wink = units(eyeBlinkLeft=blinking(0.8), eyeBlinkRight=0.05)
    full = full_blinks(wink, model)
    assert full[:, LEFT].max() == pytest.approx(1.0)
    np.testing.assert_array_equal(full[:, RIGHT], wink[:, RIGHT])


@pytest.mark.parametrize("apart", [0.08, 0.16, 0.24])
def test_none_of_a_pair_stays_ajar(apart: float, model: MorphableModel) -> None:
    blinks = units(eyeBlinkLeft=blinking(0.95), eyeBlinkRight=blinking(0.95 - apart))
    full = full_blinks(blinks, model)[:, [LEFT, RIGHT]]
    np.testing.assert_allclose(full.max(axis=0), 1.0, atol=0.01)
    assert (np.abs(full[:, 0] - full[:, 1]) <= apart + 1e-9).all()


def test_eyes_that_nearly_close_alike_are_not_driven_apart(model: MorphableModel) -> None:
    # A look down in which one eye's lids are read a little lower; next to it blinks, which reach no further.
    held = ((TIME > 4.0) & (TIME < 6.0)).astype(float)
    blinks = np.max([blink(TIME, at, 0.3) for at in (1.0, 3.0, 8.0)], axis=0)
    captured = units(
        eyeBlinkLeft=0.65 * held + 0.85 * blinks, eyeBlinkRight=0.48 * held + 0.85 * blinks, eyeLookDown=0.75 * held
    )
    full = full_blinks(captured, model)
    apart = np.abs(full[:, LEFT] - full[:, RIGHT])
    assert full[90, [LEFT, RIGHT]].min() > 0.99
    assert (apart <= np.abs(captured[:, LEFT] - captured[:, RIGHT]) + 1e-9).all()


def test_between_a_blink_and_a_wink_nothing_jumps(model: MorphableModel) -> None:
    other = np.linspace(0.9, 0.2, 300)
    full = full_blinks(units(eyeBlinkLeft=0.9, eyeBlinkRight=other), model)[:, [LEFT, RIGHT]]
    assert full[0].min() > 0.99
    assert full[-1] == pytest.approx([1.0, 0.2], abs=0.01)
    assert np.abs(np.diff(full, axis=0)).max() < 0.03


def test_among_full_blinks_a_weak_one_stays_weak(model: MorphableModel) -> None:
    captured = units(eyeBlink=np.max([blink(TIME, at, 0.3) for at in BLINKS[:3]], axis=0) * 0.95)
    captured[:, [LEFT, RIGHT]] += 0.6 * blink(TIME, BLINKS[3], 0.3)[:, None]
    full = full_blinks(captured, model)
    assert full[30, LEFT] == pytest.approx(1.0)
    assert full[210, LEFT] == pytest.approx(0.6, abs=0.05)


def test_a_full_blink_is_full_already(model: MorphableModel) -> None:
    once = full_blinks(units(eyeBlink=blinking()), model)
    np.testing.assert_allclose(once, units(eyeBlink=blinking()), atol=1e-12)


def test_what_closes_an_eye_is_its_own(model: MorphableModel) -> None:
    closure = LidClosure.of(model)
    assert closure is not None and closure.shares.shape == (52, 2)
    np.testing.assert_allclose(closure.shares[[LEFT, RIGHT]], np.eye(2), atol=0.02)
    assert closure.shares[ARKIT_INDEX["eyeWideLeft"], 0] < -0.1 and 0.1 < closure.shares[DOWN, 0] < 0.5
    still = replace(model, arkit_basis=np.zeros_like(model.arkit_basis))
    assert LidClosure.of(still) is None
    np.testing.assert_array_equal(full_blinks(as_photographs_show_it(), still), as_photographs_show_it())


def test_it_is_part_of_the_clean_up_and_can_be_switched_off(model: MorphableModel) -> None:
    solution = still_solution(TIME)
    solution.arkit[:] = as_photographs_show_it()
    full, raw = clean(solution, model), clean(solution, model, CleanUpSettings(full_blinks=False))
    assert full.arkit[:, LEFT].max() > 0.99
    np.testing.assert_allclose(raw.arkit, solution.arkit, atol=1e-12)
    np.testing.assert_array_equal(full.expression, raw.expression)
    calibrated = clean(solution, model, CleanUpSettings(neutral=NeutralSettings("automatic")))
    assert calibrated.arkit[:, LEFT].max() > 0.99 and lids_apart(model, calibrated.arkit).min() > -0.05


def test_recordings_of_other_programs_keep_their_blinks(model: MorphableModel) -> None:
    solution = replace(still_solution(TIME, eyeBlinkLeft=blinking(0.85), eyeLookDownLeft=0.3), recorded=True)
    np.testing.assert_allclose(clean(solution, model).arkit, solution.arkit, atol=1e-12)
