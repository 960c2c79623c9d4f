# SPDX-License-Identifier: GPL-3.0-or-later
"""Seconds spent by stage."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class StageTimings:
    """Adds up wall-clock seconds under a name for each stage of the work; threads may share one.

    Stages that several threads are in at once count once for each.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._lock = threading.Lock()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time that the ``with`` block takes to ``name``."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            taken = time.perf_counter() - begin
            with self._lock:
                self.seconds[name] = self.seconds.get(name, 0.0) + taken
