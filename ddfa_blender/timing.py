# SPDX-License-Identifier: GPL-3.0-or-later
"""Seconds spent by stage."""

from __future__ import annotations

import threading
import time
from contextlib import AbstractContextManager


class StageTimings:
    """Adds up wall-clock seconds under a name for each stage of the work; threads may share one.

    Stages that several threads are in at once count once for each.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._lock = threading.Lock()

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Add the time that the ``with`` block takes to ``name``."""
        return _Stage(self, name)

    def add(self, name: str, seconds: float) -> None:
        """Add some seconds to a stage."""
        with self._lock:
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds


class _Stage(AbstractContextManager[None]):
    """A ``with`` block whose time is taken; a class, for there are several in every frame."""

    __slots__ = ("_began", "_name", "_timings")

    def __init__(self, timings: StageTimings, name: str) -> None:
        self._timings, self._name = timings, name

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._timings.add(self._name, time.perf_counter() - self._began)
