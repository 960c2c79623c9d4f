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
    assert job.progress.text().startswith("5 of 10")
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


def test_who_cancels_at_the_last_moment_gets_no_result(job_module):
    ended = threading.Event()
    job = job_module.Job(lambda progress, cancelled: ended.set())
    job.start()
    assert ended.wait(10.0) and job.wait(10.0)
    assert job.result() is None
    job.cancel()
    with pytest.raises(support.module("ddfa_blender.errors").CaptureCancelled):
        job.result()


def test_all_frames_being_done_is_not_the_end(job_module):
    states = [job_module.Progress(*frames).is_complete for frames in ((0, 0), (12, 0), (9, 10), (10, 10), (12, 10))]
    assert states == [False, False, False, True, True]


def test_progress_without_a_known_length_says_so(job_module):
    progress = job_module.Progress(frame=12, frame_count=0, rate=58.2)
    assert progress.factor == 0.0
    assert progress.text() == "Frame 12, 58 fps"
    # Containers only estimate: never "12 of 10".
    assert job_module.Progress(12, 10, 58.2).text() == "12 of 12, 58 fps, 0 s left"
    assert job_module.Progress(12, 10, 58.2).factor == 1.0


def test_the_time_left_is_told_in_peoples_units(job_module):
    assert job_module.Progress(100, 1000, 30.0).seconds_left == 30.0
    assert job_module.Progress(100, 1000, 30.0).text() == "100 of 1000, 30 fps, 30 s left"
    assert [job_module.duration_text(s) for s in (0.2, 59.4, 125.0, 3720.0)] == [
        "0 s",
        "59 s",
        "3 min",
        "1 h 02 min",
    ]
    assert job_module.Progress(1, 1000, 0.0).seconds_left is None


def test_following_a_picked_face_counts_its_own_frames_and_spoils_no_rate(job_module):
    go_on, looked = threading.Event(), threading.Event()

    def work(progress, cancelled):
        for _ in range(7):
            progress(0, 10)
        looked.set()
        assert go_on.wait(10.0)
        progress(1, 10)

    job = job_module.Job(work)
    job.start()
    assert looked.wait(10.0)
    assert job.progress.text() == "Following the picked face, frame 7"
    go_on.set()
    assert job.wait(10.0)
    assert job.progress.text() == "1 of 10, 0 fps"


def test_texts_can_be_translated_without_their_numbers(job_module):
    german = {"{} of {}": "{} von {}", "{} left": "noch {}"}
    text = job_module.Progress(3, 10, 7.0).text(lambda english: german.get(english, english))
    assert text == "3 von 10, 7 fps, noch 1 s"
