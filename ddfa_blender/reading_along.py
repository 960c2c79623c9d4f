# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the upright faces of a pass over footage on a thread of its own, while the next frames are tracked."""

from __future__ import annotations

import math
import queue
import threading
from functools import partial
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from .timing import StageTimings
from .tracking.tracker import FaceFit
from .tracking.upright import upright_face, warp_of_fit
from .tracking.upright_reader import Reader, Reading

#: So many frames wait at most: the reader is faster than the tracker, and frames are large.
_DEPTH = 2
#: A frame in three is enough of 24 a second for ten readings, one in two of 22.
_SLACK = 0.25


def face_of(image_rgb: NDArray[np.uint8], fit: FaceFit) -> NDArray[np.uint8]:
    """The upright face (128, 128, 3) of a picture (H, W, 3) in which one was found."""
    return upright_face(image_rgb, warp_of_fit(fit.params, fit.roi, fit.landmarks68))


class ReadingAlong:
    """Give it each frame in order, within a ``with`` block; then ask for the :meth:`readings`.

    It reads as many faces a second as the reader wants, by the footage's clock, and the first of those that follow each
    other. What lies between is told by its neighbours (``Track.take``). Frames are kept until their faces are cut out
    of them, so nobody may change them.
    """

    def __init__(self, reader: Reader | None, rate: float, timings: StageTimings | None = None) -> None:
        """Read with ``reader``, None reads nothing, of footage with ``rate`` frames per second.

        ``timings`` gets the seconds of the stage ``read``.
        """
        wanted = rate if reader is None else reader.faces_a_second
        self._rate, self._interval = rate, max(1, math.ceil(rate / wanted - _SLACK))
        self._timings = timings or StageTimings()
        self._found: list[Reading] = []
        self._due: list[int] = []  # which frames are read, of …
        self._count = 0
        self._followed = False  # the last frame had a face
        self._error: BaseException | None = None
        #: Frames and what was found in them, None at the end.
        self._waiting: queue.Queue[tuple[NDArray[np.uint8], FaceFit] | None] = queue.Queue(_DEPTH)
        self._closed = False
        # A daemon, so that nothing that hangs here can keep Blender from closing.
        self._thread: threading.Thread | None = None
        if reader is not None:
            self._thread = threading.Thread(target=partial(self._run, reader), name="face capture reader", daemon=True)

    def __enter__(self) -> ReadingAlong:
        if self._thread is not None:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close()

    def add(self, image_rgb: NDArray[np.uint8], fit: FaceFit | None, time: float) -> None:
        """Read the face of the next frame (H, W, 3), at ``time`` seconds, if it is due.

        Raises:
            BaseException: what the reader raised at an earlier frame.
        """
        if self._thread is None:
            return
        self._raise_error()
        is_face = fit is not None and fit.confidence > 0.0
        if fit is not None and is_face and (not self._followed or round(time * self._rate) % self._interval == 0):
            self._due.append(self._count)
            self._waiting.put((image_rgb, fit))
        self._count, self._followed = self._count + 1, is_face

    def readings(self) -> list[Reading | None]:
        """Those of all frames that were added, once they are done; None where nothing was read. Empty without a reader.

        Raises:
            BaseException: what the reader raised.
        """
        self._close()
        self._raise_error()
        result: list[Reading | None] = [None] * self._count
        for index, reading in zip(self._due, self._found, strict=True):
            result[index] = reading
        return result

    def _close(self) -> None:
        if self._thread is None or self._closed:
            return
        self._closed = True
        self._waiting.put(None)
        self._thread.join()

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self, reader: Reader) -> None:
        while (frame := self._waiting.get()) is not None:
            if self._error is not None:
                continue  # nobody must wait for room
            try:
                with self._timings.stage("read"):
                    image_rgb, fit = frame
                    self._found.append(reader.read(face_of(image_rgb, fit)))
            except BaseException as error:  # noqa: BLE001 (raised again where frames are added)
                self._error = error
