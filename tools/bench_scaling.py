# SPDX-License-Identifier: GPL-3.0-or-later
"""Why two workers are not twice as fast as one. ``python -m tools.bench_scaling [CLIP] [--count 2] [--rounds 3]``.

The same clip is captured in four ways, which take turns: once; by so many processes that know nothing of one another;
by so many threads of one process that know nothing of one another; and once by so many workers, as **Capture** does it.
What processes lack of the full multiple is the machine's: its cores, caches, and who else needs them. What threads lack
of processes is Python's lock and what else is shared within a process. What workers lack of threads is the seams:
opening, seeking, beginning with the detector, and the frames that two of them look at. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from . import environments
from .bench_capture import Process, machine
from .project import RENDERED_CLIP, count_between, footage_at, status_of

#: What the table calls each way, and its contestant.
_ALONE = "once"
_WAYS = {_ALONE: "ours", "processes": "processes", "threads": "threads", "workers": "ours"}
_SIZE, _FRAMES, _TIMES = (640, 480), 300, 3


def measure(clip: Path, count: int, rounds: int) -> dict[str, list[dict[str, float]]]:
    """What each way cost in each round: frames, seconds, cpu. A first round that does not count warms them up."""
    # One thread for each decoder, as workers have it: then the first way does not use the others' cores for that.
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "threads;1"
    python = environments.ensure_core()
    found: dict[str, list[dict[str, float]]] = {way: [] for way in _WAYS}
    with ExitStack() as stack:
        processes = {
            name: stack.enter_context(Process([python, "-m", "tools.bench_contestants", name]))
            for name in dict.fromkeys(_WAYS.values())
        }
        for number in range(rounds + 1):
            for way, name in _WAYS.items() if number % 2 else reversed(_WAYS.items()):
                answer = processes[name].ask(clip, 1 if way == _ALONE else count)
                if number:
                    found[way].append(answer)
    return found


def table(found: dict[str, list[dict[str, float]]], count: int) -> str:
    """Frames per second, processor time, cores in use, and the multiple of one capture's speed, in Markdown."""
    lines = [
        f"| {count} side by side | frames/s | cpu, ms per frame | cores in use | times one capture |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    speeds = {way: [answer["frames"] / answer["seconds"] for answer in answers] for way, answers in found.items()}
    for way, answers in found.items():
        cpu = statistics.median(1e3 * answer["cpu"] / answer["frames"] for answer in answers)
        cores = statistics.median(answer["cpu"] / answer["seconds"] for answer in answers)
        ratio = statistics.median(a / b for a, b in zip(speeds[way], speeds[_ALONE], strict=True))
        lines.append(f"| {way} | {statistics.median(speeds[way]):.0f} | {cpu:.2f} | {cores:.2f} | {ratio:.2f} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure as asked; return the exit status."""
    from .long_clip import write_enlarged, write_repeated

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clip", nargs="?", type=Path, help="our rendered head again and again otherwise")
    parser.add_argument("--count", type=count_between(1, 64), default=2, help="captures, or workers, side by side")
    parser.add_argument("--rounds", type=count_between(1, 1000), default=3)
    options = parser.parse_args(arguments)
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        if options.clip is not None:
            clip = footage_at(options.clip)
        else:
            short = write_enlarged(RENDERED_CLIP, Path(folder) / "short.mp4", _SIZE, _FRAMES)
            clip = write_repeated(short, Path(folder) / "long.mp4", _TIMES)
        print(table(measure(clip, options.count, options.rounds), options.count), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(status_of(main))
