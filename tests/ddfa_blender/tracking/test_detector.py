# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.footage.photo import read_photo
from ddfa_blender.paths import model_file
from ddfa_blender.tracking.detection_roi import roi_from_detection
from ddfa_blender.tracking.detector import INPUT_SIDES, Detector, _decode, _strongest, _to_input
from ddfa_blender.tracking.roi import overlap, roi_from_landmarks
from tools.measure_small_faces import composed, rendered_heads


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector()


@pytest.fixture(scope="module")
def labels(shared: Path) -> dict[str, np.ndarray]:
    everything = json.loads((shared / "bench" / "labels.json").read_text(encoding="utf-8"))
    return {name: np.array(everything[name]["landmarks68"]) for name in sorted(everything)[::20]}


def test_the_decoder_reads_the_maps_as_documented() -> None:
    """One cell at row 3, column 5: a box of 8 × 16 cells' logarithms, an offset of (0.25, −0.25) cells."""
    heatmap, sizes, offsets = np.zeros((8, 8)), np.zeros((2, 8, 8)), np.zeros((2, 8, 8))
    points = np.zeros((10, 8, 8))
    heatmap[3, 5] = 0.9
    sizes[:, 3, 5] = np.log([16.0, 8.0])  # height, width in cells of 4 pixels
    offsets[:, 3, 5] = -0.25, 0.25  # y, x
    points[:, 3, 5] = [0.4, 0.3, 0.4, 0.7, 0.6, 0.5, 0.8, 0.35, 0.8, 0.65]  # y, x shares of the box
    boxes, scores, five = _decode(heatmap, sizes, offsets, points, 0.5)
    center = np.array([5.75, 3.25]) * 4.0
    np.testing.assert_allclose(boxes, [[center[0] - 16, center[1] - 32, center[0] + 16, center[1] + 32]])
    np.testing.assert_allclose(scores, [0.9])
    np.testing.assert_allclose(five[0, 1], boxes[0, :2] + [0.7 * 32, 0.4 * 64])


def test_of_overlapping_boxes_the_strongest_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [30, 0, 40, 10], [0, 0, 10, 3]], dtype=float)
    assert _strongest(boxes, np.array([0.6, 0.9, 0.7, 0.5])) == [1, 2, 3]
    assert _strongest(np.zeros((0, 4)), np.zeros(0)) == []


@pytest.mark.parametrize("shape", [(100, 300), (300, 100), (720, 1280), (10, 9)])
def test_the_input_is_scaled_evenly_and_padded(shape: tuple[int, int]) -> None:
    blob, scale = _to_input(np.full((*shape, 3), 200, np.uint8), 320)
    assert blob.shape[2] % 32 == 0
    assert blob.shape[3] % 32 == 0
    assert scale == pytest.approx(320 / max(shape))
    assert blob[0, :, 0, 0].tolist() == [200.0] * 3


def test_nothing_is_found_on_a_wall_or_in_noise(detector: Detector) -> None:
    assert detector.detect(np.full((240, 320, 3), 128, np.uint8)) == []
    assert detector.detect(np.random.default_rng(0).integers(0, 255, (240, 320, 3), dtype=np.uint8)) == []


def test_real_faces_are_found_and_give_the_labels_roi(
    detector: Detector, shared: Path, labels: dict[str, np.ndarray]
) -> None:
    overlaps = []
    for name, points in labels.items():
        found = detector.detect(read_photo(shared / "bench" / "photos" / name))
        target = roi_from_landmarks(points)
        overlaps.append(max((overlap(roi_from_detection(d), target) for d in found), default=0.0))
    assert min(overlaps) > 0.5
    assert np.mean(overlaps) > 0.8


def test_small_faces_are_found_in_a_larger_input(
    detector: Detector, shared: Path, labels: dict[str, np.ndarray]
) -> None:
    name = next(iter(labels))
    photo = read_photo(shared / "bench" / "photos" / name)[::6, ::6]
    canvas = np.full((900, 1600, 3), 120, np.uint8)
    canvas[400 : 400 + photo.shape[0], 700 : 700 + photo.shape[1]] = photo
    target = roi_from_landmarks(labels[name] / 6.0 + [700.0, 400.0])
    found = detector.detect(canvas)
    assert max((overlap(roi_from_detection(d), target) for d in found), default=0.0) > 0.4


@pytest.mark.parametrize(("width", "looks"), [(640, [320, 640]), (1910, [320, 640]), (1920, [320, 640, 1280])])
def test_the_finest_look_is_for_large_pictures(
    detector: Detector, monkeypatch: pytest.MonkeyPatch, width: int, looks: list[int]
) -> None:
    seen: list[int] = []
    monkeypatch.setattr(detector, "_detect_at", lambda image, side, threshold: seen.append(side) or [])
    assert detector.detect(np.zeros((100, width, 3), np.uint8)) == []
    assert seen == looks


def test_rendered_heads_below_two_percent_are_found_in_large_pictures(detector: Detector) -> None:
    (frame, landmarks), *_ = composed(rendered_heads(1), 0.017, (1080, 1920))
    assert detector.detect(frame, sides=INPUT_SIDES[:2]) == []
    found = detector.detect(frame)
    assert max((overlap(roi_from_detection(d), roi_from_landmarks(landmarks)) for d in found), default=0.0) > 0.4


def test_a_missing_or_broken_model_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="is missing"):
        Detector(tmp_path / "face_detector.onnx")
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(model_file("face_detector.onnx").read_bytes()[:1000])
    with pytest.raises(CaptureError, match="cannot be read"):
        Detector(broken)
