# SPDX-License-Identifier: GPL-3.0-or-later
"""Clips and runners for tests of batches."""

from __future__ import annotations

import csv
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ddfa_blender.batch.tasks import CAPTURED, STOPPED, ClipTask, Outcome
from ddfa_blender.batch.work import run_task
from ddfa_blender.take import Take
from tests.ddfa_blender.support import square_frame, write_clip

#: A clip of a rendered head, which the bundled model tracks.
RENDERED = Path(__file__).resolve().parents[2] / "data" / "rendered_clip.mp4"


def rendered_clip(path: Path, mark: int = 0) -> Path:
    """A copy of the rendered clip with contents of its own: an empty box at the file's end, as MP4 allows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(RENDERED.read_bytes() + struct.pack(">I4sI", 12, b"free", mark))
    return path


def square_clip(path: Path, count: int = 6, x: int = 100) -> Path:
    """A clip in which a red square moves: a face for ``support.square_engine``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = write_clip(path.with_name("plain.mp4"), [square_frame([(x + 3 * i, 120, 80)]) for i in range(count)])
    return plain.rename(path)


def task_of(folder: Path, name: str = "clip", **options: Any) -> ClipTask:
    """A task whose clip need not exist."""
    return ClipTask(folder / f"{name}.mp4", name, folder / "out", "0" * 64, **options)


def same_take(a: Path, b: Path) -> bool:
    """Whether two takes hold the same measurements and were made of the same footage with the same settings."""
    first, second = Take.load(a), Take.load(b)
    arrays = ("time", "params", "confidence", "roi", "landmarks68", "arkit")
    equal = all(np.array_equal(getattr(first, n), getattr(second, n), equal_nan=True) for n in arrays)
    kept = ("uid", "settings", "model_sha256", "title")
    return equal and all(getattr(first.header, n) == getattr(second.header, n) for n in kept)


def files(folder: Path) -> set[str]:
    """Relative paths of all files."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def table(folder: Path) -> dict[str, dict[str, str]]:
    """The rows of ``results.csv`` by name."""
    with (folder / "results.csv").open(newline="", encoding="utf-8-sig") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def statuses(folder: Path) -> dict[str, str]:
    """The table's statuses by name."""
    return {name: row["status"] for name, row in table(folder).items()}


# Real batches, in processes of their own.

ROOT = Path(__file__).resolve().parents[3]
#: What all of them are asked for: the start of each clip.
OPTIONS = ("--end", "0.6", "--csv")


def start(clips: Path, out: Path, *options: object) -> subprocess.Popen[str]:
    """Begin a batch."""
    call = [sys.executable, "-m", "ddfa_blender", "batch", clips, "--out", out, *OPTIONS, *options]
    return subprocess.Popen(
        [str(part) for part in call],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Wait until something has happened, or the process has ended without it."""
    while process.poll() is None and not condition():
        time.sleep(0.01)
    assert condition(), process.communicate()


def recorded(out: Path) -> list[Path]:
    """Records of finished tasks."""
    return list(out.glob(".ddfa-batch/records/*.json"))


def assert_same(out: Path, expected: Path) -> None:
    """The results are those of another batch, take by take."""
    names = {name for name in files(expected) if name.endswith((".npz", ".csv")) and name != "results.csv"}
    assert names == {name for name in files(out) if name.endswith((".npz", ".csv")) and name != "results.csv"}
    for name in names:
        if name.endswith(".npz"):
            assert same_take(out / name, expected / name), name
        else:
            assert (out / name).read_bytes() == (expected / name).read_bytes(), name


# Runners for processes: they stand for ``work.run_task`` and are told by the clip's name what to do.

Progress = Callable[[int, int], None]
Cancelled = Callable[[], bool]


def quick(task: ClipTask, progress: Progress, cancelled: Cancelled) -> Outcome:
    """Done at once; tells its process."""
    progress(1, 1)
    return Outcome.of(
        task, CAPTURED, facts={"threads": os.environ.get("OPENCV_FFMPEG_THREADS")}, worker=str(os.getpid())
    )


def mortal(task: ClipTask, progress: Progress, cancelled: Cancelled) -> Outcome:
    """Clips whose name begins with ``fatal`` kill their process, ``once`` only the first time, ``exit`` ends it."""
    if task.name.startswith("fatal"):
        os.kill(os.getpid(), signal.SIGKILL)
    if task.name.startswith("exit"):
        os._exit(7)
    mark = task.clip.with_suffix(".died")
    if task.name.startswith("once") and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGSEGV)
    return quick(task, progress, cancelled)


def endless(task: ClipTask, progress: Progress, cancelled: Cancelled) -> Outcome:
    """Works until it is stopped."""
    done = 0
    while not cancelled():
        progress(done := done + 1, 0)
        time.sleep(0.01)
    return Outcome.of(task, STOPPED)


def deaf(task: ClipTask, progress: Progress, cancelled: Cancelled) -> Outcome:
    """``deaf`` hangs without a sign of life; others are quick."""
    if task.name.startswith("deaf"):
        time.sleep(600.0)
    return quick(task, progress, cancelled)


class Inline:
    """Stands for ``ProcessPool``: the real ``run_task``, here, one after another; ``done`` logs what was begun."""

    done: ClassVar[list[str]] = []

    def __init__(self, workers: int, stopped: Callable[[], bool], watch: Any, patience: float) -> None:
        self.stopped = stopped
        self.watch = watch

    def run(self, tasks: list[ClipTask]) -> Iterator[Outcome]:
        """See ``ProcessPool.run``."""
        for task in tasks:
            if self.stopped():
                yield Outcome.of(task, STOPPED)
                continue
            Inline.done.append(task.name)
            yield run_task(task, partial(self.watch, task), self.stopped)
