# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks on many machines, by Dask distributed: the optional extra ``distributed`` (requirements/distributed.txt).

All machines must see the clips and the folder of results under the same paths. Dask does again elsewhere what a lost
worker was doing.
"""

from __future__ import annotations

import platform
import queue
import re
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import CaptureError
from .records import HIDDEN
from .tasks import FAILED, STOPPED, ClipTask, Outcome
from .work import run_task

#: Seconds: for the first answer of a scheduler, for the first worker to come, and between two looks at the user.
_CONNECT, _FIRST_WORKER, _LOOK = 10.0, 60.0, 0.2
#: Seconds between two looks of a worker whether the batch was stopped.
_STOP_LOOK = 1.0
#: Seconds for which running tasks may end by themselves when the batch is stopped.
_STOPPING = 15.0
#: How schedulers print their addresses, with or without the protocol.
_ADDRESS = re.compile(r"([a-z]+://)?[^/\s]+:[0-9]{1,5}")
#: What mends a scheduler or a worker that does not find this package.
_HOW_TO_START = "start it in this environment, with the folder that holds ddfa_blender on PYTHONPATH"


@dataclass(eq=False)
class Cluster:
    """Does tasks on the workers of the Dask scheduler at ``address`` (``tcp://host:8786``)."""

    address: str
    stopped: Callable[[], bool] = lambda: False

    def run(self, tasks: Sequence[ClipTask]) -> Iterator[Outcome]:
        """The outcomes, one for each task, as they come; once stopped, also those of tasks that were not begun.

        Raises:
            CaptureError: Dask is not installed, the scheduler cannot be reached, it has no worker, or one of them has
                not this package.
        """
        if not tasks:
            return
        with _client(self.address) as client:
            self._check_scheduler(client)
            self._check_workers(client)
            yield from self._run(client, tasks)

    def _check_scheduler(self, client: Any) -> None:
        """Dask's scheduler unpacks the tasks, too, and would fail each of them."""
        try:
            client.run_on_scheduler(_hello)
        except Exception as error:  # what unpacking raised there
            raise CaptureError(
                f"The scheduler {self.address} cannot load ddfa_blender ({error}); {_HOW_TO_START}."
            ) from error

    def _check_workers(self, client: Any) -> None:
        begin = time.monotonic()
        while not client.nthreads():
            if self.stopped():
                return
            if time.monotonic() - begin > _FIRST_WORKER:
                raise CaptureError(
                    f"The scheduler {self.address} has no worker; start some: dask worker {self.address}"
                )
            time.sleep(_LOOK)
        answers = client.run(_hello, on_error="return")
        for worker, answer in answers.items():
            if isinstance(answer, Exception):
                raise CaptureError(f"The worker {worker} cannot load ddfa_blender ({answer}); {_HOW_TO_START}.")

    def _run(self, client: Any, tasks: Sequence[ClipTask]) -> Iterator[Outcome]:
        run = _Run(client, tasks)
        try:
            while run.running:
                if run.stopping is None and self.stopped():
                    run.stop()
                if run.stopping is not None and time.monotonic() - run.stopping > _STOPPING:
                    yield from (Outcome.of(task, STOPPED) for _, task in run.running.values())
                    return
                outcome = run.next_outcome()
                if outcome is not None:
                    yield outcome
        finally:
            with suppress(OSError):
                run.stop_file.unlink(missing_ok=True)


class _Run:
    """The tasks of one batch on a cluster."""

    def __init__(self, client: Any, tasks: Sequence[ClipTask]) -> None:
        """Hand in all ``tasks``, at least one."""
        self._client = client
        self._done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.stopping: float | None = None  # since when
        self.running: dict[str, tuple[Any, ClipTask]] = {}
        run = uuid.uuid4().hex
        self.stop_file = tasks[0].folder / HIDDEN / f"stop-{run}"
        for number, task in enumerate(tasks):
            key = f"ddfa-{run}-{number}"
            future = client.submit(_run_there, task, self.stop_file, key=key, pure=False)
            self.running[key] = (future, task)
            future.add_done_callback(self._done.put)

    def stop(self) -> None:
        """Take back what no worker has begun; what runs sees the stop file."""
        self.stopping = time.monotonic()
        self.stop_file.touch()
        begun = {key for keys in self._client.processing().values() for key in keys}
        waiting = [future for key, (future, _) in self.running.items() if key not in begun]
        if waiting:
            self._client.cancel(waiting)

    def next_outcome(self) -> Outcome | None:
        """Wait a moment for a task that is through."""
        try:
            key = self._done.get(timeout=_LOOK).key
        except queue.Empty:
            return None
        if key not in self.running:
            return None
        future, task = self.running[key]
        outcome = _outcome(future, task, stopping=self.stopping is not None)
        if outcome is None:
            future.add_done_callback(self._done.put)
        else:
            del self.running[key]
        return outcome


@contextmanager
def _client(address: str) -> Iterator[Any]:
    try:
        import distributed
    except ImportError as error:
        raise CaptureError(
            "Dask distributed is not installed; install it with: pip install -r requirements/distributed.txt"
        ) from error
    unreachable = CaptureError(
        f"The Dask scheduler {address} cannot be reached; check the address (tcp://HOST:8786) and that "
        "`dask scheduler` runs there."
    )
    if not _ADDRESS.fullmatch(address):  # over these Dask complains again when its half-made client is thrown away
        raise unreachable
    try:
        client = distributed.Client(address, timeout=_CONNECT, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise unreachable from error
    try:
        yield client
    finally:
        with suppress(Exception):  # a scheduler that has gone meanwhile cannot be taken leave of
            client.close(timeout=_CONNECT)


def _outcome(future: Any, task: ClipTask, *, stopping: bool) -> Outcome | None:
    """What came of a future; None = its worker was lost with it, so that Dask does it again."""
    if future.status == "finished":
        with suppress(Exception):  # the scheduler may go at this moment too
            result: Outcome = future.result(timeout=_CONNECT)
            return result
    if future.status in ("finished", "pending"):
        return None
    if stopping:
        return Outcome.of(task, STOPPED)
    if future.status == "error":
        reason = future.exception(timeout=_CONNECT)
        if type(reason).__name__ == "KilledWorker":
            text = "Several workers died while they captured it; try the clip alone, or convert it to MP4."
        else:
            text = f"The cluster could not do it ({type(reason).__name__}: {reason}); see the worker's log."
        return Outcome.of(task, FAILED, text.replace("\n", " "))
    return Outcome.of(task, FAILED, "The connection to the scheduler was lost; run the batch again to go on.")


def _hello() -> str:
    """On the scheduler or a worker: this module could be loaded there."""
    return platform.node()


def _run_there(task: ClipTask, stop_file: Path) -> Outcome:
    """On a worker: do a task unless the batch is stopped. The folder of results is what everyone sees."""
    looked = 0.0

    def cancelled() -> bool:
        nonlocal looked
        now = time.monotonic()
        if now - looked < _STOP_LOOK:
            return False
        looked = now
        return stop_file.exists()

    return run_task(task, None, cancelled)
