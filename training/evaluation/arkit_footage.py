# SPDX-License-Identifier: GPL-3.0-or-later
"""What the ARKit weights rest on, measured on footage of real people: which choice follows the labels' teacher best?

    python -m training.evaluation.arkit_footage [--seconds 7] [--regressor FILE]

Nothing was trained on these clips of ``../shared``; ``python -m tools.measure_teacher`` stored what the teacher saw.
Prints Pearson's r over the channels that move, and the mean absolute error, per clip and over all.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from ddfa_blender.capture import capture
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.settings import CaptureSettings

from .known_weights import SOURCES, KnownClip, Scores, add_engine, engine_with, measure
from .material import FRESH_CLIPS, clip_path, require_shared
from .teacher_tracks import TeacherTrack


def table(clips: list[KnownClip]) -> str:
    """A line for each clip, then the channels for which the blend changes most."""
    lines = [f"{'':24s}" + "".join(f"{source + ' r':>12s}{'MAE':>7s}" for source in SOURCES)]
    for title, part in (*((clip.name, [clip]) for clip in clips), ("mean over channels", clips)):
        means = [Scores.of(part, source).means for source in SOURCES]
        lines.append(f"{title:24s}" + "".join(f"{r:12.3f}{error:7.3f}" for r, error in means))
    change = Scores.of(clips, "both").correlation - Scores.of(clips, "network").correlation
    known = [k for k in np.argsort(change) if np.isfinite(change[k])]
    for title, channels in (("worse with both", known[:4]), ("better with both", known[:-5:-1])):
        lines.append(f"{title}: " + ", ".join(f"{ARKIT_NAMES[k]} {change[k]:+.2f}" for k in channels))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=7.0, help="of each clip")
    add_engine(parser)
    options = parser.parse_args()
    require_shared()
    model, engine = MorphableModel.load(), engine_with(options.regressor, high_quality=options.high_quality)
    clips = []
    for name in FRESH_CLIPS:
        take = capture(clip_path(name), engine=engine, settings=CaptureSettings(end=options.seconds))
        clip = measure(take, TeacherTrack.load(name, "video").arkit, model, name)
        if np.isfinite(Scores.of([clip], "network").correlation).any():
            clips.append(clip)
    sys.stdout.write(table(clips) + "\n")


if __name__ == "__main__":
    main()
