# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's numbers against takes whose numbers are known by construction."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ddfa_blender.report import capture_report
from ddfa_blender.take import Take, TakeHeader


def made_up(lost: tuple[int, ...] = (), shake: float = 0.0, count: int = 12) -> Take:
    """A box of points 100 pixels large that moves evenly, every other frame ``shake`` pixels off; confidence 0.8."""
    points = np.random.default_rng(1).uniform(0.0, 100.0, (68, 3))
    points[0], points[1] = 0.0, 100.0
    frames = np.arange(count)
    moved = points + (3.0 * frames + shake * (frames % 2))[:, None, None] * (1.0, 0.0, 0.0)
    confidence = np.full(count, 0.8, np.float32)
    confidence[list(lost)] = 0.0
    moved[list(lost)] = np.nan
    empty = np.zeros((count, 1))
    return Take(
        time=10.0 + frames / 25.0, params=np.tile(empty, 62).astype(np.float32), confidence=confidence,
        roi=np.tile(empty, 4), landmarks68=moved.astype(np.float32), arkit=np.tile(empty, 52).astype(np.float32),
        header=TakeHeader("Größe.mov", 1280, 720, 25.0, "regressor.onnx", "", expected_frames=20, stopped_early=True),
    )  # fmt: skip


def test_frames_times_and_confidence_are_those_of_the_take() -> None:
    report = capture_report(made_up(lost=(0, 5, 6)), {"decode": 1.23456, "total": 2.0})
    assert (report["frames"], report["tracked_frames"], report["lost_frames"]) == (12, 9, 3)
    assert (report["first_time"], report["last_time"]) == (10.0, pytest.approx(10.44))
    assert report["mean_confidence"] == pytest.approx(0.8) and report["seconds"] == {"decode": 1.2346, "total": 2.0}
    assert (report["expected_frames"], report["stopped_early"], report["source"]) == (20, True, "Größe.mov")
    assert json.loads(json.dumps(report, allow_nan=False)) == report


@pytest.mark.parametrize("shake", [0.0, 0.5, 2.0])
def test_jitter_is_the_shake_and_not_the_movement(shake: float) -> None:
    # Of a point that goes one way and back, the second difference is twice the way: 2 · shake of a box of 100.
    for lost in ((), (4,)):
        assert capture_report(made_up(lost, shake), {})["jitter"] == pytest.approx(0.02 * shake, abs=1e-4)


@pytest.mark.parametrize("lost", [tuple(range(12)), (1, 4, 7, 10)], ids=["all", "no three in a row"])
def test_what_is_not_known_is_null_and_no_nan(lost: tuple[int, ...]) -> None:
    report = capture_report(made_up(lost), {})
    assert report["jitter"] is None and (report["mean_confidence"] is None) == (len(lost) == 12)
    json.dumps(report, allow_nan=False)
