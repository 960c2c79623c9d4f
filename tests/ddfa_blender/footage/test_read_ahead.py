# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.footage.read_ahead import ReadAhead
from ddfa_blender.footage.video import Frame
from ddfa_blender.timing import StageTimings

_PICTURE = np.zeros((4, 4, 3), np.uint8)


def frames(count: int, made: list[int] | None = None) -> Callable[[Callable[[], None]], Iterator[Frame]]:
    def read(_on_skip: Callable[[], None]) -> Iterator[Frame]:
        for i in range(count):
            if made is not None:
                made.append(i)
            yield Frame(i, i / 25.0, _PICTURE)

    return read


def decoders() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "face capture decoder"]


def test_all_frames_come_in_order_and_then_none() -> None:
    timings = StageTimings()
    with ReadAhead(frames(9), timings) as ahead:
        got = []
        while (frame := ahead.next()) is not None:
            got.append(frame.index)
    assert got == list(range(9))
    assert "decode" in timings.seconds and decoders() == []


def test_few_frames_are_decoded_ahead() -> None:
    made: list[int] = []
    with ReadAhead(frames(100, made), StageTimings()) as ahead:
        ahead.next()
        time.sleep(0.2)
        assert 2 <= len(made) <= 5
    assert decoders() == [] and len(made) <= 6


def test_an_error_comes_at_its_place() -> None:
    def read(_on_skip: Callable[[], None]) -> Iterator[Frame]:
        yield Frame(0, 0.0, _PICTURE)
        raise CaptureError("The disk is gone.")

    with ReadAhead(read) as ahead:
        assert ahead.next() is not None
        with pytest.raises(CaptureError, match="disk is gone"):
            ahead.next()
    assert decoders() == []


def test_whoever_waits_may_give_up_and_skipping_stops_too() -> None:
    def read(on_skip: Callable[[], None]) -> Iterator[Frame]:
        while True:  # a very late in point
            time.sleep(0.001)
            on_skip()
        yield Frame(0, 0.0, _PICTURE)

    def give_up() -> None:
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"), ReadAhead(read) as ahead:
        ahead.next(give_up)
    assert decoders() == []
