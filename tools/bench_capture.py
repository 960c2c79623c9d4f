# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames per second from the file to the parameters, ours beside others', in one run on one machine.

    python build.py bench --only capture        (or `python -m tools.bench_capture`)

The contestants are processes of their own that load once and then take turns on every clip, in every round, so that a
busy machine slows them alike; each figure is the median of the rounds, each ratio the median of the rounds' ratios.
``cpu`` is what all threads of a contestant used together. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from . import environments
from .project import RENDERED_CLIP, ROOT, SHARED, BuildError, count_between, footage_at, log, status_of

PUBLISHED = ROOT / "training" / "data" / "published"
#: Clips of ../shared in which there is nothing to track for long.
_WITHOUT_FACES = ("no_face", "face_noface")
ROUNDS = 3


@dataclass(frozen=True)
class Entry:
    """One line-up: a contestant with a number of workers, and what the table calls it."""

    title: str
    contestant: str
    workers: int = 1


DECODE, NETWORK, TEACHER, PUBLISHED_LOOP = (
    Entry("decode alone", "decode"),
    Entry("network alone", "network"),
    Entry("MediaPipe", "mediapipe"),
    Entry("published ×0.5", "published"),
)
OURS, OURS_TWICE = Entry("ours, 1 worker", "ours", 1), Entry("ours, 2 workers", "ours", 2)
HIGH_QUALITY = Entry("ours, 1 worker, high quality", "high-quality", 1)


@dataclass(eq=False)
class Process:
    """A contestant at work."""

    command: Sequence[str | Path]

    def __enter__(self) -> Process:
        environment = os.environ | {"GLOG_minloglevel": "3", "TF_CPP_MIN_LOG_LEVEL": "3"}
        self._process = subprocess.Popen(
            list(map(str, self.command)), cwd=ROOT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._read()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()  # type: ignore[union-attr]
        self._process.wait(60)
        self._process.stdout.close()  # type: ignore[union-attr]

    def ask(self, clip: Path, workers: int) -> dict[str, float]:
        """Let it look at a clip: frames, seconds, cpu."""
        self._process.stdin.write(json.dumps({"clip": str(clip), "workers": workers}) + "\n")  # type: ignore[union-attr]
        self._process.stdin.flush()  # type: ignore[union-attr]
        return self._read()

    def _read(self) -> dict[str, float]:
        line = self._process.stdout.readline()  # type: ignore[union-attr]
        if not line:
            raise BuildError(f"`{' '.join(map(str, self.command))}` ended early; run it by hand to see why.")
        return dict(json.loads(line))


@dataclass(eq=False)
class Figures:
    """What was measured: per clip and entry, a value for each round."""

    frames: dict[str, int] = field(default_factory=dict)
    seconds: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    cpu: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def add(self, clip: str, entry: Entry, answer: dict[str, float]) -> None:
        """Keep one answer.

        Raises:
            BuildError: the contestants did not see the same number of frames.
        """
        frames = int(answer["frames"])
        if self.frames.setdefault(clip, frames) != frames:
            raise BuildError(f"{entry.title} saw {frames} frames of {clip}, others {self.frames[clip]}.")
        self.seconds.setdefault((clip, entry.title), []).append(answer["seconds"])
        self.cpu.setdefault((clip, entry.title), []).append(answer["cpu"])

    def rate(self, clip: str, entry: Entry) -> float:
        """Frames per second in a clip, the median of the rounds."""
        return self.frames[clip] / statistics.median(self.seconds[clip, entry.title])

    def rates(self, entry: Entry) -> list[float]:
        """Frames per second over all clips, in each round."""
        rounds = zip(*(self.seconds[clip, entry.title] for clip in self.frames), strict=True)
        return [sum(self.frames.values()) / sum(seconds) for seconds in rounds]

    def cpu_milliseconds(self, entry: Entry) -> float:
        """Processor time per frame over all clips, the median of the rounds."""
        rounds = zip(*(self.cpu[clip, entry.title] for clip in self.frames), strict=True)
        return 1e3 * statistics.median(map(sum, rounds)) / sum(self.frames.values())

    def ratio(self, entry: Entry, other: Entry) -> float:
        """How many times as fast as another one, the median of the rounds."""
        return statistics.median(a / b for a, b in zip(self.rates(entry), self.rates(other), strict=True))


def clips() -> list[Path]:
    """Clips with a face: our rendered one, and the real ones where they are."""
    real = sorted(path for path in (SHARED / "clips").glob("*") if path.suffix in (".mp4", ".mov"))
    return [RENDERED_CLIP, *(path for path in real if path.stem not in _WITHOUT_FACES)]


def line_up(*, others: bool = True) -> dict[Entry, list[str | Path]]:
    """The entries and the commands of their contestants; says on standard error who is missing, and why."""
    core = environments.ensure_core()
    found: dict[Entry, list[str | Path]] = {DECODE: _command(core, "decode"), NETWORK: _command(core, "network")}
    if others:
        found |= _teacher() | _published(core)
    ours = _command(core, "ours")
    return found | {OURS: ours, OURS_TWICE: ours, HIGH_QUALITY: _command(core, "high-quality")}


def _command(python: Path, name: str, *arguments: str | Path) -> list[str | Path]:
    return [python, "-m", "tools.bench_contestants", name, *arguments]


def _teacher() -> dict[Entry, list[str | Path]]:
    from .measure_teacher import ensure_task

    try:
        return {TEACHER: _command(environments.teacher().ensure(), "mediapipe", ensure_task())}
    except BuildError as error:
        log(f"without MediaPipe: {error}")
        return {}


def _published(core: Path) -> dict[Entry, list[str | Path]]:
    if not (PUBLISHED / "regressor.onnx").is_file():
        reference = SHARED / "reference"
        if not reference.is_dir():
            log(f"without the published network: {reference} is not here")
            return {}
        files = [reference / "mb05_120x120.pth", *[reference / "published_68.npz"] * 2]
        PUBLISHED.parent.mkdir(parents=True, exist_ok=True)  # a fresh clone has no training data yet
        command: list[str | Path] = [core, "-m", "ddfa_blender", "import-published", *files, "--out", PUBLISHED]
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
            raise BuildError("The published network cannot be imported; the lines above say why.")
    return {PUBLISHED_LOOP: _command(core, "published", PUBLISHED)}


def measure(entries: dict[Entry, list[str | Path]], paths: Sequence[Path], rounds: int) -> Figures:
    """Let all look at all clips, in turn, ``rounds`` times; a first time that does not count warms everything up."""
    figures = Figures()
    with ExitStack() as stack:
        unique = {entry.contestant: command for entry, command in entries.items()}
        processes = {name: stack.enter_context(Process(command)) for name, command in unique.items()}
        for entry in entries:
            processes[entry.contestant].ask(paths[0], entry.workers)
        for number in range(rounds):
            for path in paths:
                log(f"round {number + 1} of {rounds}: {path.name}")
                # Who is first in one round is last in the next: no clip's cache serves one of them alone.
                for entry in entries if number % 2 == 0 else reversed(list(entries)):
                    figures.add(path.name, entry, processes[entry.contestant].ask(path, entry.workers))
    return figures


def table(figures: Figures, entries: Iterable[Entry]) -> str:
    """Frames per second by clip and in all, processor time and ratios, in Markdown."""
    entries = list(entries)
    lines = [
        "| clip | frames | " + " | ".join(entry.title for entry in entries) + " |",
        "| --- | ---: |" + " ---: |" * len(entries),
    ]
    for clip, frames in figures.frames.items():
        rates = " | ".join(f"{figures.rate(clip, entry):.0f}" for entry in entries)
        lines.append(f"| {clip} | {frames} | {rates} |")
    totals = " | ".join(f"**{statistics.median(figures.rates(entry)):.0f}**" for entry in entries)
    lines.append(f"| **all, frames/s** | {sum(figures.frames.values())} | {totals} |")
    lines.append("| cpu, ms per frame | | " + " | ".join(f"{figures.cpu_milliseconds(e):.2f}" for e in entries) + " |")
    if TEACHER in entries:
        ratios = " | ".join(f"{figures.ratio(entry, TEACHER):.2f}" for entry in entries)
        lines.append(f"| times MediaPipe | | {ratios} |")
    return "\n".join(lines)


def machine() -> str:
    """The machine in a line."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [
            line.split(":", 1)[1].strip()
            for line in info.read_text(encoding="utf-8").splitlines()
            if "model name" in line
        ]
        model = names[0] if names else model
    load = f", load {os.getloadavg()[0]:.1f} before" if hasattr(os, "getloadavg") else ""
    return f"{model}, {os.cpu_count()} cores, {platform.system()}{load}"


def run(paths: Sequence[Path] | None = None, *, rounds: int = ROUNDS, others: bool = True) -> Figures:
    """Measure and print the table."""
    print(machine(), flush=True)
    entries = line_up(others=others)
    figures = measure(entries, paths or clips(), rounds)
    print(table(figures, entries), flush=True)
    return figures


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure as asked; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clips", nargs="*", type=Path, help="clips to look at; those of ../shared otherwise")
    parser.add_argument("--rounds", type=count_between(1, 1000), default=ROUNDS)
    parser.add_argument("--ours-only", action="store_true", help="without MediaPipe and the published network")
    options = parser.parse_args(arguments)
    run([footage_at(clip) for clip in options.clips], rounds=options.rounds, others=not options.ours_only)
    return 0


if __name__ == "__main__":
    sys.exit(status_of(main))
