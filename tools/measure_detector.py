# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the bundled detector on ``../shared``: recall on labelled photos and clips, false alarms, time.

    python -m tools.measure_detector

It runs in the core's environment.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ddfa_blender.footage.photo import read_photo
from ddfa_blender.footage.video import Video
from ddfa_blender.tracking.detection_roi import roi_from_detection
from ddfa_blender.tracking.detector import Detector
from ddfa_blender.tracking.roi import box_from_landmarks, overlap, roi_from_landmarks

from .project import SHARED, BuildError, status_of

#: Every so many frames of a clip one is looked at.
FRAME_STEP = 5


def measure_photos(detector: Detector) -> None:
    """Print how many labelled faces are found, how well their ROIs fit, and the time."""
    labels = json.loads((SHARED / "bench" / "labels.json").read_text(encoding="utf-8"))
    hits, overlaps, seconds = 0, [], 0.0
    for name, entry in labels.items():
        photo, points = read_photo(SHARED / "bench" / "photos" / name), np.array(entry["landmarks68"])
        begin = time.perf_counter()
        found = detector.detect(photo)
        seconds += time.perf_counter() - begin
        x0, y0, x1, y1 = box_from_landmarks(points)
        centers = [(d.box[:2] + d.box[2:]) / 2.0 for d in found]
        hits += any(x0 < x < x1 and y0 < y < y1 for x, y in centers)
        overlaps.append(max((overlap(roi_from_detection(d), roi_from_landmarks(points)) for d in found), default=0.0))
    print(
        f"bench: {hits} of {len(labels)} found (centre inside the labels' box), "
        f"mean IoU of the ROIs {np.mean(overlaps):.3f}, least {np.min(overlaps):.3f}, "
        f"{1000.0 * seconds / len(labels):.0f} ms a photo"
    )


def measure_clip(detector: Detector, path: Path) -> None:
    """Print in how many of the frames looked at a face is found."""
    looked, found = 0, 0
    with Video(path) as video:
        for frame in video.frames():
            if frame.index % FRAME_STEP == 0:
                looked += 1
                found += bool(detector.detect(frame.image))
    print(f"{path.name}: a face in {found} of {looked} frames")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure photos, then clips.

    Raises:
        BuildError: there are none.
    """
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args(arguments)
    if not (SHARED / "bench" / "labels.json").is_file():
        raise BuildError(f"There are no labelled photos in {SHARED / 'bench'}; this needs them.")
    detector = Detector()
    measure_photos(detector)
    for path in sorted((SHARED / "clips").glob("*.m[po][v4]")):
        measure_clip(detector, path)


if __name__ == "__main__":
    sys.exit(status_of(main))
