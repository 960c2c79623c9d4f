# SPDX-License-Identifier: GPL-3.0-or-later
"""Track one clip on several threads, with the very result of one.

The clip is cut into segments. Each is read by its own decoder, which seeks, and followed by its own tracker, which
begins with the detector. Two trackers that follow the same face through the same frames come to the same state within
some frames, bit for bit (:meth:`Tracker.state`, which holds the frame's time and a thumbnail too). So each segment is
tracked on into the next one until both have the same state at the same frame: from there on the next one's frames are
what this one would have measured. Where that never happens (another person was taken up there, the file cannot be
sought exactly), it simply goes on to the end, as one thread would. What comes out hangs neither on how fast the threads
are nor on how many there are.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .errors import CaptureCancelled
from .footage.read_ahead import ReadAhead
from .footage.video import Frame, NotSeekable, Video
from .reading_along import ReadingAlong
from .timing import StageTimings
from .track import Track
from .tracking.scene_cut import FRAMES_REMEMBERED
from .tracking.tracker import FaceFit, Tracker
from .tracking.upright_reader import Reader

Watch = Callable[[NDArray[np.uint8], FaceFit | None], None]

#: A segment is at least so many frames long: beginning one costs about twenty.
MINIMUM_FRAMES = 60
#: Seconds between two questions whether to stop.
_POLL = 0.05


class _Abandoned(Exception):
    """Raised within a thread when another one failed or the user stopped all."""


@dataclass(eq=False)
class _Segment:
    """What one thread does, and has done so far."""

    begin: float  # seconds of the footage
    track: Track = field(default_factory=Track)
    states: list[bytes] = field(default_factory=list)  # after each frame of the track
    places: dict[float, int] = field(default_factory=dict)  # of the track's frames, by their time
    ended: bool = False
    is_lost: bool = False  # its frames could not be found
    error: BaseException | None = None
    next: tuple[_Segment, int] | None = None  # goes on there, behind the frame at this place, its own last one

    def add(self, frame: Frame, fit: FaceFit | None, state: bytes) -> None:
        self.places[frame.time] = len(self.track)
        self.states.append(state)
        self.track.add(frame, fit)

    def reached(self, time: float) -> bool:
        """Nothing more will be said of a frame at this time."""
        return self.ended or bool(self.track.times and self.track.times[-1] >= time)


class SegmentedPass:
    """One pass over a clip on several threads; call :meth:`run` once."""

    def __init__(
        self,
        begins: list[float],
        end: float | None,
        open_video: Callable[[], Video],
        make_tracker: Callable[[], Tracker],
        timings: StageTimings | None = None,
        watch: Watch | None = None,
        reader: Reader | None = None,
    ) -> None:
        """Track from ``begins[0]`` to ``end`` (None = to the end of the clip), a thread from each of ``begins`` on.

        ``watch`` is shown the frames of the earliest segment that is still at work; ``reader`` reads upright faces.
        """
        self._segments = [_Segment(begin) for begin in begins]
        self._end = end
        self._open_video = open_video
        self._make_tracker = make_tracker
        self._timings = timings or StageTimings()
        self._watch = watch
        self._reader = reader
        self._changed = threading.Condition()
        self._over = threading.Event()  # all threads have ended, or one failed
        self._abandoned = False

    def run(self, progress: Callable[[int], None], cancelled: Callable[[], bool]) -> Track:
        """Do it all; ``progress(frames done)`` and ``cancelled()`` are called on this thread alone.

        Raises:
            CaptureCancelled: ``cancelled`` said so.
            CaptureError: the clip cannot be used. Whatever else a thread raised is raised too.
        """
        threads = [
            threading.Thread(target=self._work, args=(segment,), name=f"face capture {number}", daemon=True)
            for number, segment in enumerate(self._segments)
        ]
        started: list[threading.Thread] = []
        try:
            for thread in threads:
                thread.start()
                started.append(thread)
            self._supervise(progress, cancelled)
        finally:
            with self._changed:
                self._abandoned = True
                self._changed.notify_all()
            for thread in started:
                thread.join()
        return self._joined()

    def notes(self) -> list[str]:
        """Why some of it was tracked by fewer threads than were asked for; once it is done."""
        used, segment = [self._segments[0]], self._segments[0]
        while segment.next is not None:
            segment = segment.next[0]
            used.append(segment)
        unused = [segment for segment in self._segments if segment not in used]
        unsought, other = "the footage cannot be sought to there", "what was found there was another face or frame"
        return [
            f"One worker went on at {segment.begin:.2f} seconds: {unsought if segment.is_lost else other}."
            for segment in unused
        ]

    def _supervise(self, progress: Callable[[int], None], cancelled: Callable[[], bool]) -> None:
        shown, over = 0, False
        while not over:
            if cancelled():
                raise CaptureCancelled
            over = self._over.wait(_POLL)
            error = next((s.error for s in self._segments if s.error is not None), None)
            if error is not None:
                raise error
            done = self._done()
            if done > shown:
                shown = done
                progress(done)

    def _done(self) -> int:
        """Frames of the clip that were looked at; those that two threads looked at count once."""
        with self._changed:
            done, reached = 0, -np.inf
            for times in (segment.track.times for segment in self._segments if segment.track.times):
                done += len(times) - bisect_right(times, reached)
                reached = max(reached, times[-1])
            return done

    def _joined(self) -> Track:
        segment = self._segments[0]
        track = segment.track
        while segment.next is not None:
            # Each ends with the frame at which it met the next one.
            segment, met_at = segment.next
            track = track.continued(segment.track, met_at)
        return track

    def _work(self, segment: _Segment) -> None:
        try:
            with self._open_video() as video:
                self._follow(segment, video)
        except _Abandoned:
            pass
        except NotSeekable:
            segment.is_lost = True
        except BaseException as error:  # noqa: BLE001 (raised again by run())
            segment.error = error
        finally:
            with self._changed:
                segment.ended = True
                if segment.error is not None or all(s.ended for s in self._segments):
                    self._over.set()
                self._changed.notify_all()

    def _follow(self, segment: _Segment, video: Video) -> None:
        is_first = segment is self._segments[0]
        later = self._segments[self._segments.index(segment) + 1 :]
        tracker = self._make_tracker()

        def read(on_skip: Callable[[], None]) -> Iterator[Frame]:
            if is_first:
                return video.frames(segment.begin, self._end, on_skip=on_skip)
            # What is said of cuts hangs on frames before this segment's own; looking at those costs next to nothing.
            ahead_of_it = (FRAMES_REMEMBERED + 0.5) / video.info.fps
            return video.frames_from(segment.begin - ahead_of_it, self._end, on_skip=on_skip)

        rate = video.info.fps
        with ReadingAlong(self._reader, rate, self._timings) as along, ReadAhead(read, self._timings) as ahead:
            while (frame := ahead.next(self._check)) is not None:
                self._check()
                if frame.time < segment.begin and not is_first:
                    tracker.pass_over(frame.thumbnail)
                    continue
                fit = tracker.step(frame.view, frame.time, frame.thumbnail)
                along.add(frame.view, fit, frame.time)
                begun = [other for other in later if other.begin <= frame.time]
                # Nobody compares the first one's states before the next one's begin.
                state = b"" if is_first and not begun else tracker.state()
                with self._changed:
                    segment.add(frame, fit, state)
                    is_shown = self._watch is not None and all(
                        s.ended for s in self._segments[: self._segments.index(segment)]
                    )
                    self._changed.notify_all()
                if is_shown and self._watch is not None:
                    self._watch(frame.view, fit)
                segment.next = self._met(segment, begun)
                if segment.next is not None:
                    break
            segment.track.readings = along.readings()

    def _met(self, segment: _Segment, others: list[_Segment]) -> tuple[_Segment, int] | None:
        """Which of ``others`` has the same state at the last frame, and where; waits until they have come so far."""
        time, state = segment.track.times[-1], segment.states[-1]
        with self._changed:
            for other in others:
                while not (other.reached(time) or self._abandoned):
                    self._changed.wait()
                place = other.places.get(time)
                if place is not None and other.states[place] == state:
                    return other, place
        self._check()
        return None

    def _check(self) -> None:
        if self._abandoned:
            raise _Abandoned


def begins_of(start: float, end: float, frames: int, workers: int) -> list[float]:
    """Where the segments of so many workers begin between two times in seconds, ``frames`` apart."""
    count = max(1, min(workers, frames // MINIMUM_FRAMES))
    return [start + (end - start) * i / count for i in range(count)]
