# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ddfa_blender.arkit.landmark_reading import Movement
from ddfa_blender.arkit.lips import LipReading
from ddfa_blender.arkit.mesh_components import unit_components
from ddfa_blender.arkit.reliability import Reliability
from ddfa_blender.arkit.weights import Evidence
from ddfa_blender.capture import Engine
from ddfa_blender.errors import CaptureError
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.symmetry import MIRRORED_CHANNELS
from training.evaluation.arkit_reliability import report_points
from training.evaluation.landmark_reading import (
    Actor,
    about_mean,
    fit_weights,
    heard,
    learn_reading,
    measure_actors,
    mirrored,
    share_of_points,
)

#: How far scores err, and points in millimetres.
SCORES, POINTS = 0.3, 0.1
SIDES = MIRRORED_CHANNELS


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    return MorphableModel.load()


@pytest.fixture(scope="module")
def units(model: MorphableModel) -> np.ndarray:
    """What each unit does to the points (52, 136)."""
    return model.at_landmarks(model.arkit_basis.astype(np.float64))[..., :2].reshape(52, -1)


@pytest.fixture(scope="module")
def actors(model: MorphableModel, units: np.ndarray) -> list[Actor]:
    """People whose points stand millimetres elsewhere, and of whom the scores know little."""
    random, result = np.random.default_rng(0), []
    for _ in range(12):
        truth = random.uniform(size=(30, 52)) * (random.random((30, 52)) < 0.15)
        points = truth @ units + 4.0 * random.normal(size=136) + POINTS * random.normal(size=(30, 136))
        scores = np.clip(truth + SCORES * random.normal(size=truth.shape), 0.0, 1.0)
        components = truth @ unit_components(model) + 3.0 * random.normal(size=(30, 10))
        moved = Movement(points, np.ones(30))
        result.append(Actor(truth, Evidence(np.arange(30.0), scores, components, np.zeros(30, bool), moved)))
    return result


@pytest.fixture(scope="module")
def table() -> Reliability:
    return Reliability(np.full(52, SCORES), 9.0 * np.eye(10), LipReading(0.0, 0.0, 1.0))


def test_mirroring_twice_changes_nothing_and_once_swaps_the_sides(units: np.ndarray) -> None:
    np.testing.assert_array_equal(mirrored(mirrored(units)), units)
    # The units are symmetrical to the precision that the model is stored with.
    np.testing.assert_allclose(mirrored(units), units[SIDES], atol=0.1)


def test_who_it_is_does_not_matter(actors: list[Actor], units: np.ndarray) -> None:
    weights = fit_weights([actor.moves for actor in actors], [])
    strong = np.linalg.norm(units, axis=1) > 15.0
    assert strong.sum() > 8
    answer = np.diagonal(units @ weights)[strong]  # of each unit that acts alone; 1, but for the ridge
    assert answer.min() > 0.65 and answer.max() < 1.1
    np.testing.assert_allclose(mirrored(weights.T).T[:, SIDES], weights, atol=1e-9)


def test_the_share_is_what_least_squares_gives_within_its_limits() -> None:
    random = np.random.default_rng(1)
    truth, noise = random.normal(size=(4000, 52)), random.normal(size=(4000, 52))
    np.testing.assert_allclose(share_of_points(noise, truth, truth), 0.0, atol=0.05)
    np.testing.assert_allclose(share_of_points(truth, noise, truth), 0.5, atol=0.01)
    # Of two that err alike, independently, half as much each: 1, and no more than the limit is given. One that errs
    # twice as far has a quarter of the weight.
    near, far = truth + 0.5 * noise, truth + random.normal(size=truth.shape)
    np.testing.assert_allclose(share_of_points(far, near, truth), 0.25, atol=0.08)
    np.testing.assert_allclose(share_of_points(near, far, truth), 0.5, atol=1e-9)


def test_points_that_tell_nothing_new_are_not_heard() -> None:
    random = np.random.default_rng(2)
    truth, noise, other = random.normal(size=(3, 4000, 52))
    share, found = np.full(52, 0.4), truth + noise
    assert not heard(share, 0.3 * found, found, truth).any(), "the same once more"
    assert not heard(share, noise, found, truth).any(), "its errors alone"
    np.testing.assert_array_equal(heard(share, truth + other, found, truth), share)
    # A pair is heard on both sides or on none.
    left, right = ARKIT_NAMES.index("mouthSmileLeft"), ARKIT_NAMES.index("mouthSmileRight")
    read = 0.3 * found
    read[:, left] = truth[:, left] + other[:, left]
    result = heard(share, read, found, truth)
    assert result[left] == result[right] == 0.4 and result.sum() == pytest.approx(0.8)


def test_points_are_believed_where_they_add_something(
    actors: list[Actor], units: np.ndarray, table: Reliability, model: MorphableModel
) -> None:
    learnt = learn_reading(actors, [], table, model)
    tongue = ARKIT_NAMES.index("tongueOut")
    assert np.linalg.norm(units[tongue]) < 1e-3, "no point sees the tongue"
    assert learnt.share[tongue] < 0.25
    seen = [ARKIT_NAMES.index(name) for name in ("jawOpen", "mouthLeft", "mouthPucker", "mouthFunnel")]
    np.testing.assert_allclose(learnt.share[seen], 0.5, atol=0.02)
    np.testing.assert_allclose(learnt.reading.information, learnt.share / SCORES**2)
    np.testing.assert_array_equal(learnt.share, learnt.share[SIDES])
    text = report_points(learnt, len(actors))
    assert all(f"| `{name}` |" in text for name in ARKIT_NAMES) and "360 faces of 12 actors" in text


def test_means_are_taken_away() -> None:
    moves = about_mean(np.arange(8.0).reshape(4, 2), np.ones((4, 3)))
    np.testing.assert_allclose(moves.points.mean(axis=0), 0.0)
    assert not moves.truth.any()


def test_missing_faces_are_said_so(model: MorphableModel, tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="known_faces"):
        measure_actors(Engine.__new__(Engine), model, LipReading(0.0, 0.0, 1.0), tmp_path)
