# SPDX-License-Identifier: GPL-3.0-or-later
"""``build.py bench``: scores on labelled photos, speeds beside others', memory, and what Blender's part costs."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from . import bench_capture, environments
from .project import ROOT, SHARED, BuildError, check, footage_at, run

PHOTOS = SHARED / "bench" / "photos"
LABELS = SHARED / "bench" / "labels.json"


class Absent(BuildError):
    """What a measurement needs is not here."""


def _scores(python: Path, _clips: Sequence[Path]) -> None:
    if not LABELS.exists():
        raise Absent(f"no scores: {LABELS} is not here")
    _print_heading("score, faces from the labels' boxes")
    _score(python)
    _print_heading("score, faces from our detector")
    _score(python, "--detect")


def _latency(python: Path, _clips: Sequence[Path]) -> None:
    _print_heading("latency on one thread")
    _print_of(python, "tools.latency", "The latency")


def _capture(_python: Path, clips: Sequence[Path]) -> None:
    _print_heading("from the file to the parameters, frames per second")
    bench_capture.run(clips)


def _memory(python: Path, _clips: Sequence[Path]) -> None:
    _print_heading("a capture of ten minutes beside one of ten seconds")
    _print_of(python, "tools.bench_memory", "The memory")


def _after(python: Path, _clips: Sequence[Path]) -> None:
    _print_heading("after the capture")
    _print_of(python, "tools.clean_up_speed", "The clean-up's speed")


def _in_blender(_python: Path, _clips: Sequence[Path]) -> None:
    _print_heading("in Blender")
    _blender()


def _reports(python: Path, clips: Sequence[Path]) -> None:
    _print_heading("clips")
    # One bad clip keeps nobody from the figures of the others.
    failed = [video.name for video in clips or bench_capture.clips() if not _clip(python, video)]
    if failed:
        raise BuildError(f"{', '.join(failed)} cannot be captured; the lines above say why.")


#: What can be measured, in the order in which it is.
PARTS: dict[str, Callable[[Path, Sequence[Path]], None]] = {
    "scores": _scores,
    "latency": _latency,
    "capture": _capture,
    "memory": _memory,
    "after": _after,
    "blender": _in_blender,
    "clips": _reports,
}


def run_all(clips: Sequence[Path] | None, parts: Sequence[str] | None = None) -> int:
    """Print what can be measured here, or only some ``parts``; return the exit status.

    Raises:
        BuildError: a clip is not there, a measurement fails, or what one of ``parts`` needs is not here.
    """
    paths = [footage_at(clip) for clip in clips or ()]
    python = environments.ensure_core()
    for part in PARTS if parts is None else parts:
        try:
            PARTS[part](python, paths)
        except Absent as missing:
            if parts is not None:
                raise
            print(missing)
    return 0


def _print_heading(text: str) -> None:
    print(f"\n── {text}", flush=True)


def _score(python: Path, *options: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "score.json"
        command = [str(python), "-m", "ddfa_blender", "score", str(PHOTOS), str(LABELS), "--json", str(result)]
        # The score is printed below in fewer words than the command's own.
        check([*command, *options], "The score cannot be measured", output=Path(folder) / "chatter")
        score = json.loads(result.read_text(encoding="utf-8"))
    print(f"{score['photos']} photos, {len(score['missed'])} missed")
    for name in ("nme68", "nme51"):
        mean, median, over = (score[name][key] for key in ("mean", "median", "over_8"))
        print(f"{name}: mean {mean:.2f} %, median {median:.2f} %, {over:.1f} % of the photos over 8 %")


def _print_of(python: Path, module: str, what: str) -> None:
    # Its output is the result, so it goes to our standard output.
    if subprocess.run([python, "-m", module], cwd=ROOT, check=False).returncode != 0:
        raise BuildError(f"{what} cannot be measured; the lines above say why.")


def _blender() -> None:
    _, environment = environments.newest_blender()
    python = environment.ensure()
    script = ROOT / "tools" / "bench_in_blender.py"
    # The first time compiles what has changed since, as installing the extension does: that is not what is asked.
    for step, shown in (("enable", False), ("enable", True), ("capture", True), ("bake", True)):
        with tempfile.TemporaryDirectory() as home:
            variables = environment.variables(environments.fresh_home(Path(home)))
            output = None if shown else subprocess.DEVNULL
            done = subprocess.run([python, script, step], cwd=ROOT, env=variables, stdout=output, check=False)
        if done.returncode != 0:
            raise BuildError("Blender's part cannot be measured; the lines above say why.")


def _clip(python: Path, video: Path) -> bool:
    """Print a line about a clip; False: it cannot be captured."""
    with tempfile.TemporaryDirectory() as folder:
        take, report_path = Path(folder) / "take.npz", Path(folder) / "report.json"
        options = ["--take", str(take), "--report", str(report_path)]
        if run([str(python), "-m", "ddfa_blender", "clip", str(video.resolve()), *options]) != 0:
            return False
        report = json.loads(report_path.read_text(encoding="utf-8"))
    stages = ", ".join(f"{stage} {value:.2f} s" for stage, value in report["seconds"].items())
    jitter = report["jitter"]
    print(
        f"{video.name}: {report['frames']} frames, {report['lost_frames']} lost, {stages}, "
        f"jitter {'unknown' if jitter is None else f'{100 * jitter:.3f} % of the box'}",
        flush=True,
    )
    return True
