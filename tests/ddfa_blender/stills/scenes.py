# SPDX-License-Identifier: GPL-3.0-or-later
"""Little models whose pictures are known in closed form, and faces that lie where they are put."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.faces import Face
from ddfa_blender.imported_model import ImportedModel
from ddfa_blender.projection import Pose, compose, join, project_landmarks, rotation_from_euler
from ddfa_blender.tracking.roi import box_from_landmarks
from ddfa_blender.tracking.tracker import FaceFit


def sheet_model(vertices: NDArray, faces: NDArray) -> ImportedModel:
    """A model that is just these vertices (V, 3), millimetres, and triangles; all landmarks are its first vertex."""
    count = len(vertices)
    return ImportedModel(
        mean=np.asarray(vertices, dtype=np.float32),
        shape_basis=np.zeros((40, count, 3), np.float32),
        expression_basis=np.zeros((10, count, 3), np.float32),
        landmark_vertices=np.zeros((68, 3), np.int32),
        landmark_weights=np.tile(np.float32([1.0, 0.0, 0.0]), (68, 1)),
        faces=np.asarray(faces, dtype=np.int32),
        basis="sheet",
    )


def grid(heights: NDArray, step: float) -> tuple[NDArray, NDArray]:
    """Vertices and triangles of a sheet over a square around the origin: z = heights (N, N), rows upwards."""
    n = len(heights)
    along = (np.arange(n) - (n - 1) / 2.0) * step
    y, x = np.meshgrid(along, along, indexing="ij")
    index = np.arange(n * n).reshape(n, n)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    triangles = np.concatenate([np.stack(t, axis=-1).reshape(-1, 3) for t in ((a, b, c), (a, c, d))])
    return np.stack([x, y, heights], axis=-1).reshape(-1, 3), triangles


def face_at(
    model: object, centre: tuple[float, float], scale: float, angles: tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> Face:
    """A face whose model's origin lies at a pixel, with ``scale`` pixels to the millimetre; yaw, pitch, roll."""
    roi = np.array([centre[0] - 60.0, centre[1] - 60.0, centre[0] + 60.0, centre[1] + 60.0])
    pose = Pose(np.array(scale), rotation_from_euler(angles), np.array([60.0, 60.0, 0.0]))
    params = join(compose(pose), np.zeros(40), np.zeros(10)).astype(np.float32)
    landmarks = project_landmarks(model, params, roi)  # type: ignore[arg-type]
    fit = FaceFit(params=params, confidence=0.9, roi=roi, landmarks68=landmarks, arkit=np.zeros(52))
    return Face(box_from_landmarks(landmarks), fit)
