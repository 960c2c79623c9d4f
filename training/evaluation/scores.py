# SPDX-License-Identifier: GPL-3.0-or-later
"""Every score of a regressor beside the published model's and the teacher's, with what it must reach.

    python -m training.evaluation.scores [--regressor FILE] [--high-quality] [--only clips] [--json FILE]

Reads ``../shared``, the teacher's stored results (``python -m tools.measure_teacher`` makes them), and the renders in
``training/data/test-renders``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ddfa_blender.atomic import check_writable, write_json
from ddfa_blender.errors import CaptureError

from .bench_scores import measure_bench
from .clip_scores import measure_clips
from .contest import Contest
from .jitter_scores import measure_jitter
from .material import require_shared
from .occlusion_scores import measure_occlusion
from .pose_scores import measure_poses
from .report import Section
from .sequence_scores import measure_sequences
from .teacher_tracks import MODES

SECTIONS: dict[str, Callable[[Contest], Section]] = {
    "bench": measure_bench,
    "clips": measure_clips,
    "jitter": measure_jitter,
    "sequences": measure_sequences,
    "poses": measure_poses,
    "occlusion": measure_occlusion,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit status (2 for what the user can mend)."""
    options = _parser().parse_args(arguments)
    try:
        _run(options)
    except CaptureError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _run(options: argparse.Namespace) -> None:
    require_shared()
    if options.json:
        check_writable(options.json)
    contest = Contest(options.regressor, options.published, options.teacher_mode, high_quality=options.high_quality)
    sections = {}
    for name in options.only or SECTIONS:
        sections[name] = SECTIONS[name](contest)
        print(sections[name].text() + "\n", flush=True)
    if options.json:
        digest = contest.ours.model_sha256
        write_json(options.json, {
            "regressor": str(contest.regressor_path), "sha256": digest, "teacher_mode": options.teacher_mode,
            "high_quality": options.high_quality,
            "sections": {name: section.to_json() for name, section in sections.items()},
        })  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--regressor", type=Path, help="ONNX file to measure; the bundled one otherwise")
    parser.add_argument("--high-quality", action="store_true", help="let it look twice, straight and mirrored")
    published = "model folder of the published weights; made of ../shared/reference otherwise"
    parser.add_argument("--published", type=Path, metavar="FOLDER", help=published)
    parser.add_argument("--only", action="append", choices=tuple(SECTIONS), help="only this table (repeatable)")
    parser.add_argument("--teacher-mode", choices=MODES, default=MODES[0], help="how the teacher looked at the clips")
    parser.add_argument("--json", type=Path, help="file to write")
    return parser


if __name__ == "__main__":
    sys.exit(main())
