# SPDX-License-Identifier: GPL-3.0-or-later
"""Fit the constants of ``ddfa_blender/tracking/detection_roi.py`` and print them.

    python -m training.fit_detection_roi [--labels training/data/labels.npz] [--count 6000]

Runs the detector on labelled face crops of ``../shared/faces``, set into larger canvases so that
faces come in many sizes, and regresses the labels' ROI from box and points by least squares.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ddfa_blender.tracking.detection_roi import detection_features, roi_from_detection
from ddfa_blender.tracking.detector import Detection, Detector
from ddfa_blender.tracking.roi import overlap, roi_from_landmarks

from .faces import PICTURE_SIZE, read_shard, shard_paths

#: Every n-th sample is kept apart to measure the fit.
_HELD_OUT = 5
#: Variance of the noise in the features.
_RIDGE = 1e-4


def canvas(picture: NDArray[np.uint8], side: int, generator: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray]:
    """The picture somewhere in a grey canvas of ``side`` pixels, and its top left corner (2,)."""
    room = side - PICTURE_SIZE
    corner = generator.integers(0, room + 1, 2) if room > 0 else np.zeros(2, int)
    result = np.full((side, side, 3), int(picture.mean()), np.uint8)
    result[corner[1] : corner[1] + PICTURE_SIZE, corner[0] : corner[0] + PICTURE_SIZE] = picture
    return result, corner


def collect(labels: NDArray[np.float32], count: int) -> tuple[list[Detection], NDArray]:
    """Detections and the labels' ROIs (n, 4) of ``count`` faces spread over all shards."""
    detector, generator = Detector(), np.random.default_rng(0)
    wanted = set(np.linspace(0, len(labels) - 1, count).astype(int).tolist())
    detections, rois, first = [], [], 0
    for path in shard_paths():
        shard = read_shard(path)
        for i, data in enumerate(shard.webp):
            if first + i not in wanted:
                continue
            picture = cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
            side = int(generator.choice([PICTURE_SIZE, 240, 320, 480]))
            image, corner = canvas(picture.astype(np.uint8), side, generator)
            roi = roi_from_landmarks(labels[first + i] + np.pad(corner, (0, labels.shape[-1] - 2)))
            found = [d for d in detector.detect(image, sides=(320,)) if overlap(d.box, roi) > 0.3]
            if found:
                detections.append(found[0])
                rois.append(roi)
        first += len(shard.webp)
    return detections, np.array(rois)


def ridge(features: NDArray, targets: NDArray) -> NDArray:
    """Least squares with a slight pull to 0: the five points move almost as one, so that single
    coefficients would otherwise be large and cancel each other."""
    pull = np.full(features.shape[1], _RIDGE * len(features))
    pull[np.ptp(features, axis=0) == 0.0] = 0.0  # the constant is free
    return np.linalg.solve(features.T @ features + np.diag(pull), features.T @ targets)


def fit(detections: list[Detection], rois: NDArray) -> tuple[NDArray, NDArray]:
    """Least-squares odd (5,) and even (2, 9) coefficients, refitted once without the worst 2 %."""
    odd, even, center, size = (np.array(x) for x in zip(*(detection_features(d) for d in detections), strict=True))
    offset = ((rois[:, :2] + rois[:, 2:]) / 2.0 - center) / size[:, None]
    targets = np.stack([offset[:, 1], (rois[:, 2] - rois[:, 0]) / size], axis=-1)
    keep = np.ones(len(rois), bool)
    for _ in range(2):
        right = ridge(odd[keep], offset[keep, 0])
        rest = ridge(even[keep], targets[keep])
        error = np.abs(odd @ right - offset[:, 0]) + np.abs(even @ rest - targets).sum(axis=-1)
        keep = error < np.quantile(error, 0.98)
    return right, rest.T


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=Path, default=Path(__file__).parent / "data" / "labels.npz")
    parser.add_argument("--count", type=int, default=6000)
    options = parser.parse_args()
    with np.load(options.labels, allow_pickle=False) as data:
        labels = data["landmarks68"].astype(np.float32)
    detections, rois = collect(labels, options.count)
    held_out = np.arange(len(rois)) % _HELD_OUT == 0
    odd, even = fit([d for d, h in zip(detections, held_out, strict=True) if not h], rois[~held_out])
    with np.printoptions(precision=5, suppress=True):
        print(f"found {len(rois)} of {options.count}")
        print("ODD_COEFFICIENTS =", np.array2string(odd, separator=", "))
        print("EVEN_COEFFICIENTS =", np.array2string(even, separator=", "))
    tests = [(d, r) for d, r, h in zip(detections, rois, held_out, strict=True) if h]
    features = [detection_features(d) for d, _ in tests]
    error = [
        np.append(c + s * np.array([odd @ o, even[0] @ e]) - (r[:2] + r[2:]) / 2.0, s * even[1] @ e - (r[2] - r[0]))
        / (r[2] - r[0])
        for (o, e, c, s), (_, r) in zip(features, tests, strict=True)
    ]
    print("held out, share of the ROI's side, RMS of x, y, side:", np.sqrt(np.mean(np.square(error), axis=0)).round(4))
    print("IoU with the constants in use:", np.mean([overlap(roi_from_detection(d), r) for d, r in tests]).round(4))


if __name__ == "__main__":
    main()
