# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading

import pytest

from ddfa_blender.background import Background


def test_of_each_kind_only_the_newest_waiting_task_is_done() -> None:
    background, done = Background("test"), list[str]()
    started, go_on = threading.Event(), threading.Event()

    def first() -> None:
        started.set()
        go_on.wait(10.0)
        done.append("first")

    background.ask("view", first)
    assert started.wait(10.0) and background.busy
    for name in ("second", "third"):
        background.ask("view", lambda name=name: done.append(name))
    background.ask("facts", lambda: done.append("facts"))
    go_on.set()
    assert background.wait(10.0) and not background.busy
    assert done == ["first", "third", "facts"]


def test_it_runs_elsewhere_and_again_after_a_pause() -> None:
    background, threads = Background("test"), list[threading.Thread]()
    for _ in range(2):
        background.ask("view", lambda: threads.append(threading.current_thread()))
        assert background.wait(10.0)
    assert len(threads) == 2 and threading.current_thread() not in threads


def test_stopping_drops_what_waits() -> None:
    background, done = Background("test"), list[str]()
    started, go_on = threading.Event(), threading.Event()

    def first() -> None:
        started.set()
        go_on.wait(10.0)
        done.append("first")

    background.ask("view", first)
    assert started.wait(10.0)
    background.ask("view", lambda: done.append("second"))
    assert not background.stop(0.01), "the first is still at it"
    go_on.set()
    assert background.wait(10.0)
    assert done == ["first"]


def test_where_no_thread_can_be_started_the_next_question_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    background, done = Background("test"), list[str]()

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="can't start"):
            background.ask("view", lambda: done.append("first"))
    assert not background.busy
    background.ask("facts", lambda: done.append("second"))
    assert background.wait(10.0)
    assert done == ["first", "second"]
