# SPDX-License-Identifier: GPL-3.0-or-later
"""Faces in single photos."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .capture import Engine
from .errors import CaptureError
from .names import ARKIT_NAMES
from .projection import decompose, euler_degrees, split
from .tracking.detector import INPUT_SIDES
from .tracking.roi import box_from_landmarks, overlap, roi_from_box
from .tracking.tracker import FaceFit

#: A detection is a face when the regressor is at least this confident of it.
_ACCEPT_CONFIDENCE = 0.3
#: Two fits that overlap by more are the same face, detected twice.
_SAME_FACE = 0.5


@dataclass(frozen=True, eq=False)
class Face:
    """A face in a photo: its box (4,) in photo pixels and what was measured."""

    box: NDArray[np.float64]
    fit: FaceFit

    def to_json(self, absent: Collection[str] = ()) -> dict[str, Any]:
        """Plain numbers, all finite; landmarks and box in photo pixels; None for ``arkit`` where it is ``absent``."""
        transform, _, expression = split(self.fit.params)
        yaw, pitch, roll = euler_degrees(decompose(transform).rotation)
        return {
            "box": self.box.tolist(),
            "confidence": self.fit.confidence,
            "params": self.fit.params.astype(float).tolist(),
            "landmarks68": self.fit.landmarks68.astype(float).tolist(),
            "pose_degrees": {"yaw": float(yaw), "pitch": float(pitch), "roll": float(roll)},
            "expression": expression.astype(float).tolist(),
            "arkit": None if "arkit" in absent else dict(zip(ARKIT_NAMES, self.fit.arkit.tolist(), strict=True)),
        }


def find_faces(engine: Engine, image_rgb: NDArray[np.uint8], *, sides: tuple[int, ...] = INPUT_SIDES) -> list[Face]:
    """All faces in a photo (H, W, 3) uint8 RGB, best first; ``box`` is the tight box of the landmarks found.

    ``sides`` are the detector's input sizes, tried in turn: without the first, small faces beside large ones are
    found too.
    """
    faces: list[Face] = []
    for detection in engine.detector.detect(image_rgb, sides=sides):
        fit = engine.fitter.fit_detection(image_rgb, detection)
        if fit.confidence >= _ACCEPT_CONFIDENCE:
            faces.append(Face(box_from_landmarks(fit.landmarks68), fit))
    faces.sort(key=lambda face: -face.fit.confidence)
    kept: list[Face] = []
    for face in faces:
        if all(overlap(face.box, other.box) <= _SAME_FACE for other in kept):
            kept.append(face)
    return kept


def face_in_box(engine: Engine, image_rgb: NDArray[np.uint8], box: ArrayLike) -> Face:
    """The face whose 68 landmarks have this tight box (4,) in photo pixels; no detector runs."""
    given = np.asarray(box, dtype=np.float64)
    return Face(given, engine.fitter.fit(image_rgb, roi_from_box(given)))


def check_boxes(boxes: object) -> dict[str, list[float]]:
    """Boxes by photo name, checked.

    Raises:
        CaptureError: not a mapping of names to [x0, y0, x1, y1] with x0 < x1 and y0 < y1.
    """
    if not isinstance(boxes, Mapping):
        raise CaptureError("The boxes must be a JSON object that maps a photo's file name to [x0, y0, x1, y1].")
    for name, box in boxes.items():
        try:
            x0, y0, x1, y1 = (float(v) for v in box)
        except (TypeError, ValueError, OverflowError):
            x0 = y0 = x1 = y1 = np.nan
        if not (np.isfinite([x0, y0, x1, y1]).all() and x0 < x1 and y0 < y1):
            raise CaptureError(f"The box of {name} must be four numbers [x0, y0, x1, y1] with x0 < x1 and y0 < y1.")
    return dict(boxes)
