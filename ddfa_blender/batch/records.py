# SPDX-License-Identifier: GPL-3.0-or-later
"""What has been done is recorded beside the results, last of all: a result without its record does not count."""

from __future__ import annotations

import json
import math
import os
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..atomic import write_json
from ..errors import CaptureError
from ..take import Take
from ..take_library import describe
from .fingerprints import clip_size, file_sha256
from .tasks import SUFFIXES, TAKE, ClipTask, plain

#: Folder below that of the results which holds records and the lock.
HIDDEN = ".ddfa-batch"
RECORD_VERSION = 1
#: Far more than a record ever takes; whoever plants a larger file is not read.
_LARGEST = 1 << 20


@dataclass(frozen=True)
class Record:
    """A finished task: of which clip, under which key, which files, and what the table says of it."""

    clip: str
    clip_size: int
    clip_signs: str
    clip_sha256: str
    key: str
    outputs: dict[str, str]  # kind → hash of the file
    facts: dict[str, float | None] = field(default_factory=dict)  # flags follow from them
    version: int = RECORD_VERSION


def record_path(folder: Path, name: str) -> Path:
    """Where the record of the files under ``name`` lies."""
    return folder / HIDDEN / "records" / f"{name}.json"


def write_record(task: ClipTask, record: Record) -> None:
    """Keep a record, atomically.

    Raises:
        CaptureError: it cannot be written.
    """
    path = record_path(task.folder, task.name)
    make_folder(path.parent)
    write_json(path, asdict(record))


def read_record(folder: Path, name: str) -> Record | None:
    """The record of a name; None where there is none that can be read: the task is then done again."""
    path = record_path(folder, name)
    try:
        if path.stat().st_size > _LARGEST:
            return None
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return _checked(values)


def recorded_names(folder: Path) -> dict[str, str]:
    """The names that clips have in a folder of results, by their paths."""
    place = folder / HIDDEN / "records"
    names = (path.relative_to(place).as_posix().removesuffix(".json") for path in sorted(place.rglob("*.json")))
    records = ((read_record(folder, name), name) for name in names)
    return {record.clip: name for record, name in records if record is not None}


def drop_record(task: ClipTask) -> None:
    """Forget a task before its files are written anew, so that old and new ones are never taken for one result.

    Raises:
        CaptureError: the record cannot be deleted.
    """
    path = record_path(task.folder, task.name)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise CaptureError(f"{path} cannot be deleted ({error.strerror}); check the folder's permissions.") from error


def intact(task: ClipTask, record: Record) -> dict[str, str]:
    """The files of a record that are there as they were written, takes also renamed: kind → hash."""
    known = {kind: digest for kind, digest in record.outputs.items() if kind in task.kinds}
    return {kind: digest for kind, digest in known.items() if _is(task, kind, digest, record.key)}


def _is(task: ClipTask, kind: str, known: str, key: str) -> bool:
    file = task.output(kind)
    try:
        if file_sha256(file) == known:
            return True
        # A take that somebody has given another name, in Blender say, is still this task's.
        return kind == TAKE and Take.load(file).header.uid == take_uid(key)
    except CaptureError:
        return False


def take_uid(key: str) -> str:
    """The ``uid`` of the take of a task. It hangs on the key: whoever captures the clip again, here or on another
    machine, has the same take."""
    return uuid.uuid5(uuid.NAMESPACE_URL, key).hex


def is_free(folder: Path, clip: Path, name: str) -> bool:
    """Whether nothing lies under a name of a folder of results but what an earlier run made of this clip.

    A clip that was moved meanwhile, and is gone from where it was, is known by its size; its hash is compared later.
    """
    record = read_record(folder, name)
    if record is not None:
        # os.path takes any text, a record's too.
        gone = not os.path.exists(record.clip)  # noqa: PTH110
        return record.clip == plain(clip) or (record.clip_size == clip_size(clip) and gone)
    there = [kind for kind, suffix in SUFFIXES.items() if (folder / f"{name}{suffix}").exists()]
    if not there:
        return True
    # A run that was killed before it could record what it had written.
    entry = describe(folder / f"{name}{SUFFIXES[TAKE]}") if TAKE in there else None
    return entry is not None and entry.header is not None and entry.header.footage == plain(clip)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, unless they are there.

    Raises:
        CaptureError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CaptureError(f"The folder {folder} cannot be made ({error.strerror}); choose another.") from error


_TEXTS = ("clip", "clip_signs", "clip_sha256", "key")


def _checked(values: Any) -> Record | None:
    """A record out of a file that anybody may have written."""
    if not isinstance(values, dict) or values.get("version") != RECORD_VERSION:
        return None
    if not all(isinstance(values.get(name), str) for name in _TEXTS) or not isinstance(values.get("clip_size"), int):
        return None
    outputs, facts = values.get("outputs"), values.get("facts")
    if not isinstance(outputs, dict) or not all(isinstance(value, str) for value in outputs.values()):
        return None
    if not isinstance(facts, dict) or not all(_is_number(value) for value in facts.values()):
        return None
    return Record(
        **{name: values[name] for name in _TEXTS},
        clip_size=values["clip_size"],
        outputs=outputs,
        facts=facts,
    )


def _is_number(value: Any) -> bool:
    try:
        return value is None or (isinstance(value, int | float) and math.isfinite(value))
    except OverflowError:  # JSON's whole numbers have no end
        return False
