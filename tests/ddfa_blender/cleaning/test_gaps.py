# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.cleaning.gaps import GapFill, GapMode, GapSettings
from ddfa_blender.errors import CaptureError
from tests.ddfa_blender.signals import about

HOLD, EASE = GapSettings("hold"), GapSettings("ease", wait=0.5, ease=1.0)


def lost(count: int, *frames: int) -> np.ndarray:
    tracked = np.ones(count, bool)
    tracked[list(frames)] = False
    return tracked


def test_gaps_fill_by_time_not_by_frame() -> None:
    time = np.array([0.0, 1.0, 3.0, 4.0])
    fill = GapFill.plan(time, lost(4, 1, 2))
    values = np.array([[0.0], [np.nan], [np.nan], [8.0]])
    np.testing.assert_allclose(fill.linear(values)[:, 0], [0.0, 2.0, 6.0, 8.0])
    np.testing.assert_allclose(fill.expression(values)[:, 0], [0.0, 2.0, 6.0, 8.0])
    rotations = about(2, np.array([0.0, 0.0, 0.0, 40.0]))
    np.testing.assert_allclose(fill.rotations(rotations)[2], about(2, 30.0), atol=1e-12)


def test_gaps_can_be_held() -> None:
    fill = GapFill.plan(np.arange(4.0), lost(4, 1, 2), HOLD)
    np.testing.assert_array_equal(fill.linear(np.array([5.0, np.nan, np.nan, 8.0])), [5.0, 5.0, 5.0, 8.0])


@pytest.mark.parametrize("mode", ["hold", "interpolate"])
def test_gaps_at_the_ends_are_held(mode: GapMode) -> None:
    fill = GapFill.plan(np.arange(5.0), lost(5, 0, 1, 4), GapSettings(mode))
    np.testing.assert_array_equal(fill.expression(np.array([[np.nan], [np.nan], [2.0], [3.0], [np.nan]]))[:, 0],
                                  [2.0, 2.0, 2.0, 3.0, 3.0])  # fmt: skip


def test_easing_relaxes_to_neutral_and_is_back_before_the_face_returns() -> None:
    time = np.arange(101) / 10.0  # the face is lost from 2.1 s to 7.9 s
    tracked = (time <= 2.0) | (time >= 7.95)
    values = np.where(tracked, np.where(time < 5.0, 1.0, 0.6), np.nan)[:, None]
    eased = GapFill.plan(time, tracked, EASE).expression(values)[:, 0]
    at = dict(zip(np.round(time, 1), eased, strict=True))
    # The pose on which the easing works moves gently from the one face to the other meanwhile.
    assert at[2.5] == pytest.approx(1.0, abs=0.01)  # still waiting
    assert 0.4 < at[3.0] < 0.6
    np.testing.assert_allclose(eased[(time > 3.55) & (time < 6.45)], 0.0, atol=1e-12)
    assert at[7.5] == pytest.approx(0.6, abs=0.02)
    assert np.abs(np.diff(eased)).max() < 0.16  # 1.5 times the mean slope of a second's ease


def test_a_short_gap_is_no_time_to_relax() -> None:
    time = np.arange(21) / 10.0
    tracked = lost(21, *range(8, 12))
    fill = GapFill.plan(time, tracked, EASE)
    np.testing.assert_array_equal(fill.presence, 1.0)
    np.testing.assert_allclose(fill.expression(np.where(tracked, 0.7, np.nan)[:, None]), 0.7)


def test_easing_at_the_ends_starts_from_neutral_and_ends_there_while_the_head_stays() -> None:
    time = np.arange(61) / 10.0
    tracked = (time >= 2.0) & (time <= 4.0)
    fill = GapFill.plan(time, tracked, EASE)
    values = np.where(tracked, 1.0, np.nan)[:, None]
    eased = fill.expression(values)[:, 0]
    assert eased[0] == eased[-1] == 0.0
    assert (np.diff(eased[:21]) >= 0.0).all() and (np.diff(eased[40:]) <= 0.0).all()
    np.testing.assert_array_equal(fill.linear(values), 1.0)


def test_the_head_eases_from_pose_to_pose_without_a_kink() -> None:
    time = np.arange(41) / 10.0
    tracked = (time <= 1.0) | (time >= 3.0)
    angles = np.where(time <= 2.0, 0.0, 40.0)
    head = GapFill.plan(time, tracked, EASE).rotations(about(1, angles))
    turned = np.degrees(2.0 * np.arctan2(head[:, 2], head[:, 0]))
    np.testing.assert_allclose(turned[[10, 20, 30]], [0.0, 20.0, 40.0], atol=1e-9)
    assert turned[11] < 0.5 and turned[29] > 39.5  # linear would be 2 and 38
    assert (np.diff(turned) >= -1e-9).all()


def test_part_of_a_plan() -> None:
    fill = GapFill.plan(np.arange(5.0), lost(5, 1, 3))
    values = np.array([0.0, np.nan, 4.0, np.nan, 10.0])
    np.testing.assert_array_equal(fill.at(np.array([3, 1])).linear(values), [7.0, 2.0])


def test_a_gap_plan_needs_a_tracked_frame() -> None:
    with pytest.raises(ValueError, match="no tracked frame"):
        GapFill.plan(np.arange(3.0), np.zeros(3, bool))


@pytest.mark.parametrize("mode", ["hold", "interpolate", "ease"])
def test_one_tracked_frame_is_enough(mode: GapMode) -> None:
    fill = GapFill.plan(np.arange(3.0), lost(3, 0, 2), GapSettings(mode))
    np.testing.assert_array_equal(fill.linear(np.array([np.nan, 5.0, np.nan])), 5.0)


@pytest.mark.parametrize("settings", [{"mode": "guess"}, {"wait": -0.1}, {"ease": float("nan")}])
def test_senseless_settings_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(CaptureError):
        GapSettings(**settings)  # type: ignore[arg-type]
