# SPDX-License-Identifier: GPL-3.0-or-later
"""Small pictures that show what was found: faces with their points, the mesh that was fitted."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..morphable_model import MorphableModel
from ..names import REGION_NAMES
from ..projection import CROP_SIZE, apply, split
from ..tracking.roi import square
from ..tracking.tracker import FaceFit

Color = tuple[int, int, int]

PLAIN, CHOSEN, LOST = (235, 235, 235), (255, 170, 40), (230, 60, 50)
_SHADOW, _MESH, _POINTS = (20, 20, 20), (90, 205, 255), (255, 255, 255)
#: iBUG-68: first and last point of each line, and whether it closes.
_LINES: tuple[tuple[int, int, bool], ...] = (
    (0, 16, False), (17, 21, False), (22, 26, False), (27, 30, False), (31, 35, False), (36, 41, True),
    (42, 47, True), (48, 59, True), (60, 67, True),
)  # fmt: skip
#: Pixels between pictures, and the smallest useful close-up as a share of the whole picture's side.
_GAP, _SMALLEST_CLOSE_UP = 8, 0.25
#: Sub-pixel bits of OpenCV's drawing.
SHIFT = 4


def fit_into(image: NDArray[np.uint8], width: int, height: int) -> tuple[NDArray[np.uint8], float]:
    """A picture (H, W, 3) scaled to fill a frame as far as it goes, and the scale."""
    scale = min(width / image.shape[1], height / image.shape[0])
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    shrinks = scale < 1.0
    scaled = cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return scaled.astype(np.uint8, copy=False), scale


def cut_square(image: NDArray[np.uint8], roi: ArrayLike, side: int) -> tuple[NDArray[np.uint8], float]:
    """A square part (4,) of a picture as (side, side, 3), black beyond the picture, and the scale."""
    x0, y0, x1, _ = (float(v) for v in np.asarray(roi, dtype=np.float64))
    scale = side / (x1 - x0)
    matrix = np.array([[scale, 0.0, -x0 * scale], [0.0, scale, -y0 * scale]])
    cut = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR)
    return cut.astype(np.uint8, copy=False), scale


def fixed_point(points: NDArray) -> NDArray[np.int32]:
    """Continuous pixels (…, 2) for OpenCV's drawing: pixel centres at whole numbers, ``SHIFT`` bits after the point."""
    return np.round((np.clip(points, -1e4, 1e4) - 0.5) * (1 << SHIFT)).astype(np.int32)


def draw_points(picture: NDArray[np.uint8], landmarks: ArrayLike, color: Color = _POINTS) -> None:
    """Draw the lines of the 68 landmarks (68, 2 or 3), picture pixels, into a picture."""
    points = fixed_point(np.asarray(landmarks)[:, :2])
    for first, last, closed in _LINES:
        cv2.polylines(picture, [points[first : last + 1]], closed, color, 1, cv2.LINE_AA, SHIFT)


def draw_label(picture: NDArray[np.uint8], box: ArrayLike, text: str, color: Color) -> None:
    """Draw a box (4,), picture pixels, with a short text at its upper left corner."""
    x0, y0, x1, y1 = (round(float(v)) for v in np.asarray(box))
    for shade, width in ((_SHADOW, 4), (color, 2)):
        cv2.rectangle(picture, (x0, y0), (x1, y1), shade, width, cv2.LINE_AA)
    font, size = cv2.FONT_HERSHEY_SIMPLEX, 0.7
    (width, height), _ = cv2.getTextSize(text, font, size, 2)
    left, bottom = max(min(x0, picture.shape[1] - width - 8), 0), max(y0, height + 8)
    cv2.rectangle(picture, (left, bottom - height - 8), (left + width + 8, bottom), color, cv2.FILLED)
    cv2.putText(picture, text, (left + 4, bottom - 4), font, size, _SHADOW, 2, cv2.LINE_AA)


class MeshPainter:
    """Draws the mesh of a fit: the skin of the head's front."""

    def __init__(self, model: MorphableModel) -> None:
        skin = model.quads[model.quad_regions == REGION_NAMES.index("skin")]
        # The back of the head is behind the front one, and what moves with the neck is not fitted.
        front = (model.mean[skin, 2].mean(axis=1) > 0.0) & (model.head_weight[skin].min(axis=1) > 0.99)
        used, quads = np.unique(skin[front], return_inverse=True)
        self._quads = quads.reshape(-1, 4)
        self._mean = model.mean[used]
        both = np.concatenate([model.shape_basis[:, used], model.expression_basis[:, used]])
        self._basis = np.ascontiguousarray(both.reshape(len(both), -1), dtype=np.float32)

    def points(self, fit: FaceFit) -> NDArray[np.float64]:
        """The mesh's vertices (K, 3) in image pixels, y down."""
        transform, shape, expression = split(fit.params)
        coefficients = np.concatenate([shape, expression]).astype(np.float32)
        model = self._mean + (coefficients @ self._basis).reshape(-1, 3)
        crop = apply(transform, model)
        scale = (fit.roi[2] - fit.roi[0]) / CROP_SIZE
        x, y = fit.roi[0] + crop[:, 0] * scale, fit.roi[1] + (CROP_SIZE - crop[:, 1]) * scale
        return np.stack([x, y, crop[:, 2] * scale], axis=-1)

    def draw(self, picture: NDArray[np.uint8], points: NDArray, share: float = 0.35) -> None:
        """Draw the quads that face the camera, their vertices (K, 3) in picture pixels, with this opacity."""
        corners = points[self._quads][..., :2]
        diagonals = corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]
        facing = corners[diagonals[0][:, 0] * diagonals[1][:, 1] < diagonals[0][:, 1] * diagonals[1][:, 0]]
        # Neighbouring quads share their edges: two edges of each give all but the mesh's rim.
        starts, ends = facing[:, :2].reshape(-1, 2), facing[:, 1:3].reshape(-1, 2)
        covered = _line_pixels(starts, ends, picture.shape[:2])
        blended = (1.0 - share) * picture[covered] + share * np.array(_MESH)
        picture[covered] = blended.astype(np.uint8)


def _line_pixels(starts: NDArray, ends: NDArray, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The pixels (h, w) of lines from ``starts`` (K, 2) to ``ends``; thousands of short ones are quick."""
    covered = np.zeros(shape, dtype=bool)
    lengths = np.abs(ends - starts).max(axis=1)
    # Groups of like length, so that short lines are not drawn with the points that the longest needs.
    for shortest, longest in ((-1.0, 4.0), (4.0, 10.0), (10.0, float(max(shape)))):
        group = (lengths > shortest) & (lengths <= longest)
        first, step = starts[group].astype(np.float32), (ends - starts)[group].astype(np.float32)
        reach = min(longest, float(lengths[group].max(initial=0.0)))
        along = np.linspace(0.0, 1.0, int(reach) + 2, dtype=np.float32)[:, None]
        x = np.floor(first[:, 0] + along * step[:, 0]).astype(np.int32)
        y = np.floor(first[:, 1] + along * step[:, 1]).astype(np.int32)
        inside = (x >= 0) & (y >= 0) & (x < shape[1]) & (y < shape[0])
        covered[y[inside], x[inside]] = True
    return covered


def tracked_face(
    image: NDArray[np.uint8], fit: FaceFit | None, painter: MeshPainter | None, side: int
) -> NDArray[np.uint8]:
    """What the tracker sees, (side, side, 3): the face's neighbourhood with mesh and points, or all of a picture
    without the face, framed in red."""
    if fit is None:
        picture = np.zeros((side, side, 3), np.uint8)
        small, _ = fit_into(image, side, side)
        top, left = (side - small.shape[0]) // 2, (side - small.shape[1]) // 2
        picture[top : top + small.shape[0], left : left + small.shape[1]] = small
        cv2.rectangle(picture, (left, top), (left + small.shape[1] - 1, top + small.shape[0] - 1), LOST, 3)
        return picture
    roi = fit.next_roi
    roi = square((roi[:2] + roi[2:]) / 2.0, 1.15 * (roi[2] - roi[0]))
    picture, scale = cut_square(image, roi, side)
    origin = np.array([roi[0], roi[1], 0.0])
    if painter is not None:
        painter.draw(picture, (painter.points(fit) - origin) * scale)
    draw_points(picture, (fit.landmarks68 - origin) * scale)
    return picture


def numbered_faces(
    image: NDArray[np.uint8], boxes: Sequence[NDArray], landmarks: Sequence[NDArray], chosen: int | None, side: int
) -> NDArray[np.uint8]:
    """A frame of footage with its faces numbered from 1, at most (side, side, 3); the ``chosen`` one stands out."""
    picture, scale = fit_into(image, side, side)
    for i, (box, points) in enumerate(zip(boxes, landmarks, strict=True)):
        draw_points(picture, points[:, :2] * scale, CHOSEN if i == chosen else PLAIN)
        draw_label(picture, box * scale, str(i + 1), CHOSEN if i == chosen else PLAIN)
    return picture


def with_close_ups(frame: NDArray[np.uint8], faces: Sequence[NDArray[np.uint8]], side: int) -> NDArray[np.uint8] | None:
    """A frame with the faces (s, s, 3) in the room that it leaves in a square.

    Below a wide one (h, side, 3), each in the middle of its column, or beside a tall one (side, w, 3). Gives
    (side, side, 4) RGBA, transparent where nothing is; None when the frame leaves too little room.
    """
    if frame.shape[0] > frame.shape[1]:
        turned = with_close_ups(_transposed(frame), [_transposed(face) for face in faces], side)
        return None if turned is None else _transposed(turned)
    height = frame.shape[0]
    room = side - height - _GAP
    if frame.shape[1] < side or room < _SMALLEST_CLOSE_UP * side or not faces:
        return None
    picture = np.zeros((side, side, 4), np.uint8)
    picture[:height, :, :3], picture[:height, :, 3] = frame, 255
    column = side // len(faces)
    size = min(room, column - _GAP)
    for i, face in enumerate(faces):
        left = i * column + (column - size) // 2
        picture[-size:, left : left + size, :3] = fit_into(face, size, size)[0]
        picture[-size:, left : left + size, 3] = 255
    return picture


def _transposed(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(picture.swapaxes(0, 1))
