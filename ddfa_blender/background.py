# SPDX-License-Identifier: GPL-3.0-or-later
"""A thread that does small things for an interface which must never wait: of each kind only the newest counts."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Background:
    """Runs tasks one after another on a thread that starts with the first and ends when nothing is left to do."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._changed = threading.Condition()
        self._waiting: dict[str, Callable[[], None]] = {}
        self._thread: threading.Thread | None = None

    def ask(self, kind: str, task: Callable[[], None]) -> None:
        """Do ``task`` soon; one of the same kind that has not begun is dropped. Tasks must not raise."""
        with self._changed:
            self._waiting[kind] = task
            if self._thread is None:
                # A daemon, so that a stuck decoder cannot keep Blender from closing.
                thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                thread.start()  # may fail: then the next one that asks tries again
                self._thread = thread

    @property
    def busy(self) -> bool:
        """Something is being done or waits."""
        return self._thread is not None

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until nothing is left to do; False if that has not come within ``seconds``."""
        with self._changed:
            return self._changed.wait_for(lambda: self._thread is None, seconds)

    def stop(self, seconds: float | None = None) -> bool:
        """Drop what waits and wait for the rest."""
        with self._changed:
            self._waiting.clear()
        return self.wait(seconds)

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._thread = None
                    self._changed.notify_all()
                    return
                task = self._waiting.pop(next(iter(self._waiting)))
            try:
                task()
            except BaseException:
                with self._changed:
                    self._thread = None
                    self._changed.notify_all()
                raise
