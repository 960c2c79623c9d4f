# SPDX-License-Identifier: GPL-3.0-or-later
"""Do one task, in whatever process: capture the clip, write its files, and record that it is done."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..console import check_name
from ..errors import CaptureCancelled, CaptureError
from ..report import capture_report
from ..solutions import face_model
from ..take import Take
from ..timing import StageTimings
from ..tracks import write_tracks
from . import quality
from .fingerprints import clip_sha256, clip_signs, clip_size, file_sha256, model_sha256
from .records import Record, drop_record, intact, make_folder, read_record, take_uid, write_record
from .tasks import CAPTURED, FAILED, STOPPED, TAKE, UNCHANGED, ClipTask, Outcome, Status, plain

Progress = Callable[[int, int], None]
Cancelled = Callable[[], bool]


def finished(task: ClipTask) -> Outcome | None:
    """What an earlier run has recorded, if that still holds; quick, because an untouched clip is not hashed again."""
    record = None if task.force else read_record(task.folder, task.name)
    if record is None or record.key != task.key(record.clip_sha256):
        return None
    try:
        untouched = record.clip_signs == clip_signs(task.clip)
    except CaptureError:
        return None
    return (
        _outcome(task, UNCHANGED, record.facts) if untouched and set(intact(task, record)) == set(task.kinds) else None
    )


def run_task(task: ClipTask, progress: Progress | None = None, cancelled: Cancelled | None = None) -> Outcome:
    """Do a task; whatever goes wrong with it is told in its outcome, so that the others go on.

    ``progress`` and ``cancelled`` are those of ``capture.capture``.
    """
    begin = time.monotonic()
    try:
        outcome = _run(task, progress, cancelled or (lambda: False))
    except CaptureError as error:
        outcome = Outcome.of(task, FAILED, str(error))
    except (CaptureCancelled, KeyboardInterrupt):
        outcome = Outcome.of(task, STOPPED)
    except MemoryError:
        outcome = Outcome.of(task, FAILED, "There is not enough memory for this clip; use fewer workers.")
    except Exception as error:  # noqa: BLE001 (a clip that no one foresaw must not end the batch)
        text = f"{type(error).__name__}: {error}".rstrip(".")
        outcome = Outcome.of(task, FAILED, f"Something unexpected went wrong ({text}); please report it.")
    return replace(outcome, seconds=round(time.monotonic() - begin, 3), worker=f"{platform.node()}:{os.getpid()}")


def _run(task: ClipTask, progress: Progress | None, cancelled: Cancelled) -> Outcome:
    check_name(task.clip)
    signs = clip_signs(task.clip)
    digest = clip_sha256(task.clip, _alive(progress, cancelled))
    key = task.key(digest)
    record = None if task.force else read_record(task.folder, task.name)
    if record is not None and record.key == key:
        done = intact(task, record)
        if TAKE in done:
            missing = tuple(kind for kind in task.tracks if kind not in done)
            if not missing and record.clip_signs == signs:
                return _outcome(task, UNCHANGED, record.facts)  # another run has just done it
            outputs = {**done, **_write_tracks(task, Take.load(task.output(TAKE)), missing)}
            record = replace(record, clip=plain(task.clip), clip_signs=signs, outputs=outputs)
            write_record(task, record)
            return _outcome(task, UNCHANGED, record.facts)
    return _capture(task, signs, digest, progress, cancelled)


def _alive(progress: Progress | None, cancelled: Cancelled) -> Cancelled:
    """``cancelled``, which also tells that something goes on: a large clip takes minutes to hash."""

    def asked() -> bool:
        if progress is not None:
            progress(0, 0)
        return cancelled()

    return asked


def _capture(task: ClipTask, signs: str, digest: str, progress: Progress | None, cancelled: Cancelled) -> Outcome:
    # Not before it is needed: most tasks of a batch that is run again are done.
    from ..capture import capture

    engine = _engine_of(task)
    make_folder(task.output(TAKE).parent)
    timings, watcher = StageTimings(), quality.Watcher(engine.detector)
    with timings.stage("total"):
        take = capture(
            task.clip,
            settings=task.settings,
            progress=progress,
            cancelled=cancelled,
            engine=engine,
            timings=timings,
            watch=watcher,
        )
    if cancelled():
        raise CaptureCancelled
    if clip_signs(task.clip) != signs:
        raise CaptureError(f"{task.clip} was changed while it was read; run the batch again when it is complete.")
    key = task.key(digest)
    take = replace(take, header=_header(take, task, key))
    drop_record(task)
    take.save(task.output(TAKE))
    outputs = {TAKE: file_sha256(task.output(TAKE))}
    facts = _facts(take, watcher, timings)
    record = Record(plain(task.clip), clip_size(task.clip), signs, digest, key, outputs, facts)
    write_record(task, record)
    if task.tracks:
        # The take, which is what costs, is kept even if it then cannot be solved.
        outputs = outputs | _write_tracks(task, take, task.tracks)
        write_record(task, replace(record, outputs=outputs))
    return _outcome(task, CAPTURED, facts)


def _header(take: Take, task: ClipTask, key: str) -> Any:
    """The take's header as Blender's library of takes wants it."""
    return replace(
        take.header,
        title=Path(task.name).name,
        footage=plain(task.clip),
        captured=datetime.now(UTC).isoformat(timespec="seconds"),
        uid=take_uid(key),
    )


def _write_tracks(task: ClipTask, take: Take, kinds: tuple[str, ...]) -> dict[str, str]:
    """Write files beside the take; their hashes by kind."""
    write_tracks(take, face_model(task.model), {kind: task.output(kind) for kind in kinds})
    return {kind: file_sha256(task.output(kind)) for kind in kinds}


def _facts(take: Take, watcher: quality.Watcher, timings: StageTimings) -> dict[str, float | None]:
    """Numbers about a take and its capture: columns of the table."""
    report = capture_report(take, timings.seconds)
    names = ("frames", "lost_frames", "fps", "width", "height")
    total = max(timings.seconds["total"], 1e-9)
    facts: dict[str, float | None] = {name: report[name] for name in names}
    facts["duration"] = round(float(take.time[-1] - take.time[0]) + 1.0 / take.header.fps, 3)
    facts["capture_seconds"] = round(total, 3)
    facts["frames_per_second"] = round(len(take) / total, 1)
    return {**facts, **quality.measures(take, watcher)}


def _outcome(task: ClipTask, status: Status, facts: dict[str, float | None]) -> Outcome:
    return Outcome.of(task, status, facts=facts, flags=tuple(quality.flags(facts)))


def _engine_of(task: ClipTask) -> Any:
    """The networks, loaded once in each process.

    Raises:
        CaptureError: they are other ones than those that the batch was started with.
    """
    engine, found = _loaded(task.model, task.model_sha256)
    if found != task.model_sha256:
        _loaded.cache_clear()
        raise CaptureError(
            f"The model on {platform.node()} differs from the one the batch was started with; "
            "install the same version on all machines and do not change the model meanwhile."
        )
    return engine


@lru_cache(maxsize=1)
def _loaded(model: Path | None, _expected: str) -> tuple[Any, str]:
    import cv2

    from ..capture import Engine

    cv2.setNumThreads(1)  # other cores have clips of their own
    return Engine.load(model), model_sha256(model)
