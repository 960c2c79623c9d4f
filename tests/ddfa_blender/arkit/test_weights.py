# SPDX-License-Identifier: GPL-3.0-or-later
"""From known weights over a mesh and scores that err back to weights."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import numpy as np
import pytest

from ddfa_blender.arkit.amplitude import OPENERS
from ddfa_blender.arkit.exclusive import EXCLUSIVE_PAIRS
from ddfa_blender.arkit.landmark_reading import LandmarkReading, Movement
from ddfa_blender.arkit.lips import LipReading, LipSeam
from ddfa_blender.arkit.mesh_components import unit_components
from ddfa_blender.arkit.reliability import Reliability
from ddfa_blender.arkit.weights import ArkitSource, Evidence, minimum, solve_weights
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_INDEX, ARKIT_NAMES
from tests.ddfa_blender.arkit.known import Known, correlations, known_performance, moving

SOURCES: tuple[ArkitSource, ...] = get_args(ArkitSource)
_SOLVED: tuple[Literal["mesh", "both"], ...] = ("mesh", "both")


@pytest.fixture(scope="module")
def known(model: MorphableModel) -> Known:
    return known_performance(model)


def solve_all(known: Known, model: MorphableModel) -> dict[str, np.ndarray]:
    return {source: solve_weights(known.evidence, model, known.reliability, source) for source in SOURCES}


def still(evidence: Evidence, scores: np.ndarray, components: np.ndarray, contact: bool = False) -> Evidence:
    count = len(scores)
    return Evidence(np.arange(count) / 30.0, scores, components, np.full(count, contact))


def test_known_weights_come_back_better_than_from_either_source_alone(known: Known, model: MorphableModel) -> None:
    found = solve_all(known, model)
    r = {source: correlations(weights, known.truth).mean() for source, weights in found.items()}
    columns = moving(known.truth)
    error = {source: np.abs(weights - known.truth)[:, columns].mean() for source, weights in found.items()}
    assert r["both"] >= 0.9 and error["both"] <= 0.08
    assert r["both"] > max(r["network"], r["mesh"]) + 0.01
    assert error["both"] < 0.6 * error["network"]


@pytest.mark.parametrize("source", SOURCES)
def test_weights_stay_within_their_bounds(known: Known, model: MorphableModel, source: ArkitSource) -> None:
    assert minimum(known.evidence, model, known.reliability, source).converged
    wild = replace(known.evidence, components=4.0 * known.evidence.components)
    weights = solve_weights(wild, model, known.reliability, source)
    assert weights.min() >= 0.0 and weights.max() <= 1.0


def test_the_network_alone_is_left_as_it_is(known: Known, model: MorphableModel) -> None:
    np.testing.assert_array_equal(
        solve_weights(known.evidence, model, known.reliability, "network"), known.evidence.scores
    )


def test_opposites_exclude_each_other(known: Known, model: MorphableModel) -> None:
    one, other = EXCLUSIVE_PAIRS.T
    for source in _SOLVED:
        weights = solve_weights(known.evidence, model, known.reliability, source)
        assert np.minimum(weights[:, one], weights[:, other]).max() == 0.0
    assert np.minimum(known.evidence.scores[:, one], known.evidence.scores[:, other]).max() > 0.05


def test_a_face_at_rest_has_no_weights(model: MorphableModel, known: Known) -> None:
    rest = still(known.evidence, np.zeros((20, 52)), np.zeros((20, 10)))
    for source in SOURCES:
        assert solve_weights(rest, model, known.reliability, source).max() < 1e-3


def test_what_neither_source_is_sure_of_costs(model: MorphableModel) -> None:
    # The same faint score: of a channel that is well measured it is believed, of one that is not it is not.
    known = known_performance(model, network=np.where(np.arange(52) % 2, 0.02, 0.5), mesh=50.0)
    weights = solve_weights(still(known.evidence, np.full((9, 52), 0.04), np.zeros((9, 10))), model, known.reliability)
    alone = np.setdiff1d(np.arange(52), EXCLUSIVE_PAIRS)
    assert weights[:, alone[alone % 2 == 1]].min() > 0.03
    assert weights[:, alone[alone % 2 == 0]].max() < 0.01


def test_each_channel_follows_the_source_that_is_reliable(model: MorphableModel) -> None:
    jaw, blink = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["eyeBlinkLeft"]
    scores = np.zeros((10, 52))
    scores[:, blink] = 0.8
    seen = np.zeros(52)
    seen[jaw] = 0.6
    components = np.tile(seen @ unit_components(model), (10, 1))
    mesh_is_good = known_performance(model, network=0.4, mesh=0.05).reliability
    scores_are_good = known_performance(model, network=0.03, mesh=20.0).reliability
    evidence = still(known_performance(model).evidence, scores, components)
    by_mesh = solve_weights(evidence, model, mesh_is_good)[5]
    by_scores = solve_weights(evidence, model, scores_are_good)[5]
    assert by_mesh[jaw] > 0.45 and by_mesh[blink] < 0.2
    assert by_scores[jaw] < 0.05 and by_scores[blink] > 0.75


def test_what_of_the_mesh_is_no_news_counts_less(model: MorphableModel) -> None:
    jaw = ARKIT_INDEX["jawOpen"]
    seen = np.zeros(52)
    seen[jaw] = 0.8
    evidence = still(
        known_performance(model).evidence, np.zeros((9, 52)), np.tile(seen @ unit_components(model), (9, 1))
    )
    table = known_performance(model, network=0.2, mesh=1.0).reliability
    all_of_it, half, little = (
        solve_weights(evidence, model, replace(table, mesh_counts=share))[4, jaw] for share in (1.0, 0.5, 0.05)
    )
    assert all_of_it > half + 0.02 > little + 0.04
    # As with a mesh that errs more; alone it is all there is.
    larger = solve_weights(evidence, model, replace(table, mesh_error=2.0 * table.mesh_error))[4, jaw]
    assert half == pytest.approx(larger, abs=1e-9)
    np.testing.assert_array_equal(
        solve_weights(evidence, model, replace(table, mesh_counts=0.1), "mesh"),
        solve_weights(evidence, model, table, "mesh"),
    )


def test_jitter_goes_and_blinks_stay(known: Known, model: MorphableModel) -> None:
    shaky = known_performance(model, network=0.05, mesh=0.1)
    weights = solve_weights(shaky.evidence, model, shaky.reliability)
    columns = moving(known.truth)

    def jitter(values: np.ndarray) -> float:
        return float(np.abs(np.diff(values - shaky.truth, n=2, axis=0))[:, columns].mean())

    assert jitter(weights) < 0.6 * jitter(shaky.evidence.scores)
    for name in ("eyeBlinkLeft", "eyeBlinkRight"):
        for centre in (0.4, 2.6, 4.4):
            frame = round(centre * 30)
            assert weights[frame - 1 : frame + 2, ARKIT_INDEX[name]].max() > 0.9


def test_frames_on_either_side_of_a_gap_know_nothing_of_each_other(model: MorphableModel, known: Known) -> None:
    scores = np.zeros((4, 52))
    scores[2:, ARKIT_INDEX["browInnerUp"]] = 0.04  # slow enough to be pulled together where there is no gap
    evidence = still(known.evidence, scores, np.zeros((4, 10)))
    reliability = known_performance(model, network=0.03, mesh=50.0).reliability
    apart = replace(evidence, time=np.array([0.0, 1 / 30, 2.0, 2.0 + 1 / 30]))
    joined, split = (solve_weights(e, model, reliability)[:, ARKIT_INDEX["browInnerUp"]] for e in (evidence, apart))
    assert joined[1] > 0.003 and split[1] < 1e-3
    assert split[2] == pytest.approx(split[3], abs=1e-3)


def test_lips_that_touch_stay_closed_on_a_dropped_jaw(known: Known, model: MorphableModel) -> None:
    seam = LipSeam.of(model)
    closed = known.evidence.contact & (known.truth[:, ARKIT_INDEX["jawOpen"]] > 0.1)
    assert closed.any() and not known.evidence.contact.all()
    for source in _SOLVED:
        weights = solve_weights(known.evidence, model, known.reliability, source)
        assert (seam.halves @ weights[known.evidence.contact].T).max() <= 0.1  # millimetres
    blind = replace(known.evidence, contact=np.zeros_like(known.evidence.contact))
    assert seam.gap(solve_weights(blind, model, known.reliability)[closed]).max() > 0.5, "nothing had to be closed"
    # The lips close, the jaw stays down.
    weights = solve_weights(known.evidence, model, known.reliability)
    assert weights[closed, ARKIT_INDEX["jawOpen"]].mean() > 0.6 * known.truth[closed, ARKIT_INDEX["jawOpen"]].mean()
    assert (
        weights[closed, ARKIT_INDEX["mouthClose"]].mean() > 0.6 * known.truth[closed, ARKIT_INDEX["mouthClose"]].mean()
    )


def test_open_lips_are_not_closed(known: Known, model: MorphableModel) -> None:
    seam, opened = LipSeam.of(model), ~known.evidence.contact
    weights = solve_weights(known.evidence, model, known.reliability)
    true, found = (seam.gap(values[opened]).mean(axis=1) for values in (known.truth, weights))
    assert np.abs(found - true).mean() < 1.5
    assert found[true > 6.0].min() > 3.0


def test_an_open_mouth_is_not_half_closed_by_what_the_mesh_cannot_tell(known: Known, model: MorphableModel) -> None:
    opened = ~known.evidence.contact & (known.truth[:, ARKIT_INDEX["jawOpen"]] > 0.3)
    blind = known_performance(model, network=0.15, mesh=0.6)
    weights = solve_weights(blind.evidence, model, blind.reliability)
    assert weights[opened, ARKIT_INDEX["mouthClose"]].mean() < 0.06
    assert weights[opened, ARKIT_INDEX["jawOpen"]].mean() > 0.8 * known.truth[opened, ARKIT_INDEX["jawOpen"]].mean()


@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("source", SOURCES)
def test_hardly_any_frames(known: Known, model: MorphableModel, count: int, source: ArkitSource) -> None:
    e = known.evidence
    short = Evidence(e.time[:count], e.scores[:count], e.components[:count], e.contact[:count])
    weights = solve_weights(short, model, known.reliability, source)
    assert weights.shape == (count, 52) and np.isfinite(weights).all()


def test_the_mirrored_face_has_the_mirrored_weights(known: Known, model: MorphableModel) -> None:
    swap = {"Left": "Right", "Right": "Left"}
    sides = [
        ARKIT_NAMES.index(next((name.removesuffix(s) + o for s, o in swap.items() if name.endswith(s)), name))
        for name in ARKIT_NAMES
    ]
    units = unit_components(model)
    parity = np.sign((units * units[sides]).sum(axis=0))
    e = known.evidence
    mirrored = Evidence(e.time, e.scores[:, sides], e.components * parity, e.contact)
    one = solve_weights(e, model, known.reliability)
    other = solve_weights(mirrored, model, known.reliability)[:, sides]
    # The units are symmetrical to the precision that the model is stored with.
    np.testing.assert_allclose(one, other, atol=0.05)
    assert np.abs(one - other).mean() < 1e-3


def points_of(model: MorphableModel) -> tuple[np.ndarray, LandmarkReading]:
    """What each unit does to the 68 points (52, 136), and a reading that undoes it; gaze and tongue move none."""
    units = model.at_landmarks(model.arkit_basis.astype(np.float64))[..., :2].reshape(52, -1)
    seen = np.linalg.norm(units, axis=1) > 1.0
    return units, LandmarkReading(np.linalg.pinv(units, rcond=1e-3), np.where(seen, 100.0, 0.0))


def test_moving_points_tell_what_scores_and_mesh_do_not(model: MorphableModel) -> None:
    known = known_performance(model, network=0.5, mesh=5.0)
    units, reading = points_of(model)
    # Another person: the points stand elsewhere all along, by millimetres.
    offset = 5.0 * np.random.default_rng(1).normal(size=136)
    moved = Movement(known.truth @ units + offset, np.ones(len(known.truth)))
    evidence, table = replace(known.evidence, moved=moved), replace(known.reliability, landmarks=reading)
    blind = solve_weights(evidence, model, known.reliability)
    weights = solve_weights(evidence, model, table)
    assert correlations(weights, known.truth).mean() > correlations(blind, known.truth).mean() + 0.2
    for name in ("mouthLeft", "jawRight", "browInnerUp", "mouthFrownLeft"):
        assert np.corrcoef(weights[:, ARKIT_INDEX[name]], known.truth[:, ARKIT_INDEX[name]])[0, 1] > 0.9
    assert weights.min() >= 0.0 and weights.max() <= 1.0
    assert (LipSeam.of(model).halves @ weights[evidence.contact].T).max() <= 0.1


def test_lips_part_as_far_as_the_points_show_and_touch_where_they_touch(model: MorphableModel) -> None:
    known = known_performance(model, network=0.04, mesh=5.0)
    units, reading = points_of(model)
    # An actor of whom the network says too little; the reading shrinks as it does.
    shy = known.evidence.scores.copy()
    shy[:, OPENERS] *= 0.6
    blind = LandmarkReading(reading.weights, np.zeros(52))
    evidence = replace(known.evidence, scores=shy, moved=Movement(known.truth @ units, np.ones(len(shy))))
    table, seam = replace(known.reliability, landmarks=blind), LipSeam.of(model)
    without = solve_weights(replace(evidence, moved=None), model, table)
    weights = solve_weights(evidence, model, table)
    true, shown, faint = (seam.mean_gap(values) for values in (known.truth, weights, without))
    assert np.polyfit(true, faint, 1)[0] < 0.75
    assert 0.85 < np.polyfit(true, shown, 1)[0] < 1.05
    assert (seam.halves @ weights[evidence.contact].T).max() <= 0.1
    # The rest of the face stays as it was.
    others = [ARKIT_INDEX[name] for name in ("eyeBlinkLeft", "browInnerUp", "mouthSmileLeft", "eyeLookOutLeft")]
    np.testing.assert_allclose(weights[:, others], without[:, others], atol=0.03)


def test_points_are_left_out_where_nothing_is_known_of_them(known: Known, model: MorphableModel) -> None:
    reading = points_of(model)[1]
    count = len(known.truth)
    table = replace(known.reliability, landmarks=reading)
    wild = Movement(np.random.default_rng(0).normal(0.0, 9.0, (count, 136)), np.ones(count))
    plain = solve_weights(known.evidence, model, known.reliability)
    np.testing.assert_array_equal(solve_weights(known.evidence, model, table), plain)
    np.testing.assert_array_equal(solve_weights(replace(known.evidence, moved=wild), model, known.reliability), plain)
    # Neither alone knows of them.
    for source in ("network", "mesh"):
        np.testing.assert_array_equal(
            solve_weights(replace(known.evidence, moved=wild), model, table, source),
            solve_weights(known.evidence, model, known.reliability, source),
        )
    # A head turned away all the time: its points say nothing.
    away = replace(known.evidence, moved=Movement(wild.points, np.zeros(count)))
    np.testing.assert_allclose(solve_weights(away, model, table), plain, atol=0.1)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_frames_with_points(known: Known, model: MorphableModel, count: int) -> None:
    units, reading = points_of(model)
    e = known.evidence
    moved = Movement((known.truth @ units)[:count], np.ones(count))
    short = Evidence(e.time[:count], e.scores[:count], e.components[:count], e.contact[:count], moved)
    weights = solve_weights(short, model, replace(known.reliability, landmarks=reading))
    assert weights.shape == (count, 52) and np.isfinite(weights).all()


def test_a_second_network_is_heard_as_far_as_it_is_reliable(model: MorphableModel) -> None:
    rng = np.random.default_rng(5)
    truth = np.zeros((60, 52))
    k = ARKIT_NAMES.index("noseSneerLeft")
    truth[:, k] = np.clip(np.sin(np.arange(60) / 6.0), 0.0, 1.0)
    scores = np.clip(0.3 * truth + 0.2 * rng.normal(size=truth.shape), 0.0, 1.0)  # hardly sees it
    readings = np.clip(truth + 0.05 * rng.normal(size=truth.shape), 0.0, 1.0)
    table = Reliability(np.full(52, 0.25), 100.0 * np.eye(10), LipReading(0.0, 0.0, 1.0))
    evidence = Evidence(np.arange(60) / 30.0, scores, np.zeros((60, 10)), np.zeros(60, bool))
    missed = [
        np.abs(solve_weights(replace(evidence, readings=read), model, reliability)[:, k] - truth[:, k]).mean()
        for read, reliability in (
            (None, table),
            (readings, table),
            (readings, replace(table, reading_error=np.full(52, 0.05))),
        )
    ]
    assert missed[0] == missed[1]  # nobody knows how good the readings are
    assert missed[2] < 0.3 * missed[0]
