# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m ddfa_blender batch``: its options, and the whole run."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..atomic import check_writable
from ..errors import CaptureError
from ..settings import CaptureSettings
from ..tracks import TRACKS, check_tracks
from .clips import find_clips
from .cluster import Cluster
from .fingerprints import clip_size, model_sha256
from .keyboard import StopWish, stop_wish
from .lock import locked
from .naming import name_clips
from .processes import MOST_PROCESSES, ProcessPool, usable_cores
from .progress import BatchProgress
from .records import is_free, recorded_names
from .table import CSV, JSON, counts, printed, write_table
from .tasks import FAILED, STOPPED, ClipTask, Outcome
from .work import finished

#: Exit status when a clip failed, and when the user stopped the batch.
SOME_FAILED, WAS_STOPPED = 1, 130
#: Seconds between two writings of the table while the batch runs.
_TABLE_INTERVAL = 30.0
#: Clips between two signs of life while what is done is looked for.
_CHECKED_AT_ONCE = 100

_EPILOG = """Clips are done one by one and recorded; run the same command again after a crash, or with more clips,
and only what is missing or has changed is done. Exit status: 0 all is done, 1 clips failed, 2 wrong arguments,
130 stopped."""


def add_command(commands: Any) -> None:
    """Add ``batch`` to the command line's sub-commands."""
    batch = commands.add_parser("batch", help="track the faces in many videos", epilog=_EPILOG)
    batch.add_argument(
        "clips",
        nargs="+",
        metavar="CLIP",
        help="video, first of numbered pictures, folder, glob ('shots/**/*.mov') or .txt with one of these per line",
    )
    batch.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the results, made if missing")
    batch.add_argument(
        "--workers", type=_count, default=0, metavar="N", help="processes; 0 = one for each core (default)"
    )
    batch.add_argument("--scheduler", metavar="ADDRESS", help="let the Dask cluster of this scheduler do it")
    for kind, what in (
        ("csv", "Live Link Face recordings"),
        ("bvh", "movements of the head (BVH)"),
        ("json", "cleaned channels"),
    ):
        batch.add_argument(f"--{kind}", action="store_true", help=f"write {what} too")
    batch.add_argument("--start", type=float, default=0.0, help="in point of every clip in seconds")
    batch.add_argument("--end", type=float, help="out point of every clip in seconds")
    batch.add_argument("--face", type=float, nargs=2, metavar=("X", "Y"), help="pixel near the face to track")
    add_measuring(batch)
    batch.add_argument("--force", action="store_true", help="do all again, whatever is recorded as done")
    batch.add_argument(
        "--patience",
        type=_seconds,
        default=300.0,
        metavar="SECONDS",
        help="give up a clip on which nothing happens for so long; 0 = never (default: 300; not with --scheduler)",
    )
    batch.set_defaults(run=run)


def add_measuring(command: argparse.ArgumentParser) -> None:
    """Add the options that all sub-commands have which measure faces."""
    command.add_argument("--model", type=Path, metavar="FOLDER", help="model folder to use, not the bundled one")
    command.add_argument(
        "--high-quality", action="store_true", help="measure each face twice, straight and mirrored; takes longer"
    )


def capture_settings(options: argparse.Namespace) -> CaptureSettings:
    """What ``--start``, ``--end``, ``--face`` and ``--high-quality`` ask for.

    Raises:
        CaptureError: they make no sense.
    """
    hint = tuple(options.face) if options.face else None
    return CaptureSettings(options.start, options.end, hint, high_quality=options.high_quality)


def run(options: argparse.Namespace) -> int:
    """Run a batch; return the exit status.

    Raises:
        CaptureError: the arguments do not fit, the folder cannot be written or another batch uses it.
    """
    if options.scheduler and options.workers:
        raise CaptureError("A Dask cluster has its own workers; leave --workers out, or --scheduler.")
    folder, settings = options.out.absolute(), capture_settings(options)
    model = options.model.absolute() if options.model else None
    digest = model_sha256(model)
    clips = find_clips(options.clips, leave_out=folder)
    tracks = tuple(kind for kind in TRACKS if getattr(options, kind))
    check_tracks(tracks, options.model)
    with locked(folder):
        check_writable(folder / CSV)
        names = name_clips(clips, lambda clip, name: is_free(folder, clip.path, name), recorded_names(folder))
        tasks = [
            ClipTask(clip.path, name, folder, digest, settings, tracks, model, options.force)
            for clip, name in zip(clips, names, strict=True)
        ]
        about = {"model_sha256": digest, "settings": asdict(settings), "tracks": list(tracks)}
        try:
            with stop_wish() as stop:
                outcomes = _run(tasks, options, stop, about)
        except KeyboardInterrupt:  # the second one: the user will not wait
            print("error: stopped; what is done is kept.", file=sys.stderr)
            return WAS_STOPPED
        print(printed(outcomes))
        # What is done is done, whether or not a spreadsheet has the table open.
        write_table(folder, outcomes, about)
    sums = counts(outcomes)
    print(f"table: {folder / CSV} and {JSON}", file=sys.stderr)
    return WAS_STOPPED if sums[STOPPED] else SOME_FAILED if sums[FAILED] else 0


def _run(
    tasks: Sequence[ClipTask], options: argparse.Namespace, stop: StopWish, about: dict[str, Any]
) -> list[Outcome]:
    """Do what is not done yet; the table's rows in the order of the tasks."""
    rows = _done_already(tasks, stop)
    left = [task for task in tasks if task.name not in rows]
    # Long ones first, so that no process is left alone with one at the end.
    sizes = {task.name: clip_size(task.clip) for task in left}
    left.sort(key=lambda task: -sizes[task.name])
    progress = BatchProgress(sizes)
    try:
        for outcome in _table_kept(_outcomes(left, options, stop, progress), tasks, rows, about):
            rows[outcome.name] = outcome
            progress.finished(outcome)
    except BaseException:
        with suppress(CaptureError):
            write_table(tasks[0].folder, _ordered(tasks, rows), about)
        raise
    finally:
        progress.end()
    return _ordered(tasks, rows)


def _done_already(tasks: Sequence[ClipTask], stop: StopWish) -> dict[str, Outcome]:
    """Rows of the tasks that an earlier run has finished."""
    rows: dict[str, Outcome] = {}
    for number, task in enumerate(tasks, 1):
        done = None if stop() else finished(task)
        if done is not None:
            rows[task.name] = done
        if number % _CHECKED_AT_ONCE == 0 and sys.stderr.isatty():
            print(f"\rlooking what is done: {number} of {len(tasks)}\x1b[K", end="", file=sys.stderr, flush=True)
    if rows:
        clear = "\r\x1b[K" if sys.stderr.isatty() else ""
        print(f"{clear}{len(rows)} of {len(tasks)} clips are done already", file=sys.stderr)
    return rows


def _outcomes(
    tasks: Sequence[ClipTask], options: argparse.Namespace, stop: StopWish, progress: BatchProgress
) -> Iterator[Outcome]:
    if options.scheduler:
        return Cluster(options.scheduler, stop).run(tasks)
    workers = min(options.workers or usable_cores(), max(len(tasks), 1), MOST_PROCESSES)
    return ProcessPool(workers, stop, progress.running, options.patience).run(tasks)


def _table_kept(
    outcomes: Iterable[Outcome], tasks: Sequence[ClipTask], rows: dict[str, Outcome], about: dict[str, Any]
) -> Iterator[Outcome]:
    """Pass outcomes on; write the table now and then, so that others can look at it meanwhile."""
    written = time.monotonic()
    for outcome in outcomes:
        yield outcome
        if time.monotonic() - written > _TABLE_INTERVAL:
            with suppress(CaptureError):  # a spreadsheet has it open: there will be another time
                write_table(tasks[0].folder, _ordered(tasks, rows), about)
            written = time.monotonic()


def _ordered(tasks: Sequence[ClipTask], rows: dict[str, Outcome]) -> list[Outcome]:
    return [rows[task.name] for task in tasks if task.name in rows]


def _count(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 1024:
        raise argparse.ArgumentTypeError(f"{text} is no number of processes from 1 to 1024, nor 0 for one a core")
    return value


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < 1e7:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds")
    return value
