# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that die, hang and are stopped; what they do is made up."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ddfa_blender.batch.processes import ATTEMPTS, ProcessPool, usable_cores
from ddfa_blender.batch.tasks import CAPTURED, FAILED, STOPPED, ClipTask, Outcome
from ddfa_blender.errors import CaptureError
from tests.ddfa_blender.batch import support

posix = pytest.mark.skipif(os.name != "posix", reason="Windows knows no signals between processes")


def tasks_of(folder: Path, *names: str) -> list[ClipTask]:
    return [support.task_of(folder, name) for name in names]


def run(pool: ProcessPool, tasks: list[ClipTask]) -> dict[str, Outcome]:
    outcomes = list(pool.run(tasks))
    assert sorted(outcome.name for outcome in outcomes) == sorted(task.name for task in tasks)
    return {outcome.name: outcome for outcome in outcomes}


def test_every_task_is_done_once_by_processes_of_one_thread(tmp_path: Path) -> None:
    tasks = tasks_of(tmp_path, *(f"clip {i}" for i in range(12)))
    seen = []
    pool = ProcessPool(2, watch=lambda task, done, total: seen.append((task.name, done, total)), runner=support.quick)
    outcomes = run(pool, tasks)
    assert all(outcome.status == CAPTURED and outcome.attempts == 1 for outcome in outcomes.values())
    assert {outcome.facts["threads"] for outcome in outcomes.values()} == {"1"}
    assert os.environ.get("OPENCV_FFMPEG_THREADS") is None
    workers = {int(outcome.worker) for outcome in outcomes.values()}
    assert 1 <= len(workers) <= 2 and os.getpid() not in workers
    assert set(seen) == {(task.name, 1, 1) for task in tasks}


def test_nothing_to_do_starts_no_process(tmp_path: Path) -> None:
    pool = ProcessPool(4, runner=support.quick)
    assert list(pool.run([])) == [] and pool._crew == []


@posix
def test_a_process_that_dies_costs_its_own_clip_alone(tmp_path: Path) -> None:
    names = ["a", "fatal", "b", "exit", "c", "once", "d"]
    outcomes = run(ProcessPool(2, runner=support.mortal), tasks_of(tmp_path, *names))
    failed = {name for name, outcome in outcomes.items() if outcome.status == FAILED}
    assert failed == {"fatal", "exit"}
    assert outcomes["once"].attempts == 2 and outcomes["a"].attempts == 1
    assert "SIGKILL, perhaps for lack of memory" in outcomes["fatal"].error and outcomes["fatal"].attempts == ATTEMPTS
    assert "exit status 7" in outcomes["exit"].error


def test_a_clip_on_which_nothing_happens_is_given_up(tmp_path: Path) -> None:
    outcomes = run(ProcessPool(2, patience=3.0, runner=support.deaf), tasks_of(tmp_path, "deaf", "a", "b"))
    assert [outcomes[name].status for name in ("deaf", "a", "b")] == [FAILED, CAPTURED, CAPTURED]
    assert "Nothing happened for 3 seconds" in outcomes["deaf"].error


def test_stopping_stops_what_runs_and_begins_nothing_more(tmp_path: Path) -> None:
    under_way: set[str] = set()
    pool = ProcessPool(
        2, lambda: len(under_way) == 2, lambda task, done, total: under_way.add(task.name), runner=support.endless
    )
    outcomes = run(pool, tasks_of(tmp_path, *"abcdef"))
    assert {outcome.status for outcome in outcomes.values()} == {STOPPED}
    assert pool._crew == []


def test_processes_end_with_the_batch(tmp_path: Path) -> None:
    pool = ProcessPool(2, runner=support.endless)
    under_way: list[str] = []
    pool.watch = lambda task, done, total: under_way.append(task.name)
    outcomes = pool.run(tasks_of(tmp_path, "a", "b"))
    pool.stopped = lambda: bool(under_way)
    next(outcomes)
    processes = [worker.process for worker in pool._crew]
    outcomes.close()
    assert processes and not any(process.is_alive() for process in processes)


@posix
def test_processes_end_when_the_batch_is_killed(tmp_path: Path) -> None:
    """Their own end of the pipe tells them."""
    pool = ProcessPool(1, runner=support.endless)
    pool._start()
    (worker,) = pool._crew
    worker.connection.send(support.task_of(tmp_path))
    assert worker.connection.poll(30.0)  # it works
    worker.connection.close()  # what the system does for a batch that is killed
    worker.process.join(30.0)
    assert not worker.process.is_alive()


def test_cores() -> None:
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)


@posix
def test_more_processes_than_cores_and_some_of_them_die(tmp_path: Path) -> None:
    """Six at once; whatever dies, each clip is done once or fails for itself."""
    names = [f"{kind} {i}" for i in range(4) for kind in ("quick", "once", "fatal")]
    outcomes = run(ProcessPool(6, runner=support.mortal), tasks_of(tmp_path, *names))
    failed = {name for name, outcome in outcomes.items() if outcome.status == FAILED}
    assert failed == {name for name in names if name.startswith("fatal")}
    assert all(outcomes[name].attempts == 2 for name in names if name.startswith("once"))


def test_a_system_that_starts_no_more_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    start, started = ProcessPool._start, []

    def few(pool: ProcessPool) -> Any:
        if len(started) == allowed:
            raise OSError(11, "Resource temporarily unavailable")
        started.append(start(pool))
        return started[-1]

    monkeypatch.setattr(ProcessPool, "_start", few)
    allowed = 1
    outcomes = run(ProcessPool(4, runner=support.quick), tasks_of(tmp_path, *"abc"))
    assert {outcome.status for outcome in outcomes.values()} == {CAPTURED}
    assert "1 processes are all that can be started" in capsys.readouterr().err
    allowed = 0
    started.clear()
    with pytest.raises(CaptureError, match="No process can be started"):
        list(ProcessPool(4, runner=support.quick).run(tasks_of(tmp_path, "a")))
