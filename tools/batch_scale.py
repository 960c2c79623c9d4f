# SPDX-License-Identifier: GPL-3.0-or-later
"""Print what a batch costs, measured, and what 10,000 clips would: ``python -m tools.batch_scale [CLIP]``.

A few copies of CLIP (a rendered head of 256 × 256 pixels, if none is given) go through ``python -m ddfa_blender batch``
with one process, then once more. Times are the processes' own (CPU), so that a busy machine does not lengthen them.
"""

from __future__ import annotations

import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from ddfa_blender.batch.fingerprints import file_sha256

from .project import RENDERED_CLIP, ROOT, BuildError, footage_at, status_of

#: What is computed: so many clips, seconds, frames per second, and cores.
_CLIPS, _SECONDS, _RATE, _CORES = 10_000, 30.0, 25.0, (1, 16, 256)
_HASHED_BYTES = 256 << 20


@dataclass(frozen=True)
class Cost:
    """Of one run of the command."""

    cpu: float  # seconds of all its processes
    peak: int  # bytes of the largest of them


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clip", nargs="?", type=Path, default=RENDERED_CLIP)
    parser.add_argument("--copies", type=int, default=12, help="at least 2")
    options = parser.parse_args()
    if os.name != "posix":
        raise BuildError("The processes' own times are known on Linux and macOS only; run this there.")
    clip = footage_at(options.clip)
    with tempfile.TemporaryDirectory(prefix="ddfa-batch-") as folder:
        _measure(clip, max(options.copies, 2), Path(folder))


def _measure(clip: Path, copies: int, folder: Path) -> None:
    clips, out = folder / "clips", folder / "out"
    clips.mkdir()
    for number in range(copies):
        # An empty box at an MP4's end makes contents of its own; other containers pass over what follows them.
        data = clip.read_bytes() + struct.pack(">I4sI", 12, b"free", number)
        (clips / f"clip {number}{clip.suffix}").write_bytes(data)
    first, again = _run(clips, out), _run(clips, out)
    alone = _run(next(iter(sorted(clips.iterdir()))), out).cpu
    _run(clips, out)
    rows = json.loads((out / "results.json").read_text(encoding="utf-8"))["clips"]
    frames = sum(row["facts"]["frames"] for row in rows)
    facts = rows[0]["facts"]
    sizes = {suffix: _bytes(out, suffix) / frames for suffix in (".npz", ".csv")}
    records = sum(path.stat().st_size for path in out.rglob(".ddfa-batch/records/*.json")) / copies
    hashing = _hashing(folder / "large")
    print(f"{clip.name}: {facts['width']} × {facts['height']}, {copies} copies of {facts['frames']} frames")
    print(f"capture, with start-up and files: {frames / first.cpu:.0f} frames per CPU second")
    print(f"memory of the largest process: {first.peak / 1e6:.0f} MB")
    print(
        f"take: {sizes['.npz']:.0f} bytes a frame; CSV: {sizes['.csv']:.0f} bytes a frame; record: {records:.0f} bytes"
    )
    known = max(again.cpu - alone, 0.0) / (copies - 1)
    print(f"run again, nothing to do: {alone:.1f} CPU seconds to start, {1000.0 * known:.1f} ms for each clip more")
    print(f"hashing: {hashing / 1e6:.0f} MB per CPU second")
    _print_scale(frames / first.cpu, sizes, records)


def _print_scale(speed: float, sizes: dict[str, float], record: float) -> None:
    frames = _CLIPS * _SECONDS * _RATE
    print(f"\n{_CLIPS} such clips of {_SECONDS:.0f} s at {_RATE:.0f} frames/s ({frames / 1e6:.1f} million frames):")
    for cores in _CORES:
        print(f"  {cores} core{'s' if cores > 1 else ''}: {frames / speed / 3600.0 / cores:.1f} h")
    print(f"  takes: {frames * sizes['.npz'] / 1e9:.1f} GB, CSV: {frames * sizes['.csv'] / 1e9:.1f} GB, ", end="")
    print(f"records: {_CLIPS * record / 1e6:.0f} MB")


def _run(clip: Path, out: Path) -> Cost:
    command = [sys.executable, "-m", "ddfa_blender", "batch", str(clip), "--out", str(out), "--csv", "--workers", "1"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None  # noqa: S101 (it was asked for)
    said = process.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise BuildError(f"The batch failed: {said.strip().splitlines()[-1] if said.strip() else 'it said nothing'}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def _bytes(folder: Path, suffix: str) -> int:
    return sum(path.stat().st_size for path in folder.glob(f"clip*{suffix}"))


def _hashing(path: Path) -> float:
    with path.open("wb") as file:
        file.truncate(_HASHED_BYTES)
    begin = time.process_time()
    file_sha256(path)
    return _HASHED_BYTES / (time.process_time() - begin)


if __name__ == "__main__":
    sys.exit(status_of(main))
