# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.blend import RESIDUAL_UNITS, arkit_residual
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES

BLINK = ARKIT_NAMES.index("eyeBlinkLeft")
LOOK = ARKIT_NAMES.index("eyeLookOutLeft")
SMILE = ARKIT_NAMES.index("mouthSmileLeft")


def weights(**units: float) -> np.ndarray:
    result = np.zeros((1, 52))
    for name, value in units.items():
        result[0, ARKIT_NAMES.index(name)] = value
    return result


def shown_by_ten(model: MorphableModel, unit: int) -> np.ndarray:
    """The expression (1, 10) that comes nearest to an ARKit unit on the whole mesh."""
    basis = model.expression_basis.reshape(10, -1).T.astype(float)
    return np.linalg.lstsq(basis, model.arkit_basis[unit].ravel().astype(float), rcond=None)[0][None]


def test_with_a_still_face_the_eyes_do_what_arkit_says(model: MorphableModel) -> None:
    asked = weights(eyeBlinkLeft=0.8, eyeLookOutRight=0.5, mouthSmileLeft=0.7)
    residual = arkit_residual(model, np.zeros((1, 10)), asked)
    assert residual[0, BLINK] == pytest.approx(0.8, abs=0.02)
    assert residual[0, ARKIT_NAMES.index("eyeLookOutRight")] == pytest.approx(0.5, abs=0.02)
    assert residual[0, SMILE] == 0.0


def test_a_blink_that_the_ten_already_show_is_not_added_again(model: MorphableModel) -> None:
    shown = shown_by_ten(model, BLINK)
    residual = arkit_residual(model, shown, weights(eyeBlinkLeft=1.0))
    assert residual[0, BLINK] < 0.1
    half = arkit_residual(model, 0.5 * shown, weights(eyeBlinkLeft=1.0))
    assert half[0, BLINK] == pytest.approx(0.5, abs=0.07)


def test_gaze_is_added_in_full_whatever_the_mouth_does(model: MorphableModel) -> None:
    shown = shown_by_ten(model, ARKIT_NAMES.index("jawOpen"))
    residual = arkit_residual(model, shown, weights(eyeLookOutLeft=0.6, jawOpen=1.0))
    assert residual[0, LOOK] == pytest.approx(0.6, abs=0.03)


def test_eyes_look_down_as_far_as_asked_even_where_the_ten_lower_the_lids(model: MorphableModel) -> None:
    gaze = [ARKIT_NAMES.index(f"eyeLookDown{side}") for side in ("Left", "Right")]
    shown = 0.4 * (shown_by_ten(model, BLINK) + shown_by_ten(model, ARKIT_NAMES.index("eyeBlinkRight")))
    residual = arkit_residual(model, shown, weights(eyeLookDownLeft=0.6, eyeLookDownRight=0.6))
    np.testing.assert_allclose(residual[0, gaze], 0.6, atol=1e-9)
    # A blink makes way for the lids that the gaze lowers.
    asked = weights(eyeBlinkLeft=0.5, eyeBlinkRight=0.5)
    alone = arkit_residual(model, shown, asked)[0, BLINK]
    looking = arkit_residual(model, shown + 0.2 * shown_by_ten(model, gaze[0]), asked + weights(eyeLookDownLeft=0.6))
    assert looking[0, gaze[0]] == pytest.approx(0.6) and looking[0, BLINK] <= alone + 0.02


def test_the_residual_lies_between_nothing_and_what_arkit_asks(model: MorphableModel) -> None:
    random = np.random.default_rng(0)
    asked = random.uniform(0.0, 1.0, (50, 52))
    residual = arkit_residual(model, random.normal(0.0, 2.0, (50, 10)), asked)
    assert residual.shape == (50, 52)
    assert (residual >= 0.0).all()
    assert (residual <= asked + 1e-12).all()
    others = np.setdiff1d(np.arange(52), RESIDUAL_UNITS)
    assert (residual[:, others] == 0.0).all()


def test_lids_come_nearer_to_where_arkit_wants_them(model: MorphableModel) -> None:
    random = np.random.default_rng(1)
    expression, asked = random.normal(0.0, 1.0, (20, 10)), random.uniform(0.0, 1.0, (20, 52))
    residual = arkit_residual(model, expression, asked)
    lids = np.linalg.norm(model.arkit_basis[BLINK], axis=1) > 3.0
    wanted = np.tensordot(asked, model.arkit_basis[:, lids], axes=1)
    ten = np.tensordot(expression, model.expression_basis[:, lids], axes=1)
    both = ten + np.tensordot(residual, model.arkit_basis[:, lids], axes=1)
    assert np.linalg.norm(both - wanted) < np.linalg.norm(ten - wanted)
    plain = ten + np.tensordot(asked[:, RESIDUAL_UNITS], model.arkit_basis[RESIDUAL_UNITS, :][:, lids], axes=1)
    assert np.linalg.norm(both - wanted) < np.linalg.norm(plain - wanted)


def test_frames_do_not_influence_each_other(model: MorphableModel) -> None:
    random = np.random.default_rng(2)
    expression, asked = random.normal(size=(6, 10)), random.uniform(size=(6, 52))
    together = arkit_residual(model, expression, asked)
    alone = np.concatenate([arkit_residual(model, expression[i : i + 1], asked[i : i + 1]) for i in range(6)])
    np.testing.assert_allclose(together, alone, atol=1e-9)
