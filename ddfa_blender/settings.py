# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user may choose about a capture."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .errors import CaptureError

#: Frames per second of numbered pictures when nobody says.
SEQUENCE_RATE = 24.0


@dataclass(frozen=True)
class CaptureSettings:
    """Settings of one pass over the footage; all have good defaults."""

    start: float = 0.0  # in point, seconds of the footage
    end: float | None = None  # out point, seconds; None = to the end
    #: Point (x, y) in upright image pixels near the face to track; None = the largest, most central one.
    face_hint: tuple[float, float] | None = None
    #: When the face is at that point, seconds of the footage, wherever it is at the in point; None = wherever a face
    #: is looked for.
    face_hint_time: float | None = None
    detection_threshold: float = 0.5  # a new face needs this much of the detector
    accept_confidence: float = 0.5  # … and this much of the regressor
    lose_confidence: float = 0.3  # a tracked face is lost below this
    check_interval: int = 10  # frames between two looks of the detector at a tracked face; thrice as many if it is sure
    high_quality: bool = False  # each crop is measured twice, straight and mirrored (``tracking/second_look.py``)
    sequence_rate: float = SEQUENCE_RATE  # frames per second, of footage that is numbered pictures

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start) and self.start >= 0.0):
            raise CaptureError("The in point must be 0 seconds or later.")
        if self.end is not None and not (math.isfinite(self.end) and self.end > self.start):
            raise CaptureError("The out point must lie behind the in point.")
        if self.face_hint_time is not None and not (math.isfinite(self.face_hint_time) and self.face_hint_time >= 0.0):
            raise CaptureError("The time at which the face was picked must be 0 seconds or later.")
        if not (math.isfinite(self.sequence_rate) and self.sequence_rate > 0.0):
            raise CaptureError("The frame rate of an image sequence must be above 0.")
        if self.check_interval < 1:
            raise CaptureError("The detector's check interval must be at least 1 frame.")
