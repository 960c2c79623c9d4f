# SPDX-License-Identifier: GPL-3.0-or-later
"""Refit pose and expression of every frame to one identity, in closed form.

What the network predicts for a frame, in three dimensions, is the target. A weighted Procrustes fit
(Umeyama) gives the pose, ridge least squares the expression; a few alternations settle both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

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
    @lru_cache(maxsize=4)
    def choose(cls, model: FaceModel, count: int = 250) -> FaceSubset:
        """The landmarks' vertices and, to make ``count``, others spread evenly over the face's skin; chosen once."""
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
    moments = _Moments.of(subset, identity, transforms, shapes, expressions)
    normal = moments.gram + prior**2 * np.eye(len(moments.gram))
    expression = expressions.astype(np.float64)
    for _ in range(sweeps):
        pose = moments.procrustes(expression)
        expression = np.linalg.solve(normal, moments.seen_by_basis(pose).T).T
    return Refit(moments.procrustes(expression), expression)


@dataclass(frozen=True, eq=False)
class _Moments:
    """All that the alternations need to know of N targets; M = 10 components.

    Source and target are both linear in few coefficients, so their products summed over the vertices are too: no
    vertex of any frame is ever computed.
    """

    target_center: NDArray[np.float64]  # (N, 3), weighted
    source_center: NDArray[np.float64]  # (1 + M, 3), weighted, of the neutral face and of each component
    spread: NDArray[np.float64]  # (1 + M, 1 + M) weighted products of neutral face and components about their centres
    covariance: NDArray[np.float64]  # (N, 3, 1 + M, 3) the same of targets with neutral face and components
    gram: NDArray[np.float64]  # (M, M) products of the components, unweighted
    basis_sum: NDArray[np.float64]  # (M, 3)
    basis_neutral: NDArray[np.float64]  # (M,) products of the components with the neutral face
    basis_target: NDArray[np.float64]  # (N, 3, M, 3) of the targets with the components

    @classmethod
    def of(
        cls, subset: FaceSubset, identity: NDArray, transforms: NDArray, shapes: NDArray, expressions: NDArray
    ) -> _Moments:
        """See :func:`refit`."""
        basis, weights = subset.expression_basis, subset.rigidity
        neutral = subset.neutral(identity)
        source = np.concatenate([neutral[None], basis])
        source_center = np.einsum("k,mkc->mc", weights, source)
        about = source - source_center[:, None]
        # What was predicted is this, times its coefficients.
        predicted = np.concatenate([subset.mean[None], subset.shape_basis, basis])
        coefficients = np.concatenate([np.ones((len(shapes), 1)), shapes, expressions], axis=1)
        linear, offset = transforms[..., :3], transforms[..., 3]

        def of_targets(fields: NDArray) -> NDArray[np.float64]:
            """Products (N, 3, F, 3) of the targets, but for their offset, with fields (F, K, 3)."""
            products = np.einsum("ykc,fkd->ycfd", predicted, fields, optimize=True)
            in_model = (coefficients @ products.reshape(len(products), -1)).reshape(-1, 3, 3 * len(fields))
            return (linear @ in_model).reshape(-1, 3, len(fields), 3)

        predicted_center = coefficients @ np.einsum("k,ykc->yc", weights, predicted)
        basis_sum = basis.sum(axis=1)
        return cls(
            target_center=np.einsum("nij,nj->ni", linear, predicted_center) + offset,
            source_center=source_center,
            spread=np.einsum("k,akc,bkc->ab", weights, about, about, optimize=True),
            # The fields sum to zero, so that the offset does not matter.
            covariance=of_targets(weights[:, None] * about),
            gram=np.einsum("akc,bkc->ab", basis, basis, optimize=True),
            basis_sum=basis_sum,
            basis_neutral=np.einsum("akc,kc->a", basis, neutral),
            basis_target=of_targets(basis) + offset[:, :, None, None] * basis_sum,
        )

    def procrustes(self, expression: NDArray) -> Pose:
        """The similarities that take the faces with expressions (N, M) nearest to the targets, weighted (Umeyama)."""
        source = np.concatenate([np.ones((len(expression), 1)), expression], axis=1)
        rotation, mean_singular = nearest_rotation(np.einsum("nimj,nm->nij", self.covariance, source))
        scale = 3.0 * mean_singular / np.einsum("na,ab,nb->n", source, self.spread, source, optimize=True)
        moved = np.einsum("nij,nj->ni", rotation, source @ self.source_center)
        return Pose(scale, rotation, self.target_center - scale[:, None] * moved)

    def seen_by_basis(self, pose: Pose) -> NDArray[np.float64]:
        """Products (N, M) of the components with what is left of the targets, unposed, beside the neutral face."""
        centered = self.basis_target - pose.translation[:, :, None, None] * self.basis_sum
        unposed = np.einsum("nic,nimc->nm", pose.rotation, centered) / pose.scale[:, None]
        return unposed - self.basis_neutral


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
