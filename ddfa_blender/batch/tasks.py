# SPDX-License-Identifier: GPL-3.0-or-later
"""One clip, one task: what is to be done, under which key its result counts, and what came of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ..settings import CaptureSettings
from ..take import TAKE_VERSION

#: Kind of the file that every task writes; the others are those of ``tracks.TRACKS``.
TAKE = "take"
#: Ending of each kind of file.
SUFFIXES: Mapping[str, str] = {TAKE: ".npz", "csv": ".csv", "bvh": ".bvh", "json": ".json"}

Status = Literal["captured", "unchanged", "failed", "stopped"]
CAPTURED: Status = "captured"  # in this run
UNCHANGED: Status = "unchanged"  # in an earlier one, and nothing has changed since
FAILED: Status = "failed"
STOPPED: Status = "stopped"  # the user stopped the batch before it was done


def plain(text: Path | str) -> str:
    """As any file and any terminal can show it: file names need be no UTF-8, and Python then smuggles their bytes."""
    return str(text).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


@dataclass(frozen=True)
class ClipTask:
    """One clip to capture; it can be pickled and done in any process that sees the same files."""

    clip: Path
    name: str  # of its files below ``folder``, without suffix
    folder: Path  # of the batch's results
    model_sha256: str
    settings: CaptureSettings = field(default_factory=CaptureSettings)
    tracks: tuple[str, ...] = ()  # kinds of files to write beside the take
    model: Path | None = None  # model folder; None = the bundled one
    force: bool = False  # do it again whatever the record says

    @property
    def kinds(self) -> tuple[str, ...]:
        """All kinds of files it writes, the take first."""
        return (TAKE, *self.tracks)

    def output(self, kind: str) -> Path:
        """Where a file of a kind goes."""
        return self.folder / f"{self.name}{SUFFIXES[kind]}"

    def key(self, clip_sha256: str) -> str:
        """What the take hangs on, in one hash: the clip's contents, the model, the settings, the take's format."""
        parts = {
            "clip": clip_sha256,
            "model": self.model_sha256,
            "settings": asdict(self.settings),
            "take_version": TAKE_VERSION,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Outcome:
    """What came of a task: a row of the table of results."""

    clip: str
    name: str
    status: Status
    error: str = ""  # one sentence; "" = none
    facts: Mapping[str, Any] = field(default_factory=dict)  # numbers about the take, see ``table.COLUMNS``
    flags: tuple[Mapping[str, Any], ...] = ()  # see ``quality.FLAGS``
    seconds: float = 0.0  # that this run spent on it
    worker: str = ""  # host and process that did it
    attempts: int = 1

    @classmethod
    def of(cls, task: ClipTask, status: Status, error: str = "", **rest: Any) -> Outcome:
        """The outcome of a task."""
        return cls(plain(task.clip), task.name, status, plain(error), **rest)

    def after(self, attempts: int) -> Outcome:
        """The same, reached at the so-manieth attempt."""
        return replace(self, attempts=attempts)
