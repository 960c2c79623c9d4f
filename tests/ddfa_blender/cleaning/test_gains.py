# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.cleaning.channel_groups import ExpressionParts, GroupValues
from ddfa_blender.cleaning.gains import (
    Balance,
    Gains,
    amplified_arkit,
    amplified_expression,
    amplified_rotations,
    balanced_arkit,
    balanced_expression,
)
from ddfa_blender.errors import CaptureError
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_INDEX
from tests.ddfa_blender.signals import about


def units(**weights: float) -> np.ndarray:
    values = np.zeros((2, 52))
    for name, weight in weights.items():
        values[:, ARKIT_INDEX[name]] = weight
    return values


def lip_heights(model: MorphableModel, expression: np.ndarray) -> np.ndarray:
    """How far the corners of the mouth move up: left, right."""
    moved = model.landmarks68(np.zeros(40), expression) - model.landmarks68(np.zeros(40), np.zeros(10))
    return moved[[54, 48], 1]


def test_as_captured_by_default(model: MorphableModel) -> None:
    random = np.random.default_rng(0)
    arkit, expression = random.uniform(size=(5, 52)), random.normal(size=(5, 10))
    parts = ExpressionParts.of(model)
    np.testing.assert_array_equal(amplified_arkit(arkit, Gains()), arkit)
    np.testing.assert_array_equal(balanced_arkit(arkit, Balance()), arkit)
    np.testing.assert_allclose(amplified_expression(expression, Gains(), parts), expression, atol=1e-12)
    np.testing.assert_allclose(balanced_expression(expression, Balance(), parts), expression, atol=1e-12)


def test_a_channels_gain_times_its_groups() -> None:
    gains = Gains(brows=2.0, mouth=0.5, channels={"browInnerUp": 1.5, "eyeBlinkLeft": 0.0, "jawOpen": 3.0})
    result = amplified_arkit(units(browInnerUp=0.2, browDownLeft=0.2, eyeBlinkLeft=0.4, jawOpen=0.4), gains)[0]
    assert result[ARKIT_INDEX["browInnerUp"]] == pytest.approx(0.6)
    assert result[ARKIT_INDEX["browDownLeft"]] == pytest.approx(0.4)
    assert result[ARKIT_INDEX["eyeBlinkLeft"]] == 0.0
    assert result[ARKIT_INDEX["jawOpen"]] == pytest.approx(0.6)


def test_components_gains_and_what_they_do_in_a_region(model: MorphableModel) -> None:
    parts = ExpressionParts.of(model)
    expression = np.random.default_rng(1).normal(size=(4, 10))
    own = amplified_expression(expression, Gains(channels={"Expression 03": 2.0}), parts)
    np.testing.assert_allclose(own, expression * [1, 1, 2, 1, 1, 1, 1, 1, 1, 1], atol=1e-12)
    whole = amplified_expression(expression, Gains(brows=1.5, eyes=1.5, mouth=1.5), parts)
    np.testing.assert_allclose(whole, 1.5 * expression, atol=1e-5)
    still = np.zeros((1, 40))
    rest = model.landmarks68(still, np.zeros((1, 10)))
    loud = model.landmarks68(still, amplified_expression(expression, Gains(mouth=2.0), parts)) - rest
    moved = model.landmarks68(still, expression) - rest
    growth = [np.linalg.norm(loud[:, p]) / np.linalg.norm(moved[:, p]) for p in (slice(17, 27), slice(48, 68))]
    assert 0.85 < growth[0] < 1.2 and 1.75 < growth[1] < 2.1


def test_the_head_turns_about_its_mean() -> None:
    angles = np.array([10.0, 30.0, 50.0])
    for gain, expected in ((0.0, [30, 30, 30]), (0.5, [20, 30, 40]), (2.0, [-10, 30, 70]), (1.0, angles)):
        turned = amplified_rotations(about(1, angles), gain)
        dots = np.abs((turned * about(1, np.array(expected, dtype=float))).sum(axis=1))
        np.testing.assert_allclose(dots, 1.0, atol=1e-9)


def test_the_balance_moves_weight_to_one_side() -> None:
    smile = units(mouthSmileLeft=0.4, mouthSmileRight=0.4, eyeBlinkLeft=0.5, eyeBlinkRight=0.5, jawLeft=0.3)
    for shift, left, right in ((0.25, 0.5, 0.3), (-0.25, 0.3, 0.5), (1.0, 0.8, 0.0)):
        result = balanced_arkit(smile, Balance(shift=GroupValues(mouth=shift)))[0]
        assert result[ARKIT_INDEX["mouthSmileLeft"]] == pytest.approx(left)
        assert result[ARKIT_INDEX["mouthSmileRight"]] == pytest.approx(right)
        assert result[ARKIT_INDEX["eyeBlinkLeft"]] == result[ARKIT_INDEX["eyeBlinkRight"]] == 0.5
        assert result[ARKIT_INDEX["jawLeft"]] == 0.3


def test_symmetry_pulls_both_sides_to_their_mean_and_centres_the_jaw() -> None:
    crooked = units(mouthSmileLeft=0.6, mouthSmileRight=0.2, jawLeft=0.4, browDownLeft=0.3)
    half, full = (balanced_arkit(crooked, Balance(symmetrise=GroupValues(mouth=s)))[0] for s in (0.5, 1.0))
    assert half[[ARKIT_INDEX["mouthSmileLeft"], ARKIT_INDEX["mouthSmileRight"]]] == pytest.approx([0.5, 0.3])
    assert full[[ARKIT_INDEX["mouthSmileLeft"], ARKIT_INDEX["mouthSmileRight"]]] == pytest.approx([0.4, 0.4])
    assert (half[ARKIT_INDEX["jawLeft"]], full[ARKIT_INDEX["jawLeft"]]) == pytest.approx((0.2, 0.0))
    assert full[ARKIT_INDEX["browDownLeft"]] == 0.3


def test_eyes_that_are_made_alike_look_the_same_way() -> None:
    glance = units(eyeLookOutLeft=0.6, eyeLookInRight=0.4, eyeLookUpLeft=0.2, eyeBlinkLeft=0.1)
    result = balanced_arkit(glance, Balance(symmetrise=GroupValues(eyes=1.0)))[0]
    names = ("eyeLookOutLeft", "eyeLookInRight", "eyeLookUpLeft", "eyeLookUpRight", "eyeBlinkLeft", "eyeBlinkRight")
    assert result[[ARKIT_INDEX[name] for name in names]] == pytest.approx([0.5, 0.5, 0.1, 0.1, 0.05, 0.05])
    assert result[ARKIT_INDEX["eyeLookInLeft"]] == 0.0


def test_the_components_follow_the_balance_as_far_as_they_can(model: MorphableModel) -> None:
    """Component 1 opens and widens the mouth evenly; 4 is its lopsided fellow."""
    parts = ExpressionParts.of(model)
    even = np.eye(10)[:1] * 2.0
    left, right = lip_heights(model, even[0])
    assert left == pytest.approx(right, abs=1e-3)
    shifted = balanced_expression(even, Balance(shift=GroupValues(mouth=0.5)), parts)
    more, less = np.abs(lip_heights(model, shifted[0]))
    assert more > abs(left) > less
    back = balanced_expression(shifted, Balance(symmetrise=GroupValues(1.0, 1.0, 1.0, 1.0)), parts)
    assert np.ptp(np.abs(lip_heights(model, back[0]))) < 0.05


def test_senseless_settings_are_refused() -> None:
    with pytest.raises(CaptureError, match="Gains"):
        Gains(eyes=-1.0)
    with pytest.raises(CaptureError, match="Gains"):
        Gains(channels={"jawOpen": float("nan")})
    with pytest.raises(CaptureError, match="no channel jawDrop"):
        Gains(channels={"jawDrop": 1.0})
    with pytest.raises(CaptureError, match="balance"):
        Balance(shift=GroupValues(mouth=1.5))
    with pytest.raises(CaptureError, match="symmetry"):
        Balance(symmetrise=GroupValues(mouth=-0.5))
