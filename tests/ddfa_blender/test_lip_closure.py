# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.arkit.lips import LipSeam
from ddfa_blender.lip_closure import close_lips
from ddfa_blender.morphable_model import MorphableModel

NOBODY = np.zeros(40)
TOUCH, WIDE = 0.2, 12.0  # millimetres that the lips are seen apart


def gap(model: MorphableModel, identity: np.ndarray, expression: np.ndarray) -> np.ndarray:
    """Millimetres (N,) between the lips of the mesh itself, in the mean over the seam; 0 on the model's mean face."""
    seam = LipSeam.of(model)

    def height(points: np.ndarray) -> np.ndarray:
        return np.asarray((points[..., seam.upper, 1] - points[..., seam.lower, 1]).mean(axis=-1, dtype=np.float64))

    moved = np.stack([height(model.vertices(identity, frame)) for frame in expression])
    return moved - height(model.mean)


def opened_by(model: MorphableModel, millimetres: np.ndarray) -> np.ndarray:
    """Expressions (N, 10) that part the lips by so much, by every component a little."""
    pull = gap(model, NOBODY, np.eye(10))
    return np.asarray(millimetres)[:, None] * pull / (pull @ pull)


@pytest.mark.parametrize("identity", [NOBODY, 0.7 * np.random.default_rng(5).normal(size=40)])
def test_lips_that_stay_open_are_closed_where_they_touch(model: MorphableModel, identity: np.ndarray) -> None:
    expression = opened_by(model, np.array([3.2, 2.8, 3.0, 18.0, 18.0]))
    parted = np.array([TOUCH, TOUCH, TOUCH, WIDE, WIDE])
    closed = close_lips(model, identity, expression, parted)
    assert np.abs(gap(model, identity, closed)[:3]).max() < 0.25
    np.testing.assert_allclose(closed[3:], expression[3:], atol=1e-9)  # a wide mouth was wide enough


def test_lips_that_overlap_part_until_they_touch(model: MorphableModel) -> None:
    before = np.array([-2.5, -2.0, -1.5, 2.0, 9.0])
    expression = opened_by(model, before)
    after = gap(model, NOBODY, close_lips(model, NOBODY, expression, np.array([TOUCH, TOUCH, TOUCH, 3.0, WIDE])))
    np.testing.assert_allclose(after, [-0.5, 0.0, 0.0, 2.0, 9.0], atol=1e-3)


def test_between_touching_and_wide_open_nothing_jumps(model: MorphableModel) -> None:
    parted = np.concatenate([np.full(50, TOUCH), np.linspace(0.0, 9.0, 400)])
    expression = opened_by(model, np.concatenate([np.full(50, 3.0), 3.0 + np.linspace(0.0, 12.0, 400)]))
    after = gap(model, NOBODY, close_lips(model, NOBODY, expression, parted))[50:]
    steps = np.diff(after)
    assert steps.min() > -1e-4 and steps.max() < 0.1
    assert after[0] == pytest.approx(0.0, abs=0.1) and after[-1] == pytest.approx(15.0, abs=0.1)


def test_lips_seen_to_touch_are_never_left_open(model: MorphableModel) -> None:
    random = np.random.default_rng(1)
    expression, parted = random.normal(size=(300, 10)), random.uniform(-1.0, 8.0, 300)
    after = gap(model, NOBODY, close_lips(model, NOBODY, expression, parted))
    assert after[parted < 1.0].max() < 1e-3
    assert (after <= 2.0 * np.maximum(parted - 1.0, 0.0) + 1e-3).all()


def test_the_rest_of_the_face_stays_where_it_is(model: MorphableModel) -> None:
    expression = opened_by(model, np.array([3.0]))
    change = (
        model.expression_basis.reshape(10, -1).T
        @ (close_lips(model, NOBODY, expression, np.array([TOUCH])) - expression)[0]
    )
    moved = model.at_landmarks(change.reshape(-1, 3))
    assert np.linalg.norm(moved[[*range(17, 27), *range(36, 48)]], axis=1).max() < 0.25, "brows and eyes, millimetres"
    assert np.abs(moved[48:68, 1]).max() > 1.0
    assert np.abs(moved[48:68, 0]).max() < 0.5, "it pulls the mouth to a side"


def test_a_mouth_that_never_closes_stays_as_it_is(model: MorphableModel) -> None:
    expression = np.random.default_rng(2).normal(size=(40, 10))
    after = close_lips(model, NOBODY, expression, np.full(40, 5.0))
    np.testing.assert_array_equal(after, expression)
    assert close_lips(model, NOBODY, expression[:0], np.zeros(0)).shape == (0, 10)
