# SPDX-License-Identifier: GPL-3.0-or-later
"""What a frame of a capture costs on the thread that tracks, stage by stage. ``python -m tools.bench_stages [CLIPS…]``.

Processor time of one worker's thread, each stage without those within it; the clocks themselves take some
microseconds for each call. What the decoder's threads use besides is the last line. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import functools
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .bench_capture import machine
from .project import RENDERED_CLIP, footage_at, status_of


class Stages:
    """Adds up the calls and the processor seconds of functions that were :meth:`watched <watch>`."""

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        self.calls: dict[str, int] = {}
        self.seconds: dict[str, float] = {}
        self._clock = clock
        self._within = [0.0]  # seconds of the stages within each one that runs now

    def watch(self, owner: object, attribute: str, stage: str) -> None:
        """Count what ``owner.attribute`` takes as a stage, on one thread."""
        function = getattr(owner, attribute)  # of a class method, it knows its class

        @functools.wraps(function)
        def watched(*arguments: Any, **named: Any) -> Any:
            began = self._clock()
            self._within.append(0.0)
            try:
                return function(*arguments, **named)
            finally:
                taken = self._clock() - began
                self.calls[stage] = self.calls.get(stage, 0) + 1
                self.seconds[stage] = self.seconds.get(stage, 0.0) + taken - self._within.pop()
                self._within[-1] += taken

        is_bound = isinstance(owner, type) and hasattr(function, "__self__")
        setattr(owner, attribute, staticmethod(watched) if is_bound else watched)


def measure(clips: Sequence[Path]) -> tuple[Stages, int, float]:
    """The stages of capturing the clips, their frames, and the processor seconds of all other threads together."""
    from ddfa_blender import capture as captures
    from ddfa_blender.tracking import regressor, tracker, window

    engine = captures.Engine.load()
    captures.capture(clips[0], engine=engine)  # warms up
    stages = Stages()
    stages.watch(regressor.Regressor, "_run", "network")
    stages.watch(engine.detector, "detect", "detector")
    stages.watch(window.Window, "around", "reading the face's surroundings")
    stages.watch(tracker.FaceFitter, "crop", "crops")
    stages.watch(window.Window, "cells", "alignment")
    stages.watch(tracker.Tracker, "_expected", "alignment")
    stages.watch(tracker, "project_landmarks", "points")
    stages.watch(tracker.FaceFitter, "fit", "rest of measuring")
    stages.watch(tracker.Tracker, "step", "cuts, rest of tracking")
    began = time.process_time(), time.thread_time()
    stages.watch(captures, "_track", "waiting for frames, keeping results")
    frames = sum(len(captures.capture(clip, engine=engine)) for clip in clips)
    return stages, frames, time.process_time() - began[0] - (time.thread_time() - began[1])


def table(stages: Stages, frames: int, elsewhere: float) -> str:
    """Calls and milliseconds per frame by stage, in Markdown."""
    lines = ["| stage | calls per frame | ms per frame |", "| --- | ---: | ---: |"]
    for stage, seconds in sorted(stages.seconds.items(), key=lambda item: -item[1]):
        lines.append(f"| {stage} | {stages.calls[stage] / frames:.2f} | {1e3 * seconds / frames:.3f} |")
    lines.append(f"| all of this thread | | {1e3 * sum(stages.seconds.values()) / frames:.3f} |")
    lines.append(f"| decoder's and reader's threads | | {1e3 * elsewhere / frames:.3f} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clips", nargs="*", type=Path, help="our rendered clip otherwise")
    options = parser.parse_args(arguments)
    print(machine(), flush=True)
    print(table(*measure([footage_at(clip) for clip in options.clips or [RENDERED_CLIP]])), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(status_of(main))
