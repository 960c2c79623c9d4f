# SPDX-License-Identifier: GPL-3.0-or-later
"""Feed every reader bad files: ``python -m tools.fuzz --cases 1000000`` (in the core's environment).

The cases are shared among the readers, cheap ones getting more. What a reader may do with a file is to read it or to
refuse it with the error that it documents, within five seconds and a gigabyte, without unpickling, starting, sending
or writing anything elsewhere. Anything else is a failure: its file is kept in ``build/fuzz/`` and belongs, once mended,
into ``tests/fuzz/regressions/READER/``. The same seed makes the same files.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from .project import BUILD, ROOT

#: Cases that one process reads before the next takes over, so that nothing piles up.
_PIECE = 5000
#: Bytes beyond those at the start that a process may take.
_MEMORY = 2**30
_LINE = "{:18} {:>9} {:>9} {:>9} {:>12} {:>9}"
#: One thread each for numpy and OpenCV; no noise from decoders.
_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OPENCV_LOG_LEVEL": "OFF",
}


def shares(cases: int, weights: Mapping[str, float], least: int) -> dict[str, int]:
    """How many cases each reader gets: by weight, at least ``least``."""
    total = sum(weights.values())
    return {name: max(least, round(cases * weight / total)) for name, weight in weights.items()}


def _work(options: argparse.Namespace) -> int:
    """The process that reads: one reader, one range of cases; the tally goes to standard output as JSON."""
    from .fuzzing import cases, guard
    from .fuzzing.readers import READERS

    reader, folder = READERS[options.worker], Path(options.folder)
    cases.run(reader, folder, options.seed, range(3))  # what is loaded at first use is loaded
    guard.watch(folder)
    guard.limit_memory(_MEMORY)
    tally = cases.run(reader, folder, options.seed, range(options.start, options.start + options.count))
    print(json.dumps(vars(tally)))
    return 0


def _piece(reader: str, seed: int, start: int, count: int) -> dict[str, Any]:
    from .fuzzing import guard

    command = [sys.executable, "-m", "tools.fuzz", "--worker", reader, "--seed", str(seed), "--start", str(start)]
    with guard.sandbox() as folder:
        answer = subprocess.run(
            [*command, "--count", str(count), "--folder", folder],
            cwd=ROOT, env=os.environ | _ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        lines = answer.stdout.decode("utf-8", "replace").strip().splitlines()
        died = answer.returncode != 0 or not lines
        tally = (
            {"cases": 0, "failures": {f"the process ended with {answer.returncode}": ""}}
            if died
            else json.loads(lines[-1])
        )
        _keep(reader, Path(folder), bool(tally["failures"]), start)
    return tally


def _keep(reader: str, folder: Path, failed: bool, start: int) -> None:
    if not failed:
        return
    target = BUILD / "fuzz" / reader
    target.mkdir(parents=True, exist_ok=True)
    for file in (*folder.glob("failure-*"), *folder.glob("case.*")):
        if file.is_file():
            shutil.copyfile(file, target / f"{start}-{file.name}")


def _run_all(names: Sequence[str], options: argparse.Namespace) -> int:
    from .fuzzing.readers import READERS

    counts = shares(options.cases, {name: READERS[name].weight for name in names}, options.least)
    print(f"seed {options.seed}")
    print(_LINE.format("reader", "cases", "read", "refused", "ms per case", "failures"))
    sums, started = [0, 0, 0, 0], time.monotonic()
    for name, count in counts.items():
        pieces = [(start, min(_PIECE, count - start)) for start in range(0, count, _PIECE)]
        with ThreadPoolExecutor(options.workers) as pool:
            tallies = list(pool.map(partial(_piece, name, options.seed), *zip(*pieces, strict=True)))
        failures = {where: story for tally in tallies for where, story in tally["failures"].items()}
        cases, read, refused = (sum(tally.get(key, 0) for tally in tallies) for key in ("cases", "accepted", "refused"))
        each = f"{1e3 * sum(tally.get('seconds', 0.0) for tally in tallies) / max(cases, 1):.2f}"
        print(_LINE.format(name, cases, read, refused, each, len(failures)), flush=True)
        for where, story in failures.items():
            print(f"  {where}\n    " + str(story).replace("\n", "\n    "), file=sys.stderr)
        sums = [total + more for total, more in zip(sums, (cases, read, refused, len(failures)), strict=True)]
    print(_LINE.format("all", *sums[:3], "", sums[3]))
    print(f"{sums[0]} cases, {sums[3]} failures, {time.monotonic() - started:.0f} s", file=sys.stderr)
    return 1 if sums[3] else 0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description="Feed every reader bad files.")
    parser.add_argument("--cases", type=int, default=20_000, help="cases in all (default: 20000)")
    parser.add_argument("--least", type=int, default=0, help="at least so many for each reader")
    parser.add_argument("--seed", type=int, default=0, help="another seed makes other files (default: 0)")
    parser.add_argument("--workers", type=int, default=1, help="processes side by side (default: 1)")
    parser.add_argument("--reader", action="append", help="only this one (repeatable)")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--start", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker:
        return _work(options)
    from .fuzzing.readers import READERS

    unknown = set(options.reader or ()) - set(READERS)
    if unknown:
        parser.error(f"no reader {min(unknown)}; there are {', '.join(READERS)}")
    return _run_all(options.reader or list(READERS), options)


if __name__ == "__main__":
    sys.exit(main())
