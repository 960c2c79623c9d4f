# SPDX-License-Identifier: GPL-3.0-or-later
"""Decode the next frames on a thread of its own while the last one is looked at."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from types import TracebackType

from ..timing import StageTimings
from ..tracking.scene_cut import Thumbnail
from .video import Frame

#: So many frames wait at most. More would only cost memory: one is decoded while one is looked at.
_DEPTH = 2
#: Seconds between two questions whether to stop, while there is nothing else to do.
_PATIENCE = 0.1


class Stopped(Exception):
    """Raised within the decoding thread by a reader that shall stop."""


class ReadAhead:
    """Hands the frames of a reader out in order; use it in a ``with`` block and with no other thread.

    What the reader raises is raised by :meth:`next` at the frame's place.
    """

    def __init__(
        self, read: Callable[[Callable[[], None]], Iterator[Frame]], timings: StageTimings | None = None
    ) -> None:
        """``read(on_skip)`` begins to read; ``timings`` gets the seconds of the stage ``decode``."""
        self._read = read
        self._timings = timings or StageTimings()
        self._stop = threading.Event()
        # Of the kind that is written in C: the threads hand frames over some hundred times a second.
        self._ready: queue.SimpleQueue[Frame | BaseException | None] = queue.SimpleQueue()
        #: A token for each frame that may yet be handed out.
        self._room: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(_DEPTH):
            self._room.put(None)
        # A daemon, so that a stuck decoder cannot keep Blender from closing.
        self._thread = threading.Thread(target=self._run, name="face capture decoder", daemon=True)

    def __enter__(self) -> ReadAhead:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._room.put(None)  # wakes it
        self._thread.join()

    def next(self, check: Callable[[], None] | None = None) -> Frame | None:
        """The next frame; None at the end. ``check`` is called now and then while it is not ready; it may raise."""
        while True:
            try:
                found = self._ready.get(timeout=_PATIENCE)
            except queue.Empty:
                if check is not None:
                    check()
                continue
            self._room.put(None)
            if isinstance(found, BaseException):
                raise found
            return found

    def _run(self) -> None:
        try:
            frames = self._read(self._check_stopped)
            last: Thumbnail | None = None
            while True:
                with self._timings.stage("decode"):
                    frame = next(frames, None)
                    if frame is not None:
                        # Made and compared here, where there is time and the picture is in the cache.
                        thumbnail = frame.thumbnail
                        if last is not None:
                            thumbnail.difference(last)
                        last = thumbnail
                self._hand_out(frame)
                if frame is None:
                    return
        except Stopped:
            return
        except BaseException as error:  # noqa: BLE001 (raised again where the frames are used)
            try:
                self._hand_out(error)
            except Stopped:
                return

    def _hand_out(self, found: Frame | BaseException | None) -> None:
        while True:
            try:
                self._room.get(timeout=_PATIENCE)
            except queue.Empty:
                continue
            finally:
                self._check_stopped()
            self._ready.put(found)
            return

    def _check_stopped(self) -> None:
        if self._stop.is_set():
            raise Stopped
