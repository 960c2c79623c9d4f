# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person should look at before a take is used: measures of it, and a flag for each beyond its limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..footage.frame_rate import is_variable
from ..names import ARKIT_NAMES
from ..scoring import box_size
from ..take import Take
from ..tracking.scene_cut import SceneCuts
from ..tracking.tracker import FaceDetector, FaceFit

#: Seconds of footage between two looks for other faces.
_LOOK_INTERVAL = 1.0
#: A face counts as another one when its box is at least this share of the largest face's side …
_OTHER_SIZE = 0.4
#: … and the detector is this sure of it.
_OTHER_CONFIDENCE = 0.6
#: A channel is clipped in a frame when it is at its upper end, and as a whole when in this share of the frames.
_AT_END = 0.95
_CLIPPED_SHARE = 0.1


@dataclass(frozen=True)
class FlagKind:
    """A flag: raised when a measure lies beyond ``limit``."""

    measure: str
    limit: float
    unit: str
    meaning: str  # what to tell the user, without a full stop
    below: bool = False  # raised below the limit, not above

    def is_raised(self, value: float | None) -> bool:
        """Whether the measure lies beyond the limit; what was not measured raises nothing."""
        return value is not None and (value < self.limit if self.below else value > self.limit)


#: By name, in the order of the table.
FLAGS: Mapping[str, FlagKind] = {
    "lost_frames": FlagKind("lost_share", 0.05, "of the frames", "the face is often not found"),
    "long_gap": FlagKind("longest_gap", 0.5, "s", "the face is gone for a while between two sightings"),
    "low_confidence": FlagKind("confidence", 0.7, "", "the face is covered, blurred or far turned", below=True),
    "clipped_channels": FlagKind("clipped_channels", 0, "ARKit channels", "channels stick at their upper end"),
    "cuts": FlagKind("cuts", 0, "cuts", "the footage is edited: one take holds several shots"),
    "several_faces": FlagKind("other_faces_share", 0.1, "of the looks", "others are in the picture: check who it is"),
    "small_face": FlagKind("face_size", 80.0, "px", "the face is small in the picture", below=True),
    "unsteady": FlagKind("jitter", 0.02, "of the face", "the points jump: wild movement or bad tracking"),
    "variable_rate": FlagKind("variable_rate", 0, "", "frames last unequally long"),
    "stopped_early": FlagKind("stopped_early", 0, "", "the file is cut short or damaged"),
}


@dataclass(eq=False)
class Watcher:
    """Looks at each picture as it is tracked, see ``capture.capture``: for cuts and, now and then, for other faces."""

    detector: FaceDetector
    rate: float = 25.0  # frames per second, about
    cuts: int = 0
    looks: int = 0
    looks_with_others: int = 0
    _frames: int = 0
    _scene: SceneCuts = field(default_factory=SceneCuts)

    def __call__(self, image: NDArray[np.uint8], fit: FaceFit | None) -> None:
        """See the next frame (H, W, 3) RGB and the face in it."""
        self.cuts += self._scene.is_cut(image)
        if fit is not None and self._frames % max(1, round(self.rate * _LOOK_INTERVAL)) == 0:
            self.looks += 1
            self.looks_with_others += self._sees_others(image)
        self._frames += 1

    def _sees_others(self, image: NDArray[np.uint8]) -> bool:
        sides = [float(np.ptp(d.box.reshape(2, 2), axis=0).max()) for d in self._faces(image)]
        return sum(side >= _OTHER_SIZE * max(sides) for side in sides) > 1

    def _faces(self, image: NDArray[np.uint8]) -> Sequence[Any]:
        return self.detector.detect(image, threshold=_OTHER_CONFIDENCE, sides=(320,))


def measures(take: Take, watched: Watcher | None = None) -> dict[str, float | None]:
    """Numbers by the names that :data:`FLAGS` uses; None = could not be measured."""
    tracked = take.tracked
    some = bool(tracked.any())
    measured = "confidence" not in take.header.absent_outputs
    return {
        "lost_share": _rounded(1.0 - tracked.mean()) if len(take) else None,
        "longest_gap": _rounded(longest_gap(take)),
        "confidence": _rounded(take.confidence[tracked].mean()) if some and measured else None,
        "clipped_channels": len(clipped_channels(take)),
        "cuts": watched.cuts if watched else None,
        "other_faces_share": _rounded(watched.looks_with_others / watched.looks) if watched and watched.looks else None,
        "face_size": _rounded(np.median(box_size(take.landmarks68[tracked]))) if some else None,
        "jitter": _rounded(typical_jitter(take), 5),
        "variable_rate": int(is_variable(take.time[1:])),  # the first stamp may be a decoding time
        "stopped_early": int(take.header.stopped_early),
    }


def flags(values: Mapping[str, float | None]) -> list[dict[str, Any]]:
    """A flag, with its value and limit, for each measure that lies beyond its limit."""
    return [
        {"flag": name, "value": values[kind.measure], "limit": kind.limit, "unit": kind.unit, "meaning": kind.meaning}
        for name, kind in FLAGS.items()
        if kind.is_raised(values.get(kind.measure))
    ]


def longest_gap(take: Take) -> float:
    """Seconds between the two neighbouring sightings that lie furthest apart with lost frames in between; 0 = none."""
    seen = np.flatnonzero(take.tracked)
    apart = np.diff(seen) > 1
    return float(np.diff(take.time[seen])[apart].max(initial=0.0))


def typical_jitter(take: Take) -> float | None:
    """Median |second difference| of the points ÷ box size; None where no three frames in a row are tracked.

    The median, because the mean of an edited clip is that of its cuts.
    """
    points = take.landmarks68[..., :2].astype(np.float64)
    if len(points) < 3:
        return None
    second = np.linalg.norm(points[2:] - 2.0 * points[1:-1] + points[:-2], axis=-1).mean(axis=-1)
    shares = second / box_size(points)[1:-1]
    shares = shares[np.isfinite(shares)]
    return float(np.median(shares)) if len(shares) else None


def clipped_channels(take: Take) -> list[str]:
    """ARKit channels that are at their upper end in many tracked frames."""
    values = take.arkit[take.tracked]
    if not len(values) or "arkit" in take.header.absent_outputs:
        return []
    shares = (values >= _AT_END).mean(axis=0)
    return [name for name, share in zip(ARKIT_NAMES, shares, strict=True) if share > _CLIPPED_SHARE]


def _rounded(value: Any, digits: int = 4) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), digits)
