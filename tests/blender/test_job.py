# SPDX-License-Identifier: GPL-3.0-or-later
"""Work on a thread: progress, cancelling, errors."""

from __future__ import annotations

import threading

import pytest
import support


@pytest.fixture
def job_module():
    return support.module("operators.job")


def test_the_result_and_the_progress_come_across(job_module):
    halfway, go_on = threading.Event(), threading.Event()

    def work(progress, cancelled):
        for done in range(1, 11):
            progress(done, 10)
            if done == 5:
                halfway.set()
                assert go_on.wait(10.0)
        return threading.current_thread()

    job = job_module.Job(work)
    job.start()
    assert halfway.wait(10.0)
    assert not job.done
    assert job.progress.factor == pytest.approx(0.5)
    assert job.progress.text.startswith("Frame 5 of 10")
    go_on.set()
    assert job.wait(10.0)
    assert job.result() is not threading.current_thread()
    assert job.progress.factor == 1.0


def test_cancelling_reaches_the_work(job_module):
    started = threading.Event()

    def work(progress, cancelled):
        started.set()
        while not cancelled():
            pass
        raise KeyError("stopped")

    job = job_module.Job(work)
    job.start()
    assert started.wait(10.0)
    job.cancel()
    assert job.wait(10.0) and job.cancelling
    with pytest.raises(KeyError, match="stopped"):
        job.result()


def test_progress_without_a_known_length_says_so(job_module):
    progress = job_module.Progress(frame=12, frame_count=0, rate=58.2)
    assert progress.factor == 0.0
    assert progress.text == "Frame 12, 58 fps"
    # Containers only estimate: never "12 of 10".
    assert job_module.Progress(12, 10, 58.2).text == "Frame 12 of 12, 58 fps"
    assert job_module.Progress(12, 10, 58.2).factor == 1.0
