# SPDX-License-Identifier: GPL-3.0-or-later
"""Small worlds to test the core in: clips, edits of MP4 files, and a face that is a red square."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ddfa_blender.capture import Engine
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.projection import CROP_SIZE, apply, join
from ddfa_blender.tracking.detector import Detection
from ddfa_blender.tracking.regressor import Regression
from ddfa_blender.tracking.roi import box_from_landmarks
from ddfa_blender.tracking.tracker import FaceFitter
from ddfa_blender.tracking.upright_reader import Reading

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts"}


def write_clip(path: Path, frames: Iterable[NDArray[np.uint8]], fps: float = 25.0, codec: str = "mp4v") -> Path:
    """Write RGB frames as a video."""
    writer = None
    for frame in frames:
        if writer is None:
            size = frame.shape[1], frame.shape[0]
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, size)
            assert writer.isOpened()
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    assert writer is not None
    writer.release()
    return path


def grey(count: int, shape: tuple[int, int] = (120, 160)) -> list[NDArray[np.uint8]]:
    """Frames (h, w, 3) without anything in them."""
    return [np.full((*shape, 3), 90, np.uint8) for _ in range(count)]


def find_box(data: bytes, *kinds: bytes) -> int:
    """Offset of an MP4 box, given the path of boxes to it."""
    start, end = 0, len(data)
    for kind in kinds:
        while True:
            size, found = struct.unpack_from(">I4s", data, start)
            if found == kind:
                start, end = start + 8, start + size
                break
            start += size
            assert start < end, f"no {kind!r}"
    return start - 8


def replace_box(data: bytes, path: tuple[bytes, ...], payload: bytes) -> bytes:
    """Replace a box's payload and mend the sizes of the boxes around it; the media data must lie before."""
    offset = find_box(data, *path)
    (size,) = struct.unpack_from(">I", data, offset)
    assert data.find(b"mdat") < offset
    result = bytearray(data[:offset] + struct.pack(">I", 8 + len(payload)) + path[-1] + payload + data[offset + size :])
    for depth in range(1, len(path)):
        parent = find_box(data, *path[:depth])
        (parent_size,) = struct.unpack_from(">I", data, parent)
        struct.pack_into(">I", result, parent, parent_size + 8 + len(payload) - size)
    return bytes(result)


STTS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stts")


def set_frame_durations(path: Path, durations: list[int]) -> float:
    """Give each frame of an MP4 its own duration in ticks; return the seconds of one tick."""
    data = path.read_bytes()
    payload = struct.pack(">II", 0, len(durations)) + b"".join(struct.pack(">II", 1, d) for d in durations)
    header = find_box(data, b"moov", b"trak", b"mdia", b"mdhd")
    assert data[header + 8] == 0
    (timescale,) = struct.unpack_from(">I", data, header + 20)
    path.write_bytes(replace_box(data, STTS, payload))
    return 1.0 / timescale


def frame_duration(path: Path) -> int:
    """Ticks of a frame of an MP4 of constant rate."""
    data = path.read_bytes()
    return int(struct.unpack_from(">I", data, find_box(data, *STTS) + 20)[0])


def set_rotation(path: Path, quarter_turns: int) -> None:
    """Write the display matrix of an MP4's track: clockwise quarter turns, as phones do."""
    data = bytearray(path.read_bytes())
    header = find_box(bytes(data), b"moov", b"trak", b"tkhd")
    assert data[header + 8] == 0
    cos, sin = [(1, 0), (0, 1), (-1, 0), (0, -1)][quarter_turns]
    one = 1 << 16
    struct.pack_into(">9i", data, header + 48, cos * one, sin * one, 0, -sin * one, cos * one, 0, 0, 0, 1 << 30)
    path.write_bytes(bytes(data))


def square_frame(
    squares: Iterable[tuple[float, float, float]], shape: tuple[int, int] = (240, 320)
) -> NDArray[np.uint8]:
    """A picture with red squares (centre x, centre y, side): the faces of :class:`SquareDetector`."""
    frame = np.full((*shape, 3), 90, np.uint8)
    for x, y, side in squares:
        low, high = (round(x - side / 2.0), round(y - side / 2.0)), (round(x + side / 2.0), round(y + side / 2.0))
        cv2.rectangle(frame, low, (high[0] - 1, high[1] - 1), (250, 0, 0), -1)
    return frame


def _red(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    values = image.astype(np.int32)
    return ((values[..., 0] > 150) & (values[..., 1] < 90) & (values[..., 2] < 90)).astype(np.uint8)


def _exact_box(image: NDArray[np.uint8], component: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Box (4,) of a red component, to a fraction of a pixel, as networks measure: from its moments."""
    around = cv2.dilate(component.astype(np.uint8), np.ones((3, 3), np.uint8))
    weight = around * np.clip(image[..., 0].astype(float) - image[..., 1], 0.0, 250.0) / 250.0
    box = []
    for axis in (0, 1):
        across, places = weight.sum(axis=axis), np.arange(image.shape[1 - axis]) + 0.5
        middle = float((across * places).sum() / across.sum())
        # The variance of an even stretch is its length² / 12.
        half = float(np.sqrt(3.0 * (across * (places - middle) ** 2).sum() / across.sum()))
        box.append((middle - half, middle + half))
    return np.array(box).T.ravel()


class SquareDetector:
    """Finds red squares; ``calls`` counts its runs, ``sides`` logs them, ``blind`` makes it find nothing."""

    def __init__(self) -> None:
        self.calls = 0
        self.blind = False
        self.sides: list[tuple[int, ...]] = []

    def detect(
        self, image_rgb: NDArray[np.uint8], *, threshold: float = 0.5, sides: tuple[int, ...] = (320,)
    ) -> list[Detection]:
        self.calls += 1
        self.sides.append(sides)
        count, _, stats, _ = cv2.connectedComponentsWithStats(_red(image_rgb))
        found = [] if self.blind else [row for row in stats[1:count].astype(float) if row[cv2.CC_STAT_AREA] >= 100]
        shares = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]])
        return [
            Detection(np.array([x, y, x + w, y + h]), 0.9, np.array([x, y]) + shares * [w, h])
            for x, y, w, h, _ in sorted(found, key=lambda row: -row[4])
        ]


class SquareRegressor:
    """Lays the frontal mean head over the red square nearest to the middle of a crop."""

    def __init__(self, model: MorphableModel) -> None:
        self._landmarks = model.landmarks68(np.zeros(40), np.zeros(10))

    def predict(self, crops: NDArray[np.uint8]) -> Regression:
        results = [self._one(crop) for crop in crops]
        return Regression(*(np.stack(values).astype(np.float32) for values in zip(*results, strict=True)))

    def _one(self, crop: NDArray[np.uint8]) -> tuple[NDArray, NDArray, NDArray, NDArray]:
        count, labels, stats, centers = cv2.connectedComponentsWithStats(_red(crop))
        if count < 2:
            box, confidence = np.array([30.0, 30.0, 90.0, 90.0]), 0.05
        else:
            nearest = 1 + int(np.linalg.norm(centers[1:] - CROP_SIZE / 2.0, axis=1).argmin())
            area = float(stats[nearest, cv2.CC_STAT_AREA])
            box, confidence = _exact_box(crop, labels == nearest), float(np.clip(area / 400.0, 0.0, 0.95))
        own = box_from_landmarks(self._landmarks)
        scale = (box[2:] - box[:2]).max() / (own[2:] - own[:2]).max()
        center = (box[:2] + box[2:]) / 2.0
        shift = np.array([center[0], CROP_SIZE - center[1]]) - scale * (own[:2] + own[2:]) / 2.0
        transform = np.concatenate([scale * np.eye(3), [[shift[0]], [shift[1]], [0.0]]], axis=1)
        points = apply(transform, self._landmarks)[:, :2] * [1.0, -1.0] + [0.0, CROP_SIZE]
        arkit = np.linspace(0.0, 1.0, 52)
        return join(transform, np.zeros(40), np.zeros(10)), points.ravel(), arkit, np.array([confidence])


class ColourReader:
    """Reads the mean of each of the upright face's 52 vertical strips, of its red."""

    faces_a_second = 10.0

    def read(self, face: NDArray[np.uint8]) -> Reading:
        strips = face[:, :104, 0].reshape(128, 52, 2).mean(axis=(0, 2)).astype(np.float32) / 255.0
        return Reading(strips, strips)


def square_engine(model: MorphableModel) -> Engine:
    """An engine for which red squares are faces."""
    fitter = FaceFitter(SquareRegressor(model), model)
    return Engine(fitter, SquareDetector(), "squares.onnx", "0" * 64, reader=ColourReader())
