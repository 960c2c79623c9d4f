# SPDX-License-Identifier: GPL-3.0-or-later
"""Work on a thread, watched from Blender's timer. No bpy here: Blender's Python is not thread-safe."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from ..ddfa_blender.errors import CaptureCancelled

Result = TypeVar("Result")


class Work(Protocol[Result]):  # type: ignore[misc]
    """Something long that reports frames and asks now and then whether to stop."""

    def __call__(self, progress: Callable[[int, int], None], cancelled: Callable[[], bool]) -> Result:
        """Do it; ``progress(frames done, estimated frames in all, 0 = unknown)``."""


@dataclass(frozen=True)
class Progress:
    """``frame`` of about ``frame_count`` (0 = unknown) done, at ``rate`` frames per second so far."""

    frame: int = 0
    frame_count: int = 0
    rate: float = 0.0
    looks: int = 0  # frames that were looked at before the first was done

    @property
    def factor(self) -> float:
        """0..1; 0 while the frame count is unknown."""
        return min(self.frame / self.frame_count, 1.0) if self.frame_count > 0 else 0.0

    @property
    def is_complete(self) -> bool:
        """All frames are done, as far as their number is known; what follows is not counted."""
        return 0 < self.frame_count <= self.frame

    @property
    def seconds_left(self) -> float | None:
        """None while it cannot be told."""
        if self.frame_count <= 0 or self.rate <= 0.0:
            return None
        return max(self.frame_count - self.frame, 0) / self.rate

    def text(self, translate: Callable[[str], str] = str) -> str:
        """For a narrow panel: ``12 of 300, 58 fps, 5 s left``; ``translate`` gets each part without its numbers."""
        if self.frame == 0:
            # Only a face that was picked in another frame is followed before the first frame is done.
            if self.looks > 0:
                return translate("Following the picked face, frame {}").format(self.looks)
            return translate("Opening the footage…")
        if self.frame_count > 0:
            parts = [translate("{} of {}").format(self.frame, max(self.frame, self.frame_count))]
        else:
            parts = [translate("Frame {}").format(self.frame)]
        parts.append(translate("{} fps").format(f"{self.rate:.0f}"))
        if self.seconds_left is not None:
            parts.append(translate("{} left").format(duration_text(self.seconds_left)))
        return ", ".join(parts)


def duration_text(seconds: float) -> str:
    """For people: ``5 s``, ``3 min``, ``1 h 02 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes = -(-whole // 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


class Job(Generic[Result]):
    """One run of ``work`` on a thread of its own."""

    def __init__(self, work: Work[Result]) -> None:
        self._work = work
        self._cancel = threading.Event()
        self._progress = Progress()
        self._first_report_at: float | None = None
        self._result: Result | None = None
        self._error: BaseException | None = None
        # A daemon, so that a stuck decoder cannot keep Blender from closing.
        self._thread = threading.Thread(target=self._run, name="face capture", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def cancel(self) -> None:
        """Ask the work to stop at its next frame."""
        self._cancel.set()

    @property
    def cancelling(self) -> bool:
        """Stopping was asked for."""
        return self._cancel.is_set()

    @property
    def done(self) -> bool:
        """The thread has ended, one way or another."""
        return not self._thread.is_alive()

    @property
    def progress(self) -> Progress:
        """The latest; safe to read at any time."""
        return self._progress

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end; False if it has not come within ``seconds``."""
        self._thread.join(seconds)
        return self.done

    def result(self) -> Result:
        """What the work returned; raises what it raised. Call once :attr:`done`.

        Raises:
            CaptureCancelled: stopping was asked for, even if the work had no time left to notice.
        """
        if self._error is not None:
            raise self._error
        if self.cancelling:
            raise CaptureCancelled
        return self._result  # type: ignore[return-value]

    def _run(self) -> None:
        try:
            self._result = self._work(self._report, self._cancel.is_set)
        except BaseException as error:  # noqa: BLE001 (handed to the main thread by result())
            self._error = error

    def _report(self, frames_done: int, frame_count: int) -> None:
        now = time.monotonic()
        if self._first_report_at is None and frames_done > 0:
            self._first_report_at = now
        elapsed = now - self._first_report_at if self._first_report_at is not None else 0.0
        rate = (frames_done - 1) / elapsed if elapsed > 0.0 else 0.0
        looks = self._progress.looks + (frames_done == 0)
        self._progress = Progress(frames_done, frame_count, rate, looks)
