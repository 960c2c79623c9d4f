# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks on this machine: a few processes of one thread each, of which any may die without harm to the others."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from ..errors import CaptureError
from .tasks import FAILED, STOPPED, ClipTask, Outcome

#: How often a task is begun whose process dies. Most that die once (memory, a broken decoder) die again.
ATTEMPTS = 2
#: Windows waits for 63 things at a time and not for more.
MOST_PROCESSES = 60 if sys.platform == "win32" else 1024
#: Seconds: between two looks at the user, between two signs of life, and for which a stopping process is waited for.
_LOOK, _SIGN, _STOPPING = 0.2, 0.25, 10.0
#: Seconds that a process may take to start, on a slow network drive too.
_STARTING = 120.0
#: Nobody gives a batch's processes more threads than one; OpenCV's FFmpeg would take one for each core.
_ONE_THREAD = {"OPENCV_FFMPEG_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_READY, _PROGRESS, _DONE = "ready", "progress", "done"

#: Told (task, frames done, frames in all or 0) as a task goes on.
Watch = Callable[[ClipTask, int, int], None]
Runner = Callable[[ClipTask, Callable[[int, int], None], Callable[[], bool]], Outcome]


@dataclass(eq=False)
class _Worker:
    """A process, and what it is doing."""

    process: SpawnProcess
    connection: Connection
    ready: bool = False
    task: ClipTask | None = None
    attempt: int = 0
    heard: float = field(default_factory=time.monotonic)  # when it last gave a sign of life


@dataclass(eq=False)
class ProcessPool:
    """Does tasks in ``workers`` processes.

    ``stopped`` is asked a few times a second; once it says True the running tasks are stopped too. A process that
    gives no sign of life for ``patience`` seconds is ended. ``runner`` does one task (for tests).
    """

    workers: int
    stopped: Callable[[], bool] = lambda: False
    watch: Watch | None = None
    patience: float = 300.0
    runner: Runner | None = None
    _crew: list[_Worker] = field(default_factory=list)
    _stopping: float | None = None  # since when

    def run(self, tasks: Sequence[ClipTask]) -> Iterator[Outcome]:
        """The outcomes, one for each task, as they come; once stopped, also those of tasks that were not begun."""
        waiting = deque((task, 1) for task in tasks)
        try:
            while waiting or any(worker.task for worker in self._crew):
                if self._stopping is None and self.stopped():
                    self._stopping = time.monotonic()
                    yield from (Outcome.of(task, STOPPED) for task, _ in waiting)
                    waiting.clear()
                    self._tell_all_to_stop()
                self._hand_out(waiting)
                yield from self._gather(waiting)
        finally:
            self._end()

    def _hand_out(self, waiting: deque[tuple[ClipTask, int]]) -> None:
        """Give each idle process a task; start processes as long as there is something for them to do."""
        while waiting:
            worker = next((worker for worker in self._crew if worker.task is None), None)
            if worker is None:
                if len(self._crew) >= self.workers:
                    return
                try:
                    worker = self._start()
                except OSError as error:
                    self._make_do(error)
                    return
            worker.task, worker.attempt = waiting.popleft()
            worker.heard = time.monotonic()
            with suppress(OSError):  # it has died; its end is noticed where all ends are
                worker.connection.send(worker.task)

    def _make_do(self, error: OSError) -> None:
        """The system starts no more processes: go on with those that there are.

        Raises:
            CaptureError: there are none.
        """
        if not self._crew:
            raise CaptureError(f"No process can be started ({error.strerror}); close other programs.") from error
        self.workers = len(self._crew)
        print(f"{self.workers} processes are all that can be started ({error.strerror})", file=sys.stderr)

    def _gather(self, waiting: deque[tuple[ClipTask, int]]) -> Iterator[Outcome]:
        """Wait a moment for what the processes say."""
        ready = set(wait([worker.connection for worker in self._crew], _LOOK))
        for worker in list(self._crew):
            if worker.connection in ready:
                outcome = self._hear(worker, waiting)
            else:
                outcome = self._check(worker)
            if outcome is not None:
                yield outcome

    def _hear(self, worker: _Worker, waiting: deque[tuple[ClipTask, int]]) -> Outcome | None:
        try:
            kind, value = worker.connection.recv()
        except (EOFError, OSError):
            return self._bury(worker, waiting)
        worker.heard = time.monotonic()
        task, worker.ready = worker.task, True
        if kind == _DONE:
            worker.task = None
            outcome: Outcome = value
            return outcome.after(worker.attempt)
        if kind == _PROGRESS and task is not None and self.watch is not None:
            self.watch(task, *value)
        return None

    def _bury(self, worker: _Worker, waiting: deque[tuple[ClipTask, int]]) -> Outcome | None:
        """A process has died: begin its task once more, or give it up."""
        self._dismiss(worker)
        if worker.task is None:
            return None
        if self._stopping:
            return Outcome.of(worker.task, STOPPED, attempts=worker.attempt)
        if worker.attempt < ATTEMPTS:
            waiting.append((worker.task, worker.attempt + 1))
            return None
        why = _cause(worker.process.exitcode)
        text = f"The process that captured it ended {why}; try the clip alone, with one worker, or convert it to MP4."
        return Outcome.of(worker.task, FAILED, text, attempts=worker.attempt)

    def _dismiss(self, worker: _Worker) -> None:
        """Forget a process that ends."""
        worker.process.join(_STOPPING)
        if worker.process.is_alive():  # it hangs at its end
            worker.process.kill()
            worker.process.join()
        worker.connection.close()
        self._crew.remove(worker)

    def _check(self, worker: _Worker) -> Outcome | None:
        """End a process that hangs."""
        now, task = time.monotonic(), worker.task
        if task is None:
            return None
        if self._stopping is not None and now - self._stopping > _STOPPING:
            outcome = Outcome.of(task, STOPPED, attempts=worker.attempt)
        elif self.patience and now - worker.heard > max(self.patience, 0.0 if worker.ready else _STARTING):
            text = f"Nothing happened for {self.patience:g} seconds; convert the clip to MP4, or give --patience more."
            outcome = Outcome.of(task, FAILED, text, attempts=worker.attempt)
        else:
            return None
        worker.process.kill()
        self._dismiss(worker)
        return outcome

    def _start(self) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        before = {name: os.environ.get(name) for name in _ONE_THREAD}
        os.environ.update(_ONE_THREAD)  # a spawned process inherits it before anything is imported there
        try:
            process = context.Process(target=_serve, args=(theirs, self.runner), daemon=True)
            process.start()
        finally:
            for name, value in before.items():
                os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        theirs.close()  # so that its end is noticed
        worker = _Worker(process, ours)
        self._crew.append(worker)
        return worker

    def _tell_all_to_stop(self) -> None:
        for worker in self._crew:
            with suppress(OSError):  # it has died already
                worker.connection.send(None)

    def _end(self) -> None:
        """Let idle processes go and end those that still work."""
        for worker in self._crew:
            if worker.task is not None:
                worker.process.kill()
            worker.connection.close()
        for worker in self._crew:
            worker.process.join(_STOPPING)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._crew.clear()


def _cause(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        try:
            name = signal.Signals(-exitcode).name
        except ValueError:
            name = f"signal {-exitcode}"
        return f"unexpectedly ({name}{', perhaps for lack of memory' if name == 'SIGKILL' else ''})"
    return f"unexpectedly (exit status {exitcode})"


def _serve(connection: Connection, runner: Runner | None) -> None:
    """A process's whole life: do one task after another until the batch lets go of the connection."""
    # Ctrl-C reaches the whole group of processes; the batch tells us itself when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if runner is None:
        from .work import run_task

        runner = run_task
    with suppress(OSError):
        connection.send((_READY, None))
    while True:
        try:
            task = connection.recv()
        except (EOFError, OSError):
            return
        if task is None:
            return
        line = _Line(connection)
        outcome = runner(task, line.progress, line.cancelled)
        try:
            connection.send((_DONE, outcome))
        except OSError:
            return


class _Line:
    """How a task talks with the batch."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._said = 0.0
        self._stopped = False

    def progress(self, done: int, total: int) -> None:
        """Tell how far it is, a few times a second. Without a batch to tell there is no point in going on."""
        now = time.monotonic()
        if now - self._said < _SIGN:
            return
        self._said = now
        try:
            self._connection.send((_PROGRESS, (done, total)))
        except OSError:
            sys.exit(1)  # the batch was killed

    def cancelled(self) -> bool:
        """Whether the batch wants it to stop; while a task runs the batch says nothing else."""
        try:
            self._stopped = self._stopped or self._connection.poll()
        except OSError:
            self._stopped = True
        return self._stopped


def usable_cores() -> int:
    """How many processes this machine, or what of it we may use, runs at once."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)
