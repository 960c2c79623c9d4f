# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ddfa_blender.cleaning.channel_groups import ARKIT_GROUPS, GroupValues
from ddfa_blender.cleaning.cleanup import CleanUpSettings, clean, perform
from ddfa_blender.cleaning.gains import Balance, Gains
from ddfa_blender.cleaning.gaps import GapMode, GapSettings
from ddfa_blender.cleaning.neutral import NeutralSettings
from ddfa_blender.cleaning.smoothing import Smoothing
from ddfa_blender.cleaning.spikes import SpikeSettings
from ddfa_blender.errors import CaptureError
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_INDEX
from ddfa_blender.performance import Performance, Solution
from ddfa_blender.projection import join
from ddfa_blender.solve import SolveSettings, solve
from ddfa_blender.take import Take, TakeHeader
from tests.ddfa_blender.signals import about, blink, still_solution

#: Everything at once.
ALL = CleanUpSettings(
    GapSettings("ease"),
    SpikeSettings(5.0),
    NeutralSettings("automatic"),
    Smoothing(0.4, 0.3, 0.2, 0.5),
    Balance(GroupValues(mouth=0.2), GroupValues(brows=0.5)),
    Gains(1.5, 2.0, 1.0, 1.2, {"jawOpen": 3.0}),
)


def lively(time: np.ndarray, lost: slice | None = None) -> Solution:
    random = np.random.default_rng(0)
    solution = still_solution(time, **{name: 0.3 + random.normal(0.0, 0.05, len(time)) for name in ARKIT_INDEX})
    np.clip(solution.arkit, 0.0, 1.0, out=solution.arkit)
    solution.expression[:] = random.normal(0.5, 0.2, (len(time), 10))
    solution.head_rotation[:] = about(1, 20.0 * np.sin(time) + random.normal(0.0, 0.5, len(time)))
    solution.head_translation[:] = random.normal(0.0, 2.0, (len(time), 3))
    if lost is not None:
        solution.tracked[lost] = False
        for name in ("arkit", "expression", "head_rotation", "head_translation"):
            getattr(solution, name)[lost] = np.nan
    return solution


def check(performance: Performance, solution: Solution) -> None:
    """What every Performance promises."""
    count = len(solution)
    shapes = {"expression": 10, "arkit": 52, "head_rotation": 4, "head_translation": 3}
    for name, width in shapes.items():
        values = getattr(performance, name)
        assert values.shape == (count, width) and np.isfinite(values).all()
    assert performance.arkit.min() >= 0.0 and performance.arkit.max() <= 1.0
    np.testing.assert_allclose(np.linalg.norm(performance.head_rotation, axis=1), 1.0, atol=1e-12)
    assert ((performance.head_rotation[1:] * performance.head_rotation[:-1]).sum(axis=1) >= 0.0).all()
    np.testing.assert_array_equal(performance.tracked, solution.tracked)
    np.testing.assert_array_equal(performance.time, solution.time)


TIME = np.arange(90) / 30.0


def test_by_default_all_is_as_captured(model: MorphableModel) -> None:
    solution = lively(TIME)
    performance = clean(solution, model)
    check(performance, solution)
    for name in ("expression", "arkit", "head_rotation", "head_translation", "identity"):
        np.testing.assert_allclose(getattr(performance, name), getattr(solution, name), atol=1e-12)
    assert performance.gaps.shape == (0, 2) and performance.spikes is None


@pytest.mark.parametrize("mode", ["hold", "interpolate", "ease"])
def test_gaps_are_closed_and_marked(mode: GapMode, model: MorphableModel) -> None:
    solution = lively(TIME, slice(20, 50))
    solution.tracked[[0, 70]] = False
    performance = clean(solution, model, CleanUpSettings(GapSettings(mode)))
    check(performance, solution)
    np.testing.assert_allclose(performance.gaps, TIME[[[0, 0], [20, 49], [70, 70]]])
    seen = solution.tracked
    np.testing.assert_allclose(performance.arkit[seen], solution.arkit[seen], atol=1e-12)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 40])
@pytest.mark.parametrize("rate", [10.0, 30.0, 120.0])
def test_every_setting_at_once_on_clips_of_any_length(count: int, rate: float, model: MorphableModel) -> None:
    solution = lively(np.arange(count) / rate)
    check(clean(solution, model, ALL), solution)


def test_every_setting_at_once_on_uneven_frames_with_gaps(model: MorphableModel) -> None:
    time = np.cumsum(np.random.default_rng(1).uniform(0.01, 0.09, 200))
    solution = lively(time, slice(50, 120))
    before = solution.arkit.copy()
    check(clean(solution, model, ALL), solution)
    np.testing.assert_array_equal(solution.arkit, before)  # it may be cleaned again with other settings


@pytest.mark.parametrize("mode", ["hold", "interpolate", "ease"])
def test_all_frames_but_one_are_lost(mode: GapMode, model: MorphableModel) -> None:
    solution = lively(TIME, slice(1, None))
    performance = clean(solution, model, replace(ALL, gaps=GapSettings(mode)))
    check(performance, solution)
    np.testing.assert_allclose(performance.gaps, [[TIME[1], TIME[-1]]])


@pytest.mark.parametrize(("group", "index"), [("brows", 0), ("eyes", 1), ("mouth", 2)])
def test_smoothing_stays_in_its_group(group: str, index: int, model: MorphableModel) -> None:
    solution = lively(TIME)
    raw = clean(solution, model)
    smoothed = clean(solution, model, CleanUpSettings(smoothing=Smoothing(**{group: 0.5})))
    changed = np.abs(smoothed.arkit - raw.arkit).max(axis=0) > 1e-6
    np.testing.assert_array_equal(changed, index == ARKIT_GROUPS)
    np.testing.assert_array_equal(smoothed.head_rotation, raw.head_rotation)
    # The landmarks of the group calm down by more than any others.
    regions = (slice(17, 27), slice(36, 48), slice(48, 68))
    jitter = [
        [np.abs(np.diff(model.landmarks68(np.zeros((90, 40)), p.expression)[:, r], 2, axis=0)).mean() for r in regions]
        for p in (raw, smoothed)
    ]
    share = np.array(jitter[1]) / jitter[0]
    assert share.argmin() == index and share[index] < 0.5
    assert (np.delete(share, index) > 0.75).all()


def test_smoothing_all_of_the_face_alike_is_plain_smoothing_of_the_components(model: MorphableModel) -> None:
    solution = lively(TIME)
    alike = clean(solution, model, CleanUpSettings(smoothing=Smoothing(brows=0.3, eyes=0.3, mouth=0.3)))
    nearly = clean(solution, model, CleanUpSettings(smoothing=Smoothing(brows=0.3, eyes=0.3, mouth=0.3 + 1e-9)))
    np.testing.assert_allclose(nearly.expression, alike.expression, atol=1e-5)


def test_smoothing_the_head_leaves_the_face(model: MorphableModel) -> None:
    solution = lively(TIME)
    raw, smoothed = (clean(solution, model, CleanUpSettings(smoothing=Smoothing(head=w))) for w in (0.0, 0.5))
    np.testing.assert_array_equal(smoothed.arkit, raw.arkit)
    np.testing.assert_array_equal(smoothed.expression, raw.expression)
    truth = about(1, 20.0 * np.sin(TIME))
    error = [np.degrees(2.0 * np.arccos(np.clip((p.head_rotation * truth).sum(axis=1), -1, 1))).std()
             for p in (raw, smoothed)]  # fmt: skip
    assert error[1] < 0.7 * error[0]
    assert np.diff(smoothed.head_translation, 2, axis=0).std() < 0.2 * np.diff(raw.head_translation, 2, axis=0).std()


def test_easing_goes_to_the_neutral_face(model: MorphableModel) -> None:
    """With a neutral face at 0.2, that is what the eased face shows: nothing."""
    solution = still_solution(np.arange(120) / 30.0, browInnerUp=0.2)
    solution.arkit[:30, ARKIT_INDEX["browInnerUp"]] = 0.6
    solution.tracked[30:90] = False
    settings = CleanUpSettings(
        gaps=GapSettings("ease", wait=0.1, ease=0.3), neutral=NeutralSettings("range", start=3.1, end=3.9)
    )
    brow = clean(solution, model, settings).arkit[:, ARKIT_INDEX["browInnerUp"]]
    assert brow[:30] == pytest.approx(0.5) and brow[50:] == pytest.approx(0.0, abs=0.015)
    assert (np.diff(brow[30:50]) <= 1e-12).all()


def test_spikes_are_told(model: MorphableModel) -> None:
    solution = still_solution(TIME)
    solution.head_rotation[40] = about(0, 20.0)
    performance = clean(solution, model, CleanUpSettings(spikes=SpikeSettings(5.0)))
    assert performance.spikes is not None
    np.testing.assert_array_equal(np.flatnonzero(performance.spikes), [40])
    np.testing.assert_allclose(performance.head_rotation, about(0, np.zeros(90)), atol=1e-12)


def test_amplified_channels_stay_in_their_range(model: MorphableModel) -> None:
    solution = still_solution(TIME, jawOpen=0.6 * blink(TIME, 1.5, 0.3))
    solution.expression[:, 0] = 1.0
    solution.head_translation[:] = [1.0, 2.0, 3.0]
    loud = clean(solution, model, CleanUpSettings(gains=Gains(head=2.0, channels={"jawOpen": 3.0, "Expression 01": 4})))
    assert loud.arkit[:, ARKIT_INDEX["jawOpen"]].max() == 1.0
    assert loud.expression[:, 0] == pytest.approx(4.0)
    np.testing.assert_allclose(loud.head_translation, [[2.0, 4.0, 6.0]] * 90)


def test_a_neutral_face_where_the_face_was_lost(model: MorphableModel) -> None:
    with pytest.raises(CaptureError, match="not seen"):
        clean(lively(TIME, slice(20, 60)), model, CleanUpSettings(neutral=NeutralSettings("time", time=1.3)))


def test_performing_is_solving_and_cleaning(model: MorphableModel) -> None:
    transform = np.concatenate([0.5 * np.eye(3), [[60.0], [60.0], [0.0]]], axis=1)
    random = np.random.default_rng(2)
    take = Take(
        time=np.arange(20) / 25.0,
        params=join(np.tile(transform, (20, 1, 1)), np.zeros((20, 40)), random.normal(size=(20, 10))).astype("f4"),
        confidence=np.where(np.arange(20) == 7, 0.0, 0.9).astype(np.float32),
        roi=np.tile([0.0, 0.0, 120.0, 120.0], (20, 1)),
        landmarks68=np.zeros((20, 68, 3), np.float32),
        arkit=random.uniform(size=(20, 52)).astype(np.float32),
        header=TakeHeader("made up", 320, 240, 25.0, "none", ""),
    )
    solving, cleaning = SolveSettings(field_of_view=60.0), CleanUpSettings(gaps=GapSettings("hold"))
    performance = perform(take, model, solving, cleaning)
    check(performance, solve(take, model, solving))
    expected = clean(solve(take, model, solving), model, cleaning)
    np.testing.assert_array_equal(performance.expression, expected.expression)
    np.testing.assert_array_equal(performance.arkit[7], performance.arkit[6])
