# SPDX-License-Identifier: GPL-3.0-or-later
"""What is shown of footage before a capture. Needs OpenCV: import it on the thread that does the work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..capture import Engine
from ..faces import find_faces
from ..settings import SEQUENCE_RATE
from ..tracking.detector import INPUT_SIDES
from ..tracking.roi import roi_from_box
from ..tracking.tracker import prominence
from .pictures import CHOSEN, PLAIN, cut_square, draw_label, fit_into, numbered_faces, with_close_ups
from .video import Video

#: Longest sides in pixels: of a frame, of one face's picture.
FRAME_SIDE, FACE_SIDE = 512, 160
#: Frames are kept no larger than this; boxes still count in the footage's own pixels.
_KEPT_SIDE = 1024


@dataclass(frozen=True, eq=False)
class FramePictures:
    """What is shown of a frame: with close-ups where it leaves room in a square; else these stand on their own."""

    frame: NDArray[np.uint8]  # (h, w, 3) RGB or (h, w, 4) RGBA
    faces: list[NDArray[np.uint8]]  # (s, s, 3) RGB each


@dataclass(frozen=True, eq=False)
class FrameFaces:
    """One frame of footage and the faces in it, from left to right."""

    time: float  # of the frame, seconds of the footage
    image: NDArray[np.uint8]  # (h, w, 3) RGB, made smaller
    scale: float  # its pixels per pixel of the footage
    shape: tuple[int, ...]  # of the footage's picture: height, width, …
    boxes: list[NDArray[np.float64]]  # (4,) each, footage pixels
    landmarks: list[NDArray[np.float64]]  # (68, 3) each, footage pixels

    def middle(self, face: int) -> tuple[float, float]:
        """The middle of a face, footage pixels."""
        x0, y0, x1, y1 = (float(v) for v in self.boxes[face])
        return (x0 + x1) / 2.0, (y0 + y1) / 2.0

    def preferred(self, hint: tuple[float, float] | None = None) -> int | None:
        """The face that a capture beginning here would track; None when there is none."""
        ranks = [prominence(box, self.shape, hint) for box in self.boxes]
        return int(np.argmax(ranks)) if ranks else None

    def pictures(self, chosen: int | None) -> FramePictures:
        """The frame with the faces numbered, the ``chosen`` one marked, and close-ups of them."""
        boxes, points = ([values * self.scale for values in group] for group in (self.boxes, self.landmarks))
        frame = numbered_faces(self.image, boxes, points, chosen, FRAME_SIDE)
        faces = [self.face_picture(i, chosen) for i in range(len(self.boxes))]
        both = with_close_ups(frame, faces, FRAME_SIDE)
        return FramePictures(frame, faces) if both is None else FramePictures(both, [])

    def face_picture(self, face: int, chosen: int | None) -> NDArray[np.uint8]:
        """One face, (FACE_SIDE, FACE_SIDE, 3), with its number if there are several."""
        picture, _ = cut_square(self.image, roi_from_box(self.boxes[face] * self.scale), FACE_SIDE)
        if len(self.boxes) > 1:
            color = CHOSEN if face == chosen else PLAIN
            draw_label(picture, (0, 0, FACE_SIDE - 1, FACE_SIDE - 1), str(face + 1), color)
        return picture


def look_at(engine: Engine, path: Path | str, at: float, sequence_rate: float = SEQUENCE_RATE) -> FrameFaces:
    """The footage's frame at a time in seconds and all faces in it, small ones too.

    Raises:
        CaptureError: the footage cannot be read.
    """
    with Video(path, sequence_rate=sequence_rate) as video:
        frame = video.frame_at(at)
    faces = sorted(find_faces(engine, frame.image, sides=INPUT_SIDES[1:]), key=lambda face: float(face.box[0]))
    side = min(_KEPT_SIDE, max(frame.image.shape[:2]))
    image, scale = fit_into(frame.image, side, side)
    boxes, landmarks = [face.box for face in faces], [face.fit.landmarks68 for face in faces]
    return FrameFaces(frame.time, image, scale, frame.image.shape, boxes, landmarks)
