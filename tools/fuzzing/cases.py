# SPDX-License-Identifier: GPL-3.0-or-later
"""Run cases: made, read, judged."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from .guard import Forbidden, TooSlow, guarded
from .readers import Reader

#: Seconds that one case may take.
SECONDS = 5.0
#: Longest message that a user may get to read.
_LONGEST_MESSAGE = 3000


@dataclass
class Tally:
    """What came of a run."""

    cases: int = 0
    accepted: int = 0  # read to the end
    refused: int = 0  # with the documented error
    failures: dict[str, str] = field(default_factory=dict)  # where it happened → the traceback
    seconds: float = 0.0
    slowest: float = 0.0


def judge(reader: Reader, path: Path) -> tuple[str, str] | bool:
    """Read one file. True = read, False = refused as documented; else where it went wrong, and the whole story."""
    try:
        with guarded(SECONDS):
            reader.read(path)
    except reader.errors as error:
        return _judge_message(error) or False
    except TooSlow:
        return f"slower than {SECONDS:g} s", traceback.format_exc()
    except (Exception, Forbidden) as error:  # noqa: BLE001 (whatever it is, it is what is looked for)
        where = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in where if "ddfa_blender" in frame.filename or "fuzzing" in frame.filename]
        frame = (ours or where)[-1]
        return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}", traceback.format_exc()
    return True


def _judge_message(error: Exception) -> tuple[str, str] | None:
    """A user's message is one sentence that can be shown."""
    text = str(error)
    if type(error).__name__ != "CaptureError":
        return None
    try:
        text.encode()
    except UnicodeEncodeError:
        return "a message that cannot be shown", repr(text)
    if not text.endswith(".") or len(text) > _LONGEST_MESSAGE:
        return "a message that is no sentence", repr(text[:500])
    return None


def random_of(reader: str, seed: int, case: int) -> Random:
    """The generator of one case: the same numbers make the same file."""
    return Random(f"{seed}/{reader}/{case}")  # noqa: S311 (nothing is kept secret)


def run(reader: Reader, folder: Path, seed: int, cases: range) -> Tally:
    """Make and read ``cases``; each file lies at the same place, so that a crash of the process leaves it there."""
    tally, make, path = Tally(), reader.maker(), folder / f"case{reader.suffix}"
    for case in cases:
        try:
            data = make(random_of(reader.name, seed, case))
        except MemoryError:  # copies of copies, too large to be made; not counted
            continue
        path.write_bytes(data)
        started = time.perf_counter()
        found = judge(reader, path)
        took = time.perf_counter() - started
        tally.cases += 1
        tally.seconds += took
        tally.slowest = max(tally.slowest, took)
        tally.accepted += found is True
        tally.refused += found is False
        if isinstance(found, tuple) and found[0] not in tally.failures:
            where, story = found
            tally.failures[where] = f"case {case}\n{story}"
            (folder / f"failure-{len(tally.failures)}{reader.suffix}").write_bytes(data)
    return tally
