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
    """``depth_weight`` multiplies z residuals; ``noise`` is the data's standard deviation as a share of the face box."""

    depth_weight: float = 0.25
    noise: float = 0.004
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


def fit_landmarks(
    points: Tensor, mean: Tensor, bases: Tensor, weights: Tensor, settings: FitSettings = FitSettings()
) -> Fit:
    """Fit to ``points`` (n, L, 3) in picture pixels, y up, z towards the camera.

    Args:
        mean: (L, 3) landmarks of the mean head, millimetres.
        bases: (L, 3, 50) shape and expression bases at the landmarks.
        weights: (L,) importance of each landmark.
    """
    count, landmark_count = points.shape[:2]
    rotation, scale, translation = _initial_pose(points, mean)
    alpha = points.new_zeros(count, bases.shape[-1])
    box = (points[..., :2].amax(1) - points[..., :2].amin(1)).amax(1)
    sqrt_weight = torch.sqrt(weights / weights.mean())[:, None] * points.new_tensor([1, 1, settings.depth_weight])
    damping = torch.cat([points.new_full((7,), 1e-9), points.new_ones(bases.shape[-1])])
    for _ in range(settings.iterations):
        shape = mean + torch.einsum("lck,nk->nlc", bases, alpha)
        rotated = scale[:, None, None] * shape @ rotation.transpose(1, 2)
        residual = (points - rotated - translation[:, None]) * sqrt_weight
        turn = -_skew(rotated)
        identity = torch.eye(3, dtype=points.dtype).expand(count, landmark_count, 3, 3)
        linear = torch.einsum("nij,ljk->nlik", scale[:, None, None] * rotation, bases)
        jacobian = torch.cat([turn, rotated[..., None], identity, linear], dim=-1) * sqrt_weight[..., None]
        jacobian = jacobian.reshape(count, landmark_count * 3, -1)
        # A residual of `noise`·box on every landmark weighs as much as one coefficient of size 1.
        prior = damping * (landmark_count * (settings.noise * box) ** 2)[:, None]
        normal = jacobian.transpose(1, 2) @ jacobian + torch.diag_embed(prior)
        right = (jacobian.transpose(1, 2) @ residual.reshape(count, -1, 1))[..., 0]
        right[:, 7:] -= prior[:, 7:] * alpha
        step = torch.linalg.solve(normal, right)
        rotation = torch.linalg.matrix_exp(_skew(step[:, :3])) @ rotation
        scale = scale * torch.exp(step[:, 3])
        # `rotated` turns and scales about the origin of the model, not about the translation.
        translation = translation + step[:, 4:7]
        alpha = alpha + step[:, 7:]
    shape = mean + torch.einsum("lck,nk->nlc", bases, alpha)
    error = points - scale[:, None, None] * shape @ rotation.transpose(1, 2) - translation[:, None]
    transform = torch.cat([scale[:, None, None] * rotation, translation[..., None]], dim=-1)
    # Depth of a scaled orthographic projection is free: the label's is 0 (paper, Eq. 2).
    transform[:, 2, 3] = 0.0
    return Fit(torch.cat([transform.reshape(count, 12), alpha], dim=1), error[..., :2].norm(dim=-1).mean(1))
