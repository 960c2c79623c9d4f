# SPDX-License-Identifier: GPL-3.0-or-later
"""The published model on footage, as its authors' video demo runs it: no smoothing, no second look, no check.

The first frame's ROI comes from a detection and is refined once by the landmarks found in it; every later frame's
ROI comes from the landmarks of the frame before (the square of side √2 × the longer side of their box). The face
is detected anew only where that square has shrunk below 2,020 square pixels.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.tracking.detection_roi import roi_from_detection
from ddfa_blender.tracking.tracker import FaceDetector, FaceFit, FaceFitter

_SMALLEST_AREA = 2020.0


def follow_as_published(
    images: Iterable[NDArray[np.uint8]], fitter: FaceFitter, detector: FaceDetector
) -> NDArray[np.float64]:
    """The 68 points (N, 68, 3) in each picture; NaN before the first face."""
    previous: FaceFit | None = None
    points = []
    for image in images:
        previous = _step(image, previous, fitter, detector)
        points.append(np.full((68, 3), np.nan) if previous is None else previous.landmarks68)
    return np.stack(points)


def _step(
    image: NDArray[np.uint8], previous: FaceFit | None, fitter: FaceFitter, detector: FaceDetector
) -> FaceFit | None:
    if previous is not None:
        roi = previous.next_roi
        if np.isfinite(roi).all() and (roi[2] - roi[0]) ** 2 >= _SMALLEST_AREA:
            return fitter.fit(image, roi)
    found = detector.detect(image)
    return fitter.fit_refined(image, roi_from_detection(found[0])) if found else None
