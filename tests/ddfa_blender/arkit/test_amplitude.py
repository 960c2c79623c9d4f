# SPDX-License-Identifier: GPL-3.0-or-later
"""How wide lips part, from points whose lips part by a known amount more or less than the weights say."""

from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.arkit.amplitude import OPENERS, opening_gain
from ddfa_blender.arkit.landmark_reading import Movement
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_INDEX
from tests.ddfa_blender.arkit.known import known_truth

_TIME, _TRUTH = known_truth()


def points(model: MorphableModel, weights: np.ndarray) -> np.ndarray:
    """(N, 136) of a face that shows the weights; its neutral points lie somewhere else than the model's."""
    units = model.at_landmarks(model.arkit_basis.astype(np.float64))[..., :2].reshape(52, -1)
    return weights @ units + np.linspace(-4.0, 4.0, 136)


def found(size: float) -> np.ndarray:
    """The true weights, what opens the mouth ``size`` times as large."""
    result = _TRUTH.copy()
    result[:, OPENERS] *= size
    return result


def gain(model: MorphableModel, size: float, trust: float = 1.0, noise: float = 0.0) -> float:
    seen = points(model, _TRUTH) + noise * np.random.default_rng(0).normal(size=(len(_TIME), 136))
    return opening_gain(model, Movement(seen, np.full(len(_TIME), trust)), found(size), _TIME)


@pytest.mark.parametrize("size", [0.65, 1.0, 1.4])
def test_what_opens_the_mouth_grows_until_the_lips_part_as_far_as_the_points(
    model: MorphableModel, size: float
) -> None:
    # Seven seconds of a mouth that opens four times tell most of it, points that err by millimetres no less than half.
    assert abs(gain(model, size) * size - 1.0) <= 0.25 * abs(size - 1.0) + 1e-6
    assert abs(gain(model, size, noise=2.0) * size - 1.0) < 0.5 * abs(size - 1.0) + 0.05


def test_a_mouth_that_hardly_moves_tells_nothing(model: MorphableModel) -> None:
    faint = 0.02 * _TRUTH
    seen = points(model, faint) + 2.0 * np.random.default_rng(1).normal(size=(len(_TIME), 136))
    assert opening_gain(model, Movement(seen, np.ones(len(_TIME))), 0.5 * faint, _TIME) == pytest.approx(1.0, abs=0.1)
    still = np.zeros_like(faint)
    assert opening_gain(model, Movement(points(model, still), np.ones(len(_TIME))), still, _TIME) == 1.0


def test_points_that_are_not_trusted_do_not_count(model: MorphableModel) -> None:
    assert gain(model, 0.6, trust=0.0) == 1.0
    away = np.zeros(len(_TIME))
    away[:60] = 1.0  # the mouth opens twice in the first two seconds
    seen = points(model, _TRUTH)
    seen[60:] = 50.0
    trusted = opening_gain(model, Movement(seen, away), found(0.7), _TIME)
    assert trusted == pytest.approx(1.0 / 0.7, abs=0.15)


def test_the_gain_stays_within_reason(model: MorphableModel) -> None:
    assert gain(model, 0.2) == 2.0
    seen = Movement(points(model, 0.1 * _TRUTH), np.ones(len(_TIME)))
    assert opening_gain(model, seen, _TRUTH, _TIME) == 0.5


def test_what_else_parts_the_lips_is_no_reason_to_drop_the_jaw(model: MorphableModel) -> None:
    funnel = np.zeros_like(_TRUTH)
    funnel[:, ARKIT_INDEX["mouthFunnel"]] = _TRUTH[:, ARKIT_INDEX["jawOpen"]]
    both = funnel.copy()
    both[:, ARKIT_INDEX["jawOpen"]] = _TRUTH[:, ARKIT_INDEX["jawOpen"]]
    seen = Movement(points(model, both), np.ones(len(_TIME)))
    assert opening_gain(model, seen, both, _TIME) == pytest.approx(1.0, abs=1e-6)


def test_more_frames_of_the_same_seconds_tell_no_more(model: MorphableModel) -> None:
    one, twice = (
        opening_gain(model, Movement(points(model, weights), np.ones(len(time))), 0.7 * weights, time)
        for weights, time in ((_TRUTH, _TIME), (np.repeat(_TRUTH, 2, axis=0), np.arange(2 * len(_TIME)) / 60.0))
    )
    assert one == pytest.approx(twice, abs=1e-3)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_frames(model: MorphableModel, count: int) -> None:
    moved = Movement(points(model, _TRUTH)[:count], np.ones(count))
    assert 0.5 <= opening_gain(model, moved, _TRUTH[:count], _TIME[:count]) <= 2.0
