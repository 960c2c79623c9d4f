# SPDX-License-Identifier: GPL-3.0-or-later
"""From a take whose 52 weights are known, through the whole solve, back to them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ddfa_blender.arkit import reliability as tables
from ddfa_blender.arkit.landmark_reading import LandmarkReading
from ddfa_blender.arkit.lips import LipReading, LipSeam
from ddfa_blender.arkit.weights import ArkitSource
from ddfa_blender.cleaning.cleanup import clean
from ddfa_blender.errors import CaptureError
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_INDEX
from ddfa_blender.projection import CROP_SIZE, Pose, compose, join, rotation_from_euler
from ddfa_blender.solve import SolveSettings, solve
from ddfa_blender.take import Take, TakeHeader
from tests.ddfa_blender.arkit.known import correlations, known_performance, known_truth

#: Errors that the takes here are made with.
NETWORK, MESH = 0.12, 0.2
SIDE = 360
SOURCES: tuple[ArkitSource, ...] = ("network", "mesh", "both")


def settings(source: ArkitSource) -> SolveSettings:
    return SolveSettings(arkit_source=source, line_of_sight=False)


@pytest.fixture(scope="module")
def take(model: MorphableModel) -> Take:
    """A turning head whose mesh and scores show known weights; frames 60 to 69 are lost."""
    random = np.random.default_rng(3)
    known = known_performance(model, network=NETWORK, mesh=MESH)
    time, count = known.evidence.time, len(known.truth)
    identity = 0.6 * random.normal(size=40)
    rotation = rotation_from_euler(np.stack([12 * np.sin(time), 6 * np.cos(time), 4 * np.sin(2 * time)], axis=1))
    scale = np.full(count, 0.5)
    pose = Pose(scale, rotation, np.tile([60.0, 80.0, 0.0], (count, 1)))
    params = join(compose(pose), np.tile(identity, (count, 1)), known.evidence.components)
    roi = np.tile([100.0, 40.0, 100.0 + CROP_SIZE, 40.0 + CROP_SIZE], (count, 1))
    points = model.at_landmarks(model.vertices(identity, arkit=known.truth).astype(np.float64))
    seen = scale[:, None, None] * np.einsum("nij,nlj->nli", rotation, points) + pose.translation[:, None]
    landmarks = np.stack([100.0 + seen[..., 0], 40.0 + CROP_SIZE - seen[..., 1], seen[..., 2]], axis=-1)
    take = Take(
        time=time, params=params.astype(np.float32), confidence=np.full(count, 0.9, np.float32), roi=roi,
        landmarks68=landmarks.astype(np.float32), arkit=known.evidence.scores.astype(np.float32),
        header=TakeHeader("made up", SIDE, SIDE, 30.0, "none", ""),
    )  # fmt: skip
    lost = {name: getattr(take, name).copy() for name in ("params", "confidence", "roi", "landmarks68", "arkit")}
    for values in lost.values():
        values[60:70] = np.nan
    lost["confidence"][60:70] = 0.0
    return replace(take, **lost)


@pytest.fixture(autouse=True)
def known_reliability(model: MorphableModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes that err by NETWORK and MESH are solved with a table that says so, whatever the bundled network's is.

    Their landmarks are exact, so that is where the lips are read.
    """
    table = replace(known_performance(model, network=NETWORK, mesh=MESH).reliability, lips=LipReading(0.0, 1.0, 0.0))
    monkeypatch.setattr("ddfa_blender.solve.bundled_reliability", lambda: table)


def test_the_weights_come_back(take: Take, model: MorphableModel) -> None:
    truth = known_truth()[1]
    solved = {source: solve(take, model, settings(source)) for source in SOURCES}
    seen = solved["both"].tracked
    r = {source: correlations(s.arkit[seen], truth[seen]).mean() for source, s in solved.items()}
    error = {source: np.abs(s.arkit[seen] - truth[seen]).mean() for source, s in solved.items()}
    assert r["both"] > max(r["network"], r["mesh"]) and r["both"] > 0.85
    assert error["both"] < error["network"]
    # All else is the same whatever the weights rest on.
    np.testing.assert_array_equal(solved["both"].expression, solved["network"].expression)
    np.testing.assert_array_equal(solved["both"].head_rotation, solved["mesh"].head_rotation)


def test_lost_frames_are_left_out(take: Take, model: MorphableModel) -> None:
    for source in SOURCES[1:]:
        solution = solve(take, model, settings(source))
        assert np.flatnonzero(~solution.tracked).tolist() == list(range(60, 70))
        assert np.isnan(solution.arkit[60:70]).all() and np.isfinite(solution.arkit[solution.tracked]).all()
        assert np.isfinite(clean(solution, model).arkit).all()


def test_lips_are_closed_where_the_lips_are_seen_closed(take: Take, model: MorphableModel) -> None:
    frame = 60  # two seconds: M, but lost; its neighbours are seen
    truth, seam = known_truth()[1], LipSeam.of(model)
    arkit = solve(take, model, settings("both")).arkit
    near = [frame - 2, frame - 1]
    assert (seam.gap(truth[near]).max(axis=1) < 0.5).all() and (truth[near, ARKIT_INDEX["jawOpen"]] > 0.2).all()
    assert seam.gap(arkit[near]).max() < 1.0


def test_the_components_close_the_lips_as_well(take: Take, model: MorphableModel) -> None:
    """Where the points say that they touch, the fitted mesh must not leave them open, whatever its own error."""
    seam, truth = LipSeam.of(model), known_truth()[1]
    parting = (model.expression_basis[:, seam.upper, 1] - model.expression_basis[:, seam.lower, 1]).mean(axis=1)
    as_fitted = solve(take, model, replace(settings("network"), touching_lips=False))
    solution = solve(take, model, settings("network"))
    closed = (np.abs(seam.mean_gap(truth)) < 0.3) & solution.tracked
    before, after = (np.maximum(s.expression[closed] @ parting, 0.0) for s in (as_fitted, solution))
    assert closed.sum() > 30 and before.max() > 1.0
    assert after.mean() < 0.3 * before.mean() and after.max() < 0.7
    np.testing.assert_array_equal(solution.head_rotation, as_fitted.head_rotation)
    np.testing.assert_array_equal(solution.arkit, as_fitted.arkit)


def test_the_prior_of_the_refit_does_not_matter(take: Take, model: MorphableModel) -> None:
    one, other = (solve(take, model, replace(settings("both"), expression_prior=p)).arkit for p in (0.0, 4.0))
    assert np.nanmax(np.abs(one - other)) < 0.1
    assert np.nanmean(np.abs(one - other)) < 0.01


def test_without_scores_the_mesh_is_all_there_is(take: Take, model: MorphableModel) -> None:
    blind = replace(take, arkit=np.where(np.isnan(take.arkit), np.nan, 0.0).astype(np.float32),
                    header=replace(take.header, absent_outputs=["arkit"]))  # fmt: skip
    solution = solve(blind, model, settings("both"))
    np.testing.assert_array_equal(solution.arkit, solve(blind, model, settings("mesh")).arkit)
    seen = solution.tracked
    assert correlations(solution.arkit[seen], known_truth()[1][seen])[0] > 0.5
    assert solution.arkit[seen][:, ARKIT_INDEX["jawOpen"]].max() > 0.4


def test_the_takes_points_are_read(take: Take, model: MorphableModel, monkeypatch: pytest.MonkeyPatch) -> None:
    units = model.at_landmarks(model.arkit_basis.astype(np.float64))[..., :2].reshape(52, -1)
    sure = 200.0 * (np.linalg.norm(units, axis=1) > 1.0)
    table = replace(
        known_performance(model, network=NETWORK, mesh=MESH).reliability,
        landmarks=LandmarkReading(np.linalg.pinv(units, rcond=1e-2), sure),
    )
    without = solve(take, model, settings("both"))
    monkeypatch.setattr("ddfa_blender.solve.bundled_reliability", lambda: table)
    truth, seen = known_truth()[1], without.tracked
    both = solve(take, model, settings("both"))
    one, other = (correlations(solved.arkit[seen], truth[seen]).mean() for solved in (without, both))
    assert other > one + 0.005
    # A network without landmarks has nothing there to be read.
    bare = replace(take, header=replace(take.header, absent_outputs=["landmarks"]))
    plain = replace(table, landmarks=None)
    found = solve(bare, model, settings("both")).arkit
    monkeypatch.setattr("ddfa_blender.solve.bundled_reliability", lambda: plain)
    np.testing.assert_array_equal(found, solve(take, model, settings("both")).arkit)


def test_takes_from_the_disk_are_solved_alike(take: Take, model: MorphableModel, tmp_path: Path) -> None:
    take.save(tmp_path / "take.npz")
    with np.load(tmp_path / "take.npz") as data:
        np.testing.assert_array_equal(data["arkit"], take.arkit)  # the raw scores: sources may be changed later
    again = solve(Take.load(tmp_path / "take.npz"), model, settings("both"))
    np.testing.assert_array_equal(again.arkit, solve(take, model, settings("both")).arkit)


def test_an_unknown_source_is_refused() -> None:
    with pytest.raises(CaptureError, match="`both`"):
        SolveSettings(arkit_source="guess")  # type: ignore[arg-type]


def test_the_network_alone_needs_no_table(take: Take, model: MorphableModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> tables.Reliability:
        raise CaptureError("no table")

    monkeypatch.setattr("ddfa_blender.solve.bundled_reliability", none)
    solve(take, model, replace(settings("network"), touching_lips=False))
    with pytest.raises(CaptureError, match="no table"):
        solve(take, model, settings("both"))
