# SPDX-License-Identifier: GPL-3.0-or-later
"""Upright faces read beside the tracking: in order, none lost, errors where they belong, no thread left behind."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from ddfa_blender import projection
from ddfa_blender.errors import CaptureError
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.reading_along import ReadingAlong
from ddfa_blender.timing import StageTimings
from ddfa_blender.tracking.tracker import FaceFit
from ddfa_blender.tracking.upright import UPRIGHT_SIZE
from ddfa_blender.tracking.upright_reader import Reading

#: So slow that every frame is read.
RATE = 10.0


class Brightness:
    """Reads the mean brightness as every weight; may be slow, or fail at one face."""

    faces_a_second = 10.0

    def __init__(self, seconds: float = 0.0, fails_at: int = -1) -> None:
        self.seconds, self.fails_at, self.count = seconds, fails_at, 0

    def read(self, face: np.ndarray) -> Reading:
        assert face.shape == (UPRIGHT_SIZE, UPRIGHT_SIZE, 3)
        time.sleep(self.seconds)
        if self.count == self.fails_at:
            raise CaptureError("it does not run")
        self.count += 1
        return Reading(*np.full((2, 52), face.mean() / 255.0, np.float32))


@pytest.fixture(scope="module")
def fit() -> FaceFit:
    model = MorphableModel.load()
    pose = projection.Pose(np.array(0.4), np.eye(3), np.array([60.0, 60.0, 0.0]))
    params = projection.join(projection.compose(pose), np.zeros(40), np.zeros(10)).astype(np.float32)
    roi = np.array([0.0, 0.0, 120.0, 120.0])
    return FaceFit(params, 1.0, roi, projection.project_landmarks(model, params, roi), np.zeros(52, np.float32))


def _frame(level: int) -> np.ndarray:
    return np.full((120, 120, 3), level, np.uint8)


def _readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "face capture reader"]


@pytest.mark.parametrize("seconds", [0.0, 0.004])
def test_every_frame_gets_its_own_reading(fit, seconds):
    timings = StageTimings()
    with ReadingAlong(Brightness(seconds), RATE, timings) as along:
        for level in range(40):
            along.add(_frame(level), fit if level % 7 else None, level / RATE)
        found = along.readings()
    assert len(found) == 40
    for level, reading in enumerate(found):
        if level % 7 == 0:
            assert reading is None
        else:
            np.testing.assert_allclose(reading.weights, level / 255.0, atol=1e-6)
    assert timings.seconds["read"] >= 34 * seconds
    assert not _readers()


def test_a_face_that_was_not_believed_is_not_read(fit):
    unsure = FaceFit(fit.params, 0.0, fit.roi, fit.landmarks68, fit.arkit)
    with ReadingAlong(Brightness(), RATE) as along:
        along.add(_frame(9), unsure, 0.0)
        assert along.readings() == [None]


def test_without_a_reader_nothing_is_read(fit):
    with ReadingAlong(None, RATE) as along:
        along.add(_frame(1), fit, 0.0)
        assert along.readings() == []


def test_an_error_comes_out_and_does_not_block(fit):
    def read_all() -> None:
        with ReadingAlong(Brightness(fails_at=3), RATE) as along:
            for level in range(200):
                along.add(_frame(level), fit, level / RATE)
            along.readings()

    with pytest.raises(CaptureError, match="does not run"):
        read_all()
    assert not _readers()


def test_leaving_early_ends_the_thread(fit):
    def leave() -> None:
        with ReadingAlong(Brightness(0.01), RATE) as along:
            for level in range(5):
                along.add(_frame(level), fit, level / RATE)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        leave()
    assert not _readers()


@pytest.mark.parametrize(("rate", "every"), [(12.0, 1), (22.0, 2), (24.0, 3), (25.0, 3), (30.0, 3), (60.0, 6)])
def test_some_ten_are_read_a_second_wherever_one_begins(fit, rate, every):
    read = []
    for start in (0, 7):
        with ReadingAlong(Brightness(), rate) as along:
            for index in range(start, 48):
                along.add(_frame(index), None if index == 30 else fit, index / rate)
            found = {start + place for place, reading in enumerate(along.readings()) if reading is not None}
        read.append(found)
    due = {index for index in range(48) if index % every == 0 and index != 30}
    assert read[0] == due | {31}, "the first face after a loss is read too"
    assert read[1] - {7} == {index for index in read[0] if index > 7}


def test_a_reader_may_want_every_face(fit):
    reader = Brightness()
    reader.faces_a_second = float("inf")
    with ReadingAlong(reader, 30.0) as along:
        for index in range(20):
            along.add(_frame(index), fit, index / 30.0)
        assert None not in along.readings()
