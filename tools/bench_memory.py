# SPDX-License-Identifier: GPL-3.0-or-later
"""What a long capture costs beside a short one: memory, and time per frame. ``python -m tools.bench_memory``.

Both clips are our rendered head enlarged to 1080p; the long one shows the short one again and again. Each is captured
in a process of its own, whose peak of resident memory counts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .project import RENDERED_CLIP, ROOT, BuildError, status_of

_SIZE = 1920, 1080
_RATE = 30


def capture_in_this_process(clip: Path, workers: int) -> dict[str, Any]:
    """Capture a clip; frames, seconds, processor seconds, MB of the take and of the process at its largest."""
    import resource

    from ddfa_blender.capture import Engine, capture

    engine = Engine.load()
    began = time.perf_counter(), time.process_time()
    take = capture(clip, engine=engine, workers=workers)
    seconds, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
    arrays = (take.time, take.params, take.confidence, take.roi, take.landmarks68, take.arkit)
    # Kilobytes, but bytes on a Mac.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {
        "frames": len(take),
        "seconds": seconds,
        "cpu": cpu,
        "take": sum(array.nbytes for array in arrays) / 1e6,
        "peak": peak / 1e6,
    }


def measure(
    short_seconds: int, times: int, workers: Sequence[int], size: tuple[int, int] = _SIZE
) -> list[dict[str, Any]]:
    """Make both clips and capture them with each number of workers."""
    from .long_clip import write_enlarged, write_repeated

    found = []
    with tempfile.TemporaryDirectory() as folder:
        short = write_enlarged(RENDERED_CLIP, Path(folder) / "short.mp4", size, short_seconds * _RATE)
        clips = [short, write_repeated(short, Path(folder) / "long.mp4", times)]
        for count in workers:
            for clip, seconds in zip(clips, (short_seconds, short_seconds * times), strict=True):
                command = [sys.executable, "-m", "tools.bench_memory", "--capture", str(clip), "--workers", str(count)]
                done = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)
                if done.returncode != 0:
                    raise BuildError("The long capture failed; the lines above say why.")
                found.append({"workers": count, "length": seconds} | json.loads(done.stdout))
    return found


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The figures in Markdown."""
    lines = [
        "| clip | workers | frames | peak memory, MB | take, MB | take, bytes per frame | cpu, ms per frame |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        lines.append(
            f"| {row['length']} s | {row['workers']} | {row['frames']} | {row['peak']:.0f} | {row['take']:.2f} | "
            f"{1e6 * row['take'] / row['frames']:.0f} | {1e3 * row['cpu'] / row['frames']:.2f} |"
        )
    for short, long in zip(rows[::2], rows[1::2], strict=True):
        count = f"{short['workers']} worker{'s' * (short['workers'] > 1)}"
        lines.append(
            f"\n{count}: the long capture takes {long['peak'] - short['peak']:.0f} MB more than the short one."
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure as asked; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--capture", type=Path, metavar="CLIP", help="capture this clip here, and print what it cost")
    parser.add_argument("--workers", type=int, nargs="+", default=[1])
    parser.add_argument("--seconds", type=int, default=10, help="length of the short clip")
    parser.add_argument("--times", type=int, default=60, help="so many times as long is the long one")
    parser.add_argument("--width", type=int, default=_SIZE[0], help="of the clips, pixels")
    parser.add_argument("--height", type=int, default=_SIZE[1])
    options = parser.parse_args(arguments)
    if options.capture:
        print(json.dumps(capture_in_this_process(options.capture, options.workers[0])))
        return 0
    size = options.width, options.height
    print(f"{size[0]} × {size[1]} pixels, {_RATE} frames/s")
    print(table(measure(options.seconds, options.times, options.workers, size)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(status_of(main))
