# SPDX-License-Identifier: GPL-3.0-or-later
"""Fit the 62 parameters to 3D landmarks: damped Gauss–Newton over pose, shape and expression, batched.

The data term is isotropic in the picture plane and weaker in depth (the teacher's z is a guess); the prior
is a unit Gaussian on every coefficient. Nothing in it prefers a side, so with a mirror-symmetric model the
fit to a mirrored face is the mirrored fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class FitSettings:
    """``depth_weight`` multiplies z residuals; ``noise`` is the data's standard deviation as a share of the face
    box.
    """

    depth_weight: float = 0.25
    noise: float = 0.002
    iterations: int = 8


@dataclass(frozen=True, eq=False)
class Fit:
    """``params`` (n, 62) for pictures with y up; ``residual`` (n,) mean 2D distance in pixels."""

    params: Tensor
    residual: Tensor


def _skew(v: Tensor) -> Tensor:
    zero = torch.zeros_like(v[..., 0])
    x, y, z = v.unbind(-1)
    return torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=-1).reshape(*v.shape[:-1], 3, 3)


def _initial_pose(points: Tensor, mean: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Similarity (Umeyama) of the mean shape (L, 3) to the points (n, L, 3): rotation, scale, translation."""
    centre, model_centre = points.mean(1), mean.mean(0)
    a, b = mean - model_centre, points - centre[:, None]
    u, singular, vt = torch.linalg.svd(b.transpose(1, 2) @ a)
    sign = torch.ones_like(singular)
    sign[:, 2] = torch.sign(torch.linalg.det(u @ vt))
    rotation = (u * sign[:, None]) @ vt
    scale = (singular * sign).sum(1) / (a**2).sum()
    return rotation, scale, centre - scale[:, None] * (rotation @ model_centre)


@dataclass(frozen=True, eq=False)
class _Problem:
    """What stays the same through the iterations. ``axes`` (3,) are squared weights of x, y, z in the picture."""

    points: Tensor  # (n, L, 3)
    mean: Tensor  # (L, 3)
    bases: Tensor  # (3L, k), rows in the order landmark, axis
    weights: Tensor  # (L,) adding up to L
    axes: Tensor
    gram: Tensor  # (9, k·k): Σ_l w_l B_l[i]ᵀ B_l[j] for each pair of model axes i, j

    @classmethod
    def of(cls, points: Tensor, mean: Tensor, bases: Tensor, weights: Tensor, depth_weight: float) -> _Problem:
        weights = weights / weights.mean()
        weighted = bases * weights[:, None, None]
        gram = torch.einsum("lik,ljm->ijkm", weighted, bases)
        count = bases.shape[-1]
        return cls(points, mean, bases.reshape(-1, count), weights, points.new_tensor([1.0, 1.0, depth_weight**2]),
                   gram.reshape(9, count * count))  # fmt: skip

    def shape(self, alpha: Tensor) -> Tensor:
        """Landmarks (n, L, 3) in model millimetres."""
        return self.mean + (alpha @ self.bases.T).reshape(len(alpha), -1, 3)


def _normal_equations(
    problem: _Problem, rotation: Tensor, scale: Tensor, rotated: Tensor, residual: Tensor
) -> tuple[Tensor, Tensor]:
    """JᵀWJ (n, 7 + k, 7 + k) and JᵀW·residual (n, 7 + k) for steps (turn 3, log scale 1, translation 3, then k).

    The coefficients' block comes from the precomputed Gram matrices, which is what makes the fit fast.
    """
    count, landmarks = residual.shape[:2]
    identity = torch.eye(3, dtype=residual.dtype).expand(count, landmarks, 3, 3)
    pose = torch.cat([-_skew(rotated), rotated[..., None], identity], dim=-1)
    metric = problem.weights[:, None] * problem.axes
    weighted_pose = pose * metric[..., None]
    turned = scale[:, None, None] * rotation
    # Into the model's axes, where the bases live.
    pose_in_model = torch.einsum("nij,nlip->nplj", turned, weighted_pose).reshape(count * 7, -1)
    cross = (pose_in_model @ problem.bases).reshape(count, 7, -1)
    model_metric = turned.transpose(1, 2) @ (turned * problem.axes[:, None])
    size = problem.bases.shape[1]
    inner = (model_metric.reshape(count, 9) @ problem.gram).reshape(count, size, size)
    flat_pose = pose.reshape(count, -1, 7).transpose(1, 2)
    outer = flat_pose @ weighted_pose.reshape(count, -1, 7)
    normal = torch.cat([torch.cat([outer, cross], dim=2), torch.cat([cross.transpose(1, 2), inner], dim=2)], dim=1)
    weighted = residual * metric
    right_pose = (flat_pose @ weighted.reshape(count, -1, 1))[..., 0]
    right_coefficients = (weighted @ turned).reshape(count, -1) @ problem.bases
    return normal, torch.cat([right_pose, right_coefficients], dim=1)


def fit_landmarks(
    points: Tensor,
    mean: Tensor,
    bases: Tensor,
    weights: Tensor,
    settings: FitSettings = FitSettings(),
    prior_mean: Tensor | None = None,
) -> Fit:
    """Fit to ``points`` (n, L, 3) in picture pixels, y up, z towards the camera.

    Args:
        mean: (L, 3) landmarks of the mean head, millimetres.
        bases: (L, 3, k) shape and expression bases at the landmarks.
        weights: (L,) importance of each landmark.
        settings: weights of the data against the prior.
        prior_mean: (n, k) centre of the unit Gaussian prior on the coefficients; zeros without it.
    """
    centre = points.new_zeros(len(points), bases.shape[-1]) if prior_mean is None else prior_mean
    problem = _Problem.of(points, mean, bases, weights, settings.depth_weight)
    rotation, scale, translation = _initial_pose(points, mean)
    alpha = centre.clone()
    box = (points[..., :2].amax(1) - points[..., :2].amin(1)).amax(1)
    damping = torch.cat([points.new_full((7,), 1e-9), points.new_ones(bases.shape[-1])])
    # A residual of `noise`·box on every landmark weighs as much as one coefficient of size 1.
    prior = damping * (points.shape[1] * (settings.noise * box) ** 2)[:, None]
    for _ in range(settings.iterations):
        rotated = scale[:, None, None] * problem.shape(alpha) @ rotation.transpose(1, 2)
        normal, right = _normal_equations(problem, rotation, scale, rotated, points - rotated - translation[:, None])
        right[:, 7:] -= prior[:, 7:] * (alpha - centre)
        step = torch.linalg.solve(normal + torch.diag_embed(prior), right)
        # Turn and scale act about the model's origin, not about the translation.
        rotation = torch.linalg.matrix_exp(_skew(step[:, :3])) @ rotation
        scale = scale * torch.exp(step[:, 3])
        translation = translation + step[:, 4:7]
        alpha = alpha + step[:, 7:]
    error = points - scale[:, None, None] * problem.shape(alpha) @ rotation.transpose(1, 2) - translation[:, None]
    transform = torch.cat([scale[:, None, None] * rotation, translation[..., None]], dim=-1)
    # Depth of a scaled orthographic projection is free: the label's is 0 (paper, Eq. 2).
    transform[:, 2, 3] = 0.0
    return Fit(torch.cat([transform.reshape(-1, 12), alpha], dim=1), error[..., :2].norm(dim=-1).mean(1))
