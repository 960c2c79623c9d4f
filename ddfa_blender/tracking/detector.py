# SPDX-License-Identifier: GPL-3.0-or-later
"""Find faces with CenterFace (``model/face_detector.onnx``, see tools/prepare_detector.py)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..channels import stored
from ..paths import model_file
from .session import frugal, open_session
from .window import averaged

#: Longest side of the network's input in pixels; the next is tried when the one before finds nothing.
COARSE_SIDE, FINE_SIDE, FINEST_SIDE = 320, 640, 1280
INPUT_SIDES: tuple[int, ...] = (COARSE_SIDE, FINE_SIDE, FINEST_SIDE)
#: The finest shows nothing in pictures whose longer side is below this: what is too small for the one before is too
#: small to be measured there.
FINEST_FROM = 1920
#: The network's input must be a multiple of this, its output is smaller by _STRIDE.
_MULTIPLE = 32
_STRIDE = 4
_OUTPUTS = ["heatmap", "scale", "offset", "points"]
#: Of two boxes that overlap by more than this (IoU) the weaker one is dropped.
_NMS_OVERLAP = 0.3


@dataclass(frozen=True, eq=False)
class Detection:
    """A face in a photo; image pixels, y down."""

    box: NDArray[np.float64]  # (4,) x0, y0, x1, y1
    confidence: float  # 0…1
    points: NDArray[np.float64]  # (5, 2): eye, eye, nose, mouth corner, mouth corner; left of the image first


class Detector:
    """A CenterFace session."""

    def __init__(self, path: Path | None = None) -> None:
        """Load ``model/face_detector.onnx`` (or ``path``).

        Raises:
            CaptureError: onnxruntime or the file is missing or broken.
        """
        self._session = open_session(path or model_file("face_detector.onnx"))

    def detect(
        self, image_rgb: NDArray[np.uint8], *, threshold: float = 0.5, sides: tuple[int, ...] = INPUT_SIDES
    ) -> list[Detection]:
        """Faces in a photo (H, W, 3) uint8 RGB with at least this confidence (0…1), most confident first.

        ``sides`` are the input sizes to try in turn until one finds a face; the finest is left out where the picture
        is too small for it to help.
        """
        for side in sides:
            if side == FINEST_SIDE and max(image_rgb.shape[:2]) < FINEST_FROM:
                continue
            found = self._detect_at(image_rgb, side, threshold)
            if found:
                return found
        return []

    def _detect_at(self, image: NDArray[np.uint8], side: int, threshold: float) -> list[Detection]:
        blob, scale = _to_input(image, side)
        # The finest look takes 150 MB, and is rare.
        options = frugal() if side >= FINEST_SIDE else None
        heatmap, sizes, offsets, points = self._session.run(_OUTPUTS, {"image": blob}, options)
        boxes, scores, five = _decode(heatmap[0, 0], sizes[0], offsets[0], points[0], threshold)
        return [Detection(boxes[i] / scale, float(scores[i]), five[i] / scale) for i in _strongest(boxes, scores)]


def _to_input(image: NDArray[np.uint8], side: int) -> tuple[NDArray[np.float32], float]:
    """The network's input (1, 3, h, w), 0…255, and its pixels per image pixel."""
    pixels, turned = stored(image)
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    shrinks = scale < 1.0
    while pixels.shape[0] >= 2 * size[1] and pixels.shape[1] >= 2 * size[0] and min(size) > 1:
        # OpenCV halves several times as fast as it averages over what is no whole number of pixels.
        pixels = averaged(pixels, 2)
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    right, bottom = -size[0] % _MULTIPLE, -size[1] % _MULTIPLE
    padded = cv2.copyMakeBorder(small, 0, bottom, 0, right, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    padded = padded[..., ::-1] if turned else padded
    return np.ascontiguousarray(padded.transpose(2, 0, 1)[None], dtype=np.float32), scale


def _decode(
    heatmap: NDArray, sizes: NDArray, offsets: NDArray, points: NDArray, threshold: float
) -> tuple[NDArray, NDArray, NDArray]:
    """Boxes (n, 4), scores (n,) and points (n, 5, 2) of the cells above the threshold, in input pixels.

    The maps give y before x. A cell holds the logarithm of the box's size in cells, the offset of
    its centre from the cell's, and five points as shares of the box.
    """
    rows, columns = np.nonzero(heatmap >= threshold)
    scores = heatmap[rows, columns].astype(np.float64)
    cells = np.stack([columns, rows], axis=-1)
    extent = np.exp(sizes[::-1, rows, columns].T.astype(np.float64)) * _STRIDE
    center = (cells + 0.5 + offsets[::-1, rows, columns].T) * _STRIDE
    corner = center - extent / 2.0
    shares = points[:, rows, columns].T.reshape(-1, 5, 2)[..., ::-1]
    five = corner[:, None, :] + shares * extent[:, None, :]
    return np.concatenate([corner, corner + extent], axis=-1), scores, five


def _strongest(boxes: NDArray, scores: NDArray) -> list[int]:
    """Non-maximum suppression: indices of the boxes to keep, strongest first."""
    order = np.argsort(-scores, kind="stable")
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=-1)
    kept: list[int] = []
    while order.size:
        best, order = order[0], order[1:]
        kept.append(int(best))
        low = np.maximum(boxes[best, :2], boxes[order, :2])
        high = np.minimum(boxes[best, 2:], boxes[order, 2:])
        shared = np.clip(high - low, 0.0, None).prod(axis=-1)
        order = order[shared <= _NMS_OVERLAP * (area[best] + area[order] - shared)]
    return kept
