# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
from pathlib import Path

from ddfa_blender.batch.progress import BatchProgress, duration
from ddfa_blender.batch.tasks import CAPTURED, FAILED, STOPPED, Outcome
from tests.ddfa_blender.batch.support import task_of


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_time_left_goes_by_the_clips_sizes_and_how_far_they_are(tmp_path: Path) -> None:
    clock = Clock()
    progress = BatchProgress({"a": 300, "b": 100, "c": 600}, io.StringIO(), clock)
    assert progress.seconds_left() is None
    clock.now += 3.0
    progress.running(task_of(tmp_path, "a"), 1, 10)
    assert progress.seconds_left() is None and progress.line() == "0 of 3 clips"
    clock.now += 27.0
    progress.finished(Outcome.of(task_of(tmp_path, "a"), CAPTURED))
    assert progress.seconds_left() == 70.0
    progress.running(task_of(tmp_path, "c"), 50, 100)
    assert progress.seconds_left() == 20.0
    progress.running(task_of(tmp_path, "c"), 100, 0)  # nobody knows how long it is
    assert progress.seconds_left() == 70.0
    assert progress.line() == "1 of 3 clips, 1 min 10 s left"


def test_a_terminal_has_one_line_and_is_told_of_failures(tmp_path: Path) -> None:
    stream, clock = Terminal(), Clock()
    progress = BatchProgress({"a": 1, "b": 1}, stream, clock)
    clock.now += 5.0
    progress.running(task_of(tmp_path, "b"), 1, 2)
    progress.finished(Outcome.of(task_of(tmp_path, "a"), FAILED, "It is broken."))
    assert "\r1 of 2 clips, 1 failed, 5 s left\x1b[K" in stream.getvalue()
    assert f"failed {tmp_path / 'a.mp4'}: It is broken.\n" in stream.getvalue()
    clock.now += 5.0
    progress.finished(Outcome.of(task_of(tmp_path, "b"), CAPTURED))
    progress.end()
    assert stream.getvalue().endswith("2 of 2 clips, 1 failed\x1b[K\r\x1b[K")


def test_what_fails_at_once_does_not_shorten_the_estimate(tmp_path: Path) -> None:
    clock = Clock()
    progress = BatchProgress({"large": 10**9, "a": 100, "b": 100}, Terminal(), clock)
    clock.now += 10.0
    progress.finished(Outcome.of(task_of(tmp_path, "large"), FAILED, "It is broken."))
    assert progress.seconds_left() is None
    progress.finished(Outcome.of(task_of(tmp_path, "a"), CAPTURED))
    assert progress.seconds_left() == 10.0


def test_a_log_has_a_line_for_each_clip_and_none_for_those_not_begun(tmp_path: Path) -> None:
    stream = io.StringIO()
    progress = BatchProgress({"a": 1, "b": 1}, stream)
    progress.running(task_of(tmp_path, "a"), 1, 2)
    progress.finished(Outcome.of(task_of(tmp_path, "a"), CAPTURED))
    progress.finished(Outcome.of(task_of(tmp_path, "b"), STOPPED))
    progress.end()
    (line,) = stream.getvalue().splitlines()
    assert line.startswith("1 of 2 clips") and line.endswith(f"captured {tmp_path / 'a.mp4'}")


def test_durations_for_people() -> None:
    assert [duration(s) for s in (0.2, 59.6, 200.0, 7260.0, 360000.0)] == [
        "0 s", "1 min 0 s", "3 min 20 s", "2 h 1 min", "100 h 0 min",
    ]  # fmt: skip
