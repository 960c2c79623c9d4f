# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a batch is and how long it will take."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import TextIO

from .table import for_terminal
from .tasks import FAILED, STOPPED, ClipTask, Outcome

#: Seconds between two updates of the line.
_INTERVAL = 0.5
#: Seconds after which an estimate is worth something: the processes have started by then.
_TOO_EARLY = 5.0


class BatchProgress:
    """One line that is rewritten on a terminal; elsewhere one line for each clip.

    Clips are weighed by their bytes: nobody knows their frames before they are decoded.
    """

    def __init__(
        self,
        weights: Mapping[str, int],
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Expect these tasks, ``weights`` (bytes) by name."""
        self._weights = {name: max(weight, 1) for name, weight in weights.items()}
        self._stream = stream or sys.stderr
        self._clock = clock
        self._terminal = self._stream.isatty()
        self._begin = clock()
        self._shown = -_INTERVAL
        self._part: dict[str, float] = {}  # of those under way, 0…1
        self._left = sum(self._weights.values())
        self._done = 0  # weight of what did not fail
        self._count = self._failed = 0

    def running(self, task: ClipTask, done: int, total: int) -> None:
        """A task has got so far."""
        self._part[task.name] = min(done / total, 1.0) if total else 0.0
        self._show()

    def finished(self, outcome: Outcome) -> None:
        """A task is through."""
        self._part.pop(outcome.name, None)
        weight = self._weights.get(outcome.name, 1)
        self._left -= weight
        # A broken clip is through at once, however large: it says nothing of the speed.
        self._done += 0 if outcome.status == FAILED else weight
        self._count += 1
        self._failed += outcome.status == FAILED
        if outcome.status == STOPPED:
            return
        said = for_terminal(f"{outcome.status} {outcome.clip}{': ' if outcome.error else ''}{outcome.error}")
        if not self._terminal:
            self._write(f"{self.line()}: {said}\n")
        elif outcome.status == FAILED:
            self._write(f"\r\x1b[K{said}\n")
        self._show(at_once=True)

    def end(self) -> None:
        """Nothing more comes."""
        if self._terminal:
            self._write("\r\x1b[K")

    def seconds_left(self) -> float | None:
        """Estimate; None = too early to say."""
        begun = sum(self._part[name] * self._weights.get(name, 1) for name in self._part)
        done = self._done + begun
        elapsed = self._clock() - self._begin
        if done <= 0.0 or elapsed < _TOO_EARLY:
            return None
        return elapsed * max(self._left - begun, 0.0) / done

    def line(self) -> str:
        """``12 of 40 clips, 2 failed, 3 min left``."""
        parts = [f"{self._count} of {len(self._weights)} clips"]
        if self._failed:
            parts.append(f"{self._failed} failed")
        left = self.seconds_left()
        if left is not None and self._count < len(self._weights):
            parts.append(f"{duration(left)} left")
        return ", ".join(parts)

    def _show(self, *, at_once: bool = False) -> None:
        now = self._clock()
        if self._terminal and (at_once or now - self._shown >= _INTERVAL):
            self._shown = now
            self._write(f"\r{self.line()}\x1b[K")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def duration(seconds: float) -> str:
    """For people.

    >>> duration(42.4), duration(200.0), duration(7260.0)
    ('42 s', '3 min 20 s', '2 h 1 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
