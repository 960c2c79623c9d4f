# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of results: ``results.csv``, ``results.json``, and as text."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..atomic import write_atomically, write_json
from .quality import FLAGS
from .tasks import CAPTURED, FAILED, STOPPED, UNCHANGED, Outcome

CSV, JSON = "results.csv", "results.json"
#: Above so many rows the printed table has only those that want a look.
_PRINTED_ROWS = 200
#: What a cell begins with that spreadsheets calculate.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: Signs that move a terminal's cursor, colour it or worse; names of files may hold them.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def _fact(name: str) -> Callable[[Outcome], Any]:
    return lambda outcome: outcome.facts.get(name)


#: Columns of the CSV, in their order.
COLUMNS: Mapping[str, Callable[[Outcome], Any]] = {
    "clip": lambda outcome: outcome.clip,
    "name": lambda outcome: outcome.name,
    "status": lambda outcome: outcome.status,
    "flags": lambda outcome: " ".join(flag["flag"] for flag in outcome.flags),
    "error": lambda outcome: outcome.error,
    **{
        name: _fact(name)
        for name in (
            "frames", "lost_frames", "duration", "fps", "width", "height", *(kind.measure for kind in FLAGS.values()),
            "capture_seconds", "frames_per_second",
        )
    },
    "seconds": lambda outcome: outcome.seconds,
    "attempts": lambda outcome: outcome.attempts,
    "worker": lambda outcome: outcome.worker,
}  # fmt: skip


def write_table(folder: Path, outcomes: Sequence[Outcome], about: Mapping[str, Any]) -> None:
    """Write both files; ``about`` is what the batch was run with.

    Raises:
        CaptureError: they cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for outcome in outcomes:
        writer.writerow([_cell(column(outcome)) for column in COLUMNS.values()])
    # The mark at its start tells spreadsheets that it is UTF-8.
    data = text.getvalue().encode("utf-8-sig", errors="replace")
    write_atomically(folder / CSV, lambda file: _write(file, data))
    limits = {name: asdict(kind) for name, kind in FLAGS.items()}
    clips = [{**asdict(outcome), "flags": list(outcome.flags)} for outcome in outcomes]
    write_json(folder / JSON, {**about, "summary": counts(outcomes), "flags": limits, "clips": clips})


def _cell(value: Any) -> Any:
    """A value for spreadsheets, which calculate text that begins like a formula: clips may be called anything."""
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _write(file: Any, data: bytes) -> None:
    file.write(data)


def counts(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """How many went which way, and how many have a flag."""
    by_status = Counter(outcome.status for outcome in outcomes)
    found: dict[str, int] = {status: by_status[status] for status in (CAPTURED, UNCHANGED, FAILED, STOPPED)}
    return {"clips": len(outcomes), **found, "flagged": sum(bool(outcome.flags) for outcome in outcomes)}


def printed(outcomes: Sequence[Outcome]) -> str:
    """For people: a row for each clip, what flags mean, why clips failed, and the sum."""
    shown = outcomes
    if len(outcomes) > _PRINTED_ROWS:
        shown = [outcome for outcome in outcomes if outcome.flags or outcome.status == FAILED]
    lines = _aligned([_row(outcome) for outcome in shown])
    if len(shown) < len(outcomes):
        lines.append(f"… and {len(outcomes) - len(shown)} without anything to look at; all are in {CSV}.")
    raised = {flag["flag"] for outcome in shown for flag in outcome.flags}
    for name in (name for name in FLAGS if name in raised):
        lines.append(f"{name}: {FLAGS[name].meaning} ({_limit(name)})")
    lines += [
        for_terminal(f"failed: {outcome.clip}: {outcome.error}") for outcome in outcomes if outcome.status == FAILED
    ]
    total = counts(outcomes)
    named = {name.removesuffix("s") if value == 1 else name: value for name, value in total.items()}
    lines.append(", ".join(f"{value} {name}" for name, value in named.items() if value or name == "clips"))
    return "\n".join(lines)


def for_terminal(text: str) -> str:
    """One line for a terminal, without signs that do something to it."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


_HEADINGS = ("clip", "status", "frames", "lost", "confidence", "frames/s", "flags")


def _row(outcome: Outcome) -> tuple[str, ...]:
    facts = outcome.facts
    lost, confidence, speed = facts.get("lost_share"), facts.get("confidence"), facts.get("frames_per_second")
    return (
        outcome.name,
        outcome.status,
        str(facts.get("frames", "")),
        "" if lost is None else f"{100.0 * lost:.0f} %",
        "" if confidence is None else f"{confidence:.2f}",
        "" if speed is None or outcome.status != CAPTURED else f"{speed:.0f}",
        " ".join(flag["flag"] for flag in outcome.flags),
    )


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    everything = [_HEADINGS, *rows] if rows else []
    widths = [max(map(len, column)) for column in zip(*everything, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in everything
    ]


def _limit(name: str) -> str:
    kind = FLAGS[name]
    return f"{'below' if kind.below else 'above'} {kind.limit:g} {kind.unit}".rstrip()
