# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the face that the user picked in one frame is in the frames between that one and the in point.

Only the detector looks, at a few frames a second; the boxes it finds are then linked from the picked frame outwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import CaptureError, check_cancelled
from ..footage.video import Video
from ..settings import CaptureSettings
from .detector import COARSE_SIDE, FINE_SIDE, FINEST_FROM, FINEST_SIDE, Detection
from .scene_cut import SceneCuts

#: Seconds between two frames that are searched.
_INTERVAL = 0.2
#: A face needs so many pixels in the detector's input to be found there, with some to spare.
_ENOUGH_PIXELS = 32.0
#: From one searched frame to the next a face moves by less than this many times its size, and by so much more for
#: each second that it was not seen, up to a limit; its size changes by less than this factor.
_REACH, _REACH_PER_SECOND, _REACH_LIMIT, _GROWTH = 0.6, 0.5, 1.5, 1.8


@dataclass(frozen=True, eq=False)
class FacePath:
    """One face's boxes at M times; also knows the times at which it was looked for in vain."""

    time: NDArray[np.float64]  # (M,) seconds, increasing
    box: NDArray[np.float64]  # (M, 4) image pixels; NaN where the face was not seen

    def covers(self, time: float) -> bool:
        """Whether the path says anything about this time: looked for, in the shot of the picked frame."""
        return bool(self.time[0] - _INTERVAL / 2.0 <= time <= self.time[-1] + _INTERVAL / 2.0)

    def box_at(self, time: float) -> NDArray[np.float64] | None:
        """Box (4,) at a time within the path; None where the face was not seen about then."""
        nearest = int(np.abs(self.time - time).argmin())
        seen = np.isfinite(self.box[:, 0])
        if not seen[nearest]:
            return None
        return np.array([np.interp(time, self.time[seen], self.box[seen, i]) for i in range(4)])


class FaceDetector(Protocol):
    """What is needed of a detector."""

    def detect(
        self, image_rgb: NDArray[np.uint8], *, threshold: float = ..., sides: tuple[int, ...] = ...
    ) -> list[Detection]:
        """See :meth:`ddfa_blender.tracking.detector.Detector.detect`."""


def find_path(
    open_video: Callable[[], Video],
    detector: FaceDetector,
    settings: CaptureSettings,
    progress: Callable[[], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> FacePath | None:
    """The way of the face at ``settings.face_hint`` from ``face_hint_time`` to the in point.

    None when no hint has a time, or when it is the in point's own frame. ``progress`` is called for each frame.

    Raises:
        CaptureError: there is no face at the hint.
        CaptureCancelled: ``cancelled`` said so.
    """
    hint, picked = settings.face_hint, settings.face_hint_time
    if hint is None or picked is None:
        return None
    with open_video() as video:
        if abs(picked - settings.start) < 0.5 / video.info.fps:
            return None
        frame = video.frame_at(picked)
    chosen = _face_at(hint, frame.image, detector, settings)
    if chosen is None:
        raise CaptureError(f"No face is where one was picked at {picked:.2f} seconds; pick the face again.")
    sides = _enough_for(longer_side(chosen), max(frame.image.shape[:2]))

    def between_frames() -> None:
        check_cancelled(cancelled)
        if progress is not None:
            progress()

    with open_video() as video:
        looks = _look(video, detector, sides, settings, picked, between_frames)
    place = min(range(len(looks)), key=lambda i: abs(looks[i].time - picked), default=None)
    if place is None:
        return None  # the picked frame and the in point lie beyond what can be decoded: the capture says so
    boxes = {place: chosen}
    for outwards in (range(place - 1, -1, -1), range(place + 1, len(looks))):
        boxes |= _link(looks, place, outwards, chosen)
    places = sorted(boxes)
    return FacePath(np.array([looks[i].time for i in places]), np.stack([boxes[i] for i in places]))


def _face_at(
    point: tuple[float, float], image: NDArray[np.uint8], detector: FaceDetector, settings: CaptureSettings
) -> NDArray[np.float64] | None:
    """The box (4,) of the face at a point of a picture; None where there is none."""
    for side in (FINE_SIDE, FINEST_SIDE):
        found = detector.detect(image, threshold=settings.detection_threshold, sides=(side,))
        box = nearest([d.box for d in found], np.array(point))
        if box is not None and np.linalg.norm(middle(box) - point) <= longer_side(box):
            return box
    return None


def _enough_for(face: float, picture: int) -> tuple[int, ...]:
    """The detector's smallest input in which a face of so many pixels is found, in a picture of so many."""
    if face / picture * COARSE_SIDE >= _ENOUGH_PIXELS:
        return (COARSE_SIDE,)
    return (FINEST_SIDE,) if face / picture * FINE_SIDE < _ENOUGH_PIXELS and picture >= FINEST_FROM else (FINE_SIDE,)


@dataclass(frozen=True, eq=False)
class _Look:
    """What the detector found in one frame."""

    time: float
    boxes: list[NDArray[np.float64]]
    shot: int  # counts the cuts so far


def _look(
    video: Video,
    detector: FaceDetector,
    sides: tuple[int, ...],
    settings: CaptureSettings,
    picked: float,
    between_frames: Callable[[], None],
) -> list[_Look]:
    """Search a frame now and then from the in point to the picked time, both included."""
    step = 1.0 / video.info.fps
    low, high = sorted((settings.start, picked))
    cuts, shot, looks = SceneCuts(), 0, list[_Look]()
    for frame in video.frames(max(low - step, 0.0), high + step, on_skip=between_frames):
        between_frames()
        shot += cuts.is_cut(frame.view)
        if looks and frame.time - looks[-1].time < _INTERVAL and abs(frame.time - picked) > step:
            continue
        found = detector.detect(frame.view, threshold=settings.detection_threshold, sides=sides)
        looks.append(_Look(frame.time, [d.box for d in found], shot))
    return looks


def _link(
    looks: list[_Look], place: int, outwards: range, chosen: NDArray[np.float64]
) -> dict[int, NDArray[np.float64]]:
    """The face's box at each place on the way, NaN where it was not seen; ends at a cut."""
    linked: dict[int, NDArray[np.float64]] = {}
    last, last_time = chosen, looks[place].time
    for i in outwards:
        if looks[i].shot != looks[place].shot:
            break
        reach = min(_REACH + _REACH_PER_SECOND * abs(looks[i].time - last_time), _REACH_LIMIT)
        found = nearest([box for box in looks[i].boxes if _may_be_the_same(last, box, reach)], middle(last))
        if found is not None:
            last, last_time = found, looks[i].time
        linked[i] = np.full(4, np.nan) if found is None else found
    return linked


def _may_be_the_same(one: NDArray[np.float64], other: NDArray[np.float64], reach: float) -> bool:
    larger, smaller = max(longer_side(one), longer_side(other)), min(longer_side(one), longer_side(other))
    return larger < _GROWTH * smaller and apart(one, other) < reach * larger


def nearest(boxes: Iterable[NDArray[np.float64]], point: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The box whose middle is nearest to a point (2,)."""
    return min(boxes, key=lambda box: float(np.linalg.norm(middle(box) - point)), default=None)


def apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Distance of the middles of two boxes (4,)."""
    return float(np.linalg.norm(middle(one) - middle(other)))


def middle(box: NDArray[np.float64]) -> NDArray[np.float64]:
    """The middle (2,) of a box (4,)."""
    return np.asarray((box[:2] + box[2:]) / 2.0)


def longer_side(box: NDArray[np.float64]) -> float:
    """The longer side of a box (4,)."""
    return float((box[2:] - box[:2]).max())
