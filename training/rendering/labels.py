# SPDX-License-Identifier: GPL-3.0-or-later
"""Exact labels of rendered heads: 62 parameters, landmarks, and which vertices make up the face."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ddfa_blender import projection
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import REGION_NAMES

#: The face reaches this far beyond the box of the 68 landmarks: forehead above, little elsewhere (mm).
_MARGIN_ABOVE, _MARGIN_BELOW, _MARGIN_SIDE = 45.0, 4.0, 4.0


def vertex_mask(model: MorphableModel, region: str) -> NDArray[np.bool_]:
    """Vertices (V,) used by quads of one of ``REGION_NAMES``."""
    mask = np.zeros(len(model.mean), dtype=bool)
    mask[model.quads[model.quad_regions == REGION_NAMES.index(region)]] = True
    return mask


def vertex_normals(vertices: NDArray, quads: NDArray) -> NDArray[np.float64]:
    """Area-weighted unit normals (V, 3) of a quad mesh."""
    corners = vertices[quads]
    face = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    normals = np.zeros_like(vertices, dtype=np.float64)
    for corner in range(4):
        np.add.at(normals, quads[:, corner], face)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)


def face_mask(model: MorphableModel) -> NDArray[np.bool_]:
    """Vertices (V,) of the skin that a viewer from the front calls the face.

    Inside the landmarks' box (forehead added), facing forwards, and in front of the mean depth of the jaw's
    ends: mouth cavity, ears and neck are out.
    """
    landmarks = model.landmarks68(np.zeros(len(model.shape_basis)), np.zeros(len(model.expression_basis)))
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    x, y, z = model.mean.T
    inside = (np.abs(x) < high[0] + _MARGIN_SIDE) & (y > low[1] - _MARGIN_BELOW) & (y < high[1] + _MARGIN_ABOVE)
    forwards = vertex_normals(model.mean, model.quads)[:, 2] > 0.1
    in_front = z > landmarks[[0, 16], 2].mean()
    # The cavity's walls lie well behind the lips.
    mouth = landmarks[48:68]
    behind_lips = (
        (np.abs(x) < np.abs(mouth[:, 0]).max() - 2.0)
        & (y > mouth[:, 1].min()) & (y < mouth[:, 1].max()) & (z < mouth[:, 2].min() - 4.0)
    )  # fmt: skip
    return vertex_mask(model, "skin") & inside & forwards & in_front & ~behind_lips


def mouth_cavity(model: MorphableModel) -> NDArray[np.bool_]:
    """Skin quads (F,) at the height of the mouth and behind the lips, on the mean head.

    The cheeks beside the mouth are in it too; the face's UV island tells them apart (studio.py).
    """
    landmarks = model.landmarks68(np.zeros(len(model.shape_basis)), np.zeros(len(model.expression_basis)))
    x, y, z = model.mean[model.quads].mean(axis=1).T
    return (
        (model.quad_regions == REGION_NAMES.index("skin"))
        & (np.abs(x) < landmarks[54, 0] + 12.0) & (y > landmarks[8, 1] + 3.0) & (y < landmarks[33, 1])
        & (z < landmarks[60:68, 2].min() - 1.0) & (z > landmarks[0, 2] - 40.0)
    )  # fmt: skip


@lru_cache(maxsize=1)
def expression_fit(model: MorphableModel) -> NDArray[np.float64]:
    """(52, 10): ARKit weights @ this = the 10 coefficients nearest to that deformation of the face."""
    face = face_mask(model)
    basis = model.expression_basis[:, face].reshape(len(model.expression_basis), -1).astype(np.float64)
    units = model.arkit_basis[:, face].reshape(len(model.arkit_basis), -1).astype(np.float64)
    return np.asarray(np.linalg.solve(basis @ basis.T, basis @ units.T).T, dtype=np.float64)


def picture_landmarks(points: NDArray, transform: NDArray, size: int) -> NDArray[np.float64]:
    """Model points (68, 3) mm → picture pixels of a ``size`` picture, y down, z towards the camera."""
    projected = projection.apply(transform, points)
    projected[:, 1] = size - projected[:, 1]
    return projected


def rendered_landmarks(model: MorphableModel, params: NDArray, arkit: NDArray, size: int) -> NDArray[np.float32]:
    """The 68 points (n, 68, 3), as :func:`picture_landmarks`, of n rendered heads: those are deformed by their ARKit
    weights (n, 52), not by the ten components of ``params`` (n, 62).

    Shards hold them as they were rendered; the landmarks' places on the mesh may have been refined since.
    """
    transform, shape, _ = projection.split(params)
    mean, shape68, arkit68 = (model.at_landmarks(v) for v in (model.mean, model.shape_basis, model.arkit_basis))
    points = mean + np.tensordot(shape, shape68, 1) + np.tensordot(arkit, arkit68, 1)
    return np.array([picture_landmarks(p, t, size) for p, t in zip(points, transform, strict=True)], np.float32)
