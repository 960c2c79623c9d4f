# SPDX-License-Identifier: GPL-3.0-or-later
"""Refit pose and expression of every frame to one identity, in closed form.

What the network predicts for a frame, in three dimensions, is the target. A weighted Procrustes fit
(Umeyama) gives the pose, ridge least squares the expression; a few alternations settle both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .face_model import FaceModel
from .projection import CROP_SIZE, Pose, nearest_rotation, split


@dataclass(frozen=True, eq=False)
class FaceSubset:
    """K face vertices of the model, and their weight in the pose fit."""

    mean: NDArray[np.float64]  # (K, 3)
    shape_basis: NDArray[np.float64]  # (40, K, 3)
    expression_basis: NDArray[np.float64]  # (10, K, 3)
    rigidity: NDArray[np.float64]  # (K,), sums to 1; small where expressions move the face

    @classmethod
    def choose(cls, model: FaceModel, count: int = 250) -> FaceSubset:
        """The landmarks' vertices and, to make ``count``, others spread evenly over the face's skin."""
        index = _spread(model, count)
        expression = model.expression_basis[:, index].astype(np.float64)
        motion = (expression**2).sum(axis=(0, 2))
        rigidity = 1.0 / (motion + np.median(motion))
        return cls(
            mean=model.mean[index].astype(np.float64),
            shape_basis=model.shape_basis[:, index].astype(np.float64),
            expression_basis=expression,
            rigidity=rigidity / rigidity.sum(),
        )

    def neutral(self, identity: NDArray) -> NDArray[np.float64]:
        """Neutral vertices (…, K, 3) of identities (…, 40), millimetres."""
        return self.mean + np.tensordot(identity, self.shape_basis, axes=(-1, 0))

    def deform(self, expression: NDArray) -> NDArray[np.float64]:
        """Offsets (…, K, 3) of expressions (…, 10), millimetres."""
        return np.tensordot(expression, self.expression_basis, axes=(-1, 0))


def _spread(model: FaceModel, count: int) -> NDArray[np.intp]:
    """Indices of the landmarks' vertices, filled up by farthest-point sampling of the face's skin."""
    points = model.mean.astype(np.float64)
    landmarks = points[model.landmark_vertices].reshape(-1, 3)
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    margin = 0.1 * (high - low)
    face = model.skin_vertices & (points >= low - margin).all(axis=1) & (points <= high + margin).all(axis=1)
    chosen = list(np.unique(model.landmark_vertices)[:count])
    distance = np.linalg.norm(points[:, None] - points[chosen][None], axis=-1).min(axis=1)
    while len(chosen) < count:
        farthest = int(np.where(face, distance, -1.0).argmax())
        if distance[farthest] <= 0.0 or not face[farthest]:
            break
        chosen.append(farthest)
        distance = np.minimum(distance, np.linalg.norm(points - points[farthest], axis=-1))
    return np.array(chosen, dtype=np.intp)


@dataclass(frozen=True, eq=False)
class Refit:
    """N frames refitted to one identity."""

    pose: Pose  # scale pixels per millimetre, rotation, translation; pixels from the image's centre, y up
    expression: NDArray[np.float64]  # (N, 10)


def image_transforms(params: NDArray, roi: NDArray, width: int, height: int) -> NDArray[np.float64]:
    """T (N, 3, 4) from millimetres to image pixels counted from the image's centre, y up, z towards the camera.

    Unlike crop pixels these mean the same in every frame.
    """
    transform = split(params.astype(np.float64)).transform
    ratio = (roi[:, 2] - roi[:, 0]) / CROP_SIZE
    result = transform * ratio[:, None, None]
    result[:, 0, 3] += roi[:, 0] - width / 2.0
    result[:, 1, 3] += height / 2.0 - roi[:, 1] - CROP_SIZE * ratio
    return result


def refit(
    subset: FaceSubset,
    identity: NDArray,
    transforms: NDArray,
    shapes: NDArray,
    expressions: NDArray,
    *,
    prior: float,
    sweeps: int,
) -> Refit:
    """Refit N frames.

    Args:
        identity: (40,) the one to use.
        transforms, shapes, expressions: (N, 3, 4), (N, 40), (N, 10) what the network predicted.
        prior: trust in small expressions: the expected error of a target in millimetres; 0 = no prior.
        sweeps: alternations of pose and expression.
    """
    predicted = subset.neutral(shapes) + subset.deform(expressions)
    target = predicted @ transforms[..., :3].swapaxes(-1, -2) + transforms[..., None, :, 3]
    neutral = subset.neutral(identity)
    basis = subset.expression_basis.reshape(len(subset.expression_basis), -1)
    normal = basis @ basis.T + prior**2 * np.eye(len(basis))
    expression = expressions.astype(np.float64)
    for _ in range(sweeps):
        pose = procrustes(neutral + subset.deform(expression), target, subset.rigidity)
        unposed = (target - pose.translation[:, None]) @ pose.rotation / pose.scale[:, None, None]
        offsets = (unposed - neutral).reshape(len(target), -1)
        expression = np.linalg.solve(normal, basis @ offsets.T).T
    return Refit(procrustes(neutral + subset.deform(expression), target, subset.rigidity), expression)


def procrustes(source: NDArray, target: NDArray, weights: NDArray) -> Pose:
    """The similarities that take points (N, K, 3) nearest to targets (N, K, 3), weighted (K,) (Umeyama)."""
    w = weights / weights.sum()
    source_center, target_center = (np.einsum("k,nkc->nc", w, x) for x in (source, target))
    a, b = source - source_center[:, None], target - target_center[:, None]
    covariance = np.einsum("k,nki,nkj->nij", w, b, a)
    rotation, mean_singular = nearest_rotation(covariance)
    variance = np.einsum("k,nki,nki->n", w, a, a)
    scale = 3.0 * mean_singular / variance
    translation = target_center - scale[:, None] * np.einsum("nij,nj->ni", rotation, source_center)
    return Pose(scale, rotation, translation)
