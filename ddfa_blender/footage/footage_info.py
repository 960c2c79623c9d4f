# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user wants to know of footage before it is captured, without decoding all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from ..settings import SEQUENCE_RATE
from .frame_rate import is_variable

#: So many frames at the start and in the middle tell whether the rate varies.
_PROBED_FRAMES = 24

_CODECS = MappingProxyType(
    {
        "h264": "H.264", "avc1": "H.264", "hevc": "H.265", "hvc1": "H.265", "hev1": "H.265", "av01": "AV1",
        "vp80": "VP8", "vp90": "VP9", "vp09": "VP9", "fmp4": "MPEG-4", "mp4v": "MPEG-4", "xvid": "MPEG-4",
        "mpg1": "MPEG-1", "mpg2": "MPEG-2", "mjpg": "Motion JPEG", "apcn": "ProRes", "apch": "ProRes",
        "apcs": "ProRes", "apco": "ProRes", "ap4h": "ProRes", "ap4x": "ProRes", "avdn": "DNxHD", "dvsd": "DV",
        "ffv1": "FFV1", "theo": "Theora",
    }
)  # fmt: skip


@dataclass(frozen=True)
class FootageFacts:
    """What footage is like."""

    width: int  # pixels, upright
    height: int
    fps: float  # mean rate
    frame_count: int  # estimate; 0 = unknown
    is_variable: bool = False  # frames last unequally long
    codec: str = ""  # as people call it; "" = unknown
    is_rotated: bool = False  # is turned upright as its container asks
    is_sequence: bool = False  # numbered pictures

    @property
    def duration(self) -> float:
        """Seconds, estimated; 0 = unknown."""
        return self.frame_count / self.fps


def read_facts(path: Path | str, sequence_rate: float = SEQUENCE_RATE) -> FootageFacts:
    """Look at footage; numbered pictures have ``sequence_rate`` frames per second.

    Raises:
        CaptureError: it cannot be read; the sentence says what to do.
    """
    from .video import Video  # brings OpenCV in, which nobody needs before there is footage

    with Video(path, sequence_rate=sequence_rate) as video:
        info = video.info
        probed = [video.stamps(_PROBED_FRAMES)]
        if info.duration > 4 * _PROBED_FRAMES / info.fps:
            probed.append(video.stamps(_PROBED_FRAMES, start=info.duration / 2.0))
    return FootageFacts(
        width=info.width,
        height=info.height,
        fps=info.fps,
        frame_count=info.frame_count,
        is_variable=any(is_uneven(stamps) for stamps in probed),
        codec=_CODECS.get(info.codec.lower(), info.codec.strip()),
        is_rotated=info.rotated,
        is_sequence=info.is_sequence,
    )


def is_uneven(stamps: Sequence[float]) -> bool:
    """Whether time stamps (seconds) are not evenly spaced; damaged ones say nothing."""
    steps = np.diff(np.asarray(stamps, dtype=np.float64)[1:])  # the first may be stamped with its decoding time
    if len(steps) < 2 or not np.isfinite(steps).all() or (steps <= 0.0).any():
        return False
    return is_variable(stamps[1:])
