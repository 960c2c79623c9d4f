# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import itertools
import threading

import pytest

from ddfa_blender import timing
from ddfa_blender.timing import StageTimings


def test_seconds_add_up_by_stage_errors_included(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(step=0.5)
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))
    timings = StageTimings()
    for _ in range(3):
        with timings.stage("decode"):
            pass
    with pytest.raises(KeyError), timings.stage("load"):
        raise KeyError
    timings.add("load", 2.0)
    assert timings.seconds == {"decode": 1.5, "load": 2.5}


def test_threads_lose_nothing() -> None:
    timings = StageTimings()
    threads = [threading.Thread(target=lambda: [timings.add("work", 1.0) for _ in range(2000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert timings.seconds == {"work": 8000.0}
