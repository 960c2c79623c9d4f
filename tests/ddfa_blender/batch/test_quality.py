# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ddfa_blender.batch import quality
from ddfa_blender.capture import capture
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.take import Take, TakeHeader
from tests.ddfa_blender.support import grey, set_frame_durations, square_engine, square_frame, write_clip

RATE = 25.0


def take_of(count: int = 100, lost: slice | None = None, size: float = 200.0) -> Take:
    """A steady face of ``size`` pixels that moves on a line, lost in some frames."""
    random = np.random.default_rng(3)
    shape = np.concatenate([random.uniform(0.0, size, (66, 3)), [[0.0, 0.0, 0.0], [size, size, 0.0]]])
    landmarks = shape + np.arange(count)[:, None, None] * [2.0, 1.0, 0.0]
    confidence = np.full(count, 0.9, np.float32)
    arkit = random.uniform(0.1, 0.6, (count, 52)).astype(np.float32)
    take = Take(
        np.arange(count) / RATE, np.zeros((count, 62), np.float32), confidence, np.zeros((count, 4)),
        landmarks.astype(np.float32), arkit, TakeHeader("a.mp4", 640, 480, RATE, "m", "0" * 64),
    )  # fmt: skip
    if lost is not None:
        confidence[lost] = 0.0
        for values in (take.params, take.roi, take.landmarks68, take.arkit):
            values[lost] = np.nan
    return take


def raised(take: Take, watched: quality.Watcher | None = None) -> set[str]:
    return {flag["flag"] for flag in quality.flags(quality.measures(take, watched))}


def test_a_good_take_has_no_flag() -> None:
    assert raised(take_of()) == set()


def test_each_flag_on_what_it_is_for() -> None:
    assert raised(take_of(lost=slice(0, 10))) == {"lost_frames"}
    assert raised(take_of(count=400, lost=slice(100, 115))) == {"long_gap"}
    assert raised(take_of(lost=slice(90, 100))) == {"lost_frames"}  # at the end there is no gap to bridge
    low = take_of()
    low.confidence[:] = 0.6
    assert raised(low) == {"low_confidence"}
    assert raised(take_of(size=50.0)) == {"small_face"}
    uneven = take_of()
    assert raised(replace(uneven, time=uneven.time + 0.01 * (np.arange(100) % 2))) == {"variable_rate"}
    assert raised(replace(take_of(), header=replace(take_of().header, stopped_early=True))) == {"stopped_early"}
    wild = take_of()
    wild.landmarks68[::2] += 10.0
    assert raised(wild) == {"unsteady"}


def test_clipped_channels_are_those_that_stick_at_their_end() -> None:
    take = take_of()
    take.arkit[:15, ARKIT_NAMES.index("jawOpen")] = 1.0
    take.arkit[:5, ARKIT_NAMES.index("eyeBlinkLeft")] = 1.0  # a blink is none
    assert quality.clipped_channels(take) == ["jawOpen"] and raised(take) == {"clipped_channels"}
    absent = replace(take, header=replace(take.header, absent_outputs=["arkit", "confidence"]))
    assert raised(absent) == set() and quality.measures(absent)["confidence"] is None


def test_gaps() -> None:
    assert quality.longest_gap(take_of()) == 0.0
    assert quality.longest_gap(take_of(lost=slice(10, 20))) == pytest.approx(11 / RATE)
    assert quality.longest_gap(take_of(lost=slice(0, 99))) == 0.0


def test_a_take_of_one_frame_and_one_of_lost_frames_alone() -> None:
    values = quality.measures(take_of(count=1))
    assert values["jitter"] is None and values["lost_share"] == 0.0
    nothing = quality.measures(take_of(lost=slice(None)))
    assert nothing["lost_share"] == 1.0 and nothing["confidence"] is None and nothing["face_size"] is None


def test_a_flag_tells_its_value_and_its_limit() -> None:
    (flag,) = quality.flags(quality.measures(take_of(lost=slice(0, 10))))
    assert (flag["flag"], flag["value"], flag["limit"]) == ("lost_frames", 0.1, 0.05)


def test_every_flag_has_a_measure_of_its_own() -> None:
    measured = set(quality.measures(take_of()))
    assert {kind.measure for kind in quality.FLAGS.values()} == measured
    assert not any(kind.meaning.endswith(".") for kind in quality.FLAGS.values())


def watched(path: Path, frames: list[np.ndarray], model: MorphableModel) -> tuple[Take, quality.Watcher]:
    engine = square_engine(model)
    watcher = quality.Watcher(engine.detector, RATE)
    clip = write_clip(path, frames, RATE)
    return capture(clip, engine=engine, watch=watcher), watcher


def test_cuts_are_counted(tmp_path: Path, model: MorphableModel) -> None:
    first = [square_frame([(100 + i, 120, 80)]) for i in range(12)]
    second = [255 - frame for frame in grey(8, (240, 320))]
    take, watcher = watched(tmp_path / "cut.mp4", first + second + first, model)
    assert watcher.cuts == 2 and "cuts" in raised(take, watcher)
    take, watcher = watched(tmp_path / "whole.mp4", first, model)
    assert watcher.cuts == 0 and "cuts" not in raised(take, watcher)


@pytest.mark.parametrize(("side", "others"), [(60, True), (20, False)])
def test_other_faces_count_if_they_are_not_far_behind(
    tmp_path: Path, model: MorphableModel, side: int, others: bool
) -> None:
    frames = [square_frame([(100 + i, 120, 80), (250, 120, side)]) for i in range(30)]
    take, watcher = watched(tmp_path / "two.mp4", frames, model)
    assert watcher.looks == 2
    assert ("several_faces" in raised(take, watcher)) is others


def test_variable_rate_of_a_real_file(tmp_path: Path, model: MorphableModel) -> None:
    frames = [square_frame([(100 + i, 120, 80)]) for i in range(12)]
    clip = write_clip(tmp_path / "a.mp4", frames, RATE)
    assert "variable_rate" not in raised(capture(clip, engine=square_engine(model)))
    set_frame_durations(clip, [512] * 4 + [1024] * 8)
    assert "variable_rate" in raised(capture(clip, engine=square_engine(model)))
