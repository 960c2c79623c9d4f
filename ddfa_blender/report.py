# SPDX-License-Identifier: GPL-3.0-or-later
"""What a capture did, in numbers fit for JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from .scoring import jitter
from .take import Take


def capture_report(take: Take, seconds: dict[str, float]) -> dict[str, Any]:
    """Frames, tracked and lost frames, seconds by stage and jitter (share of the face's box, None = unknown)."""
    tracked = int(take.tracked.sum())
    header = take.header
    return {
        "source": header.source,
        "width": header.width,
        "height": header.height,
        "fps": header.fps,
        "basis": header.basis,
        "absent_outputs": header.absent_outputs,
        "first_time": float(take.time[0]),
        "last_time": float(take.time[-1]),
        "frames": len(take),
        "tracked_frames": tracked,
        "lost_frames": len(take) - tracked,
        "mean_confidence": float(np.mean(take.confidence[take.tracked])) if tracked else None,
        "expected_frames": header.expected_frames or None,
        "stopped_early": header.stopped_early,
        "jitter": jitter(take.landmarks68),
        "seconds": {stage: round(value, 4) for stage, value in seconds.items()},
    }
