# SPDX-License-Identifier: GPL-3.0-or-later
"""Costs between predicted and true parameters: VDC (paper, Eq. 4), WPDC (Eq. 6 and 7) and fWPDC (Algorithm 2).

    python -m training.parameter_costs      the speed of fWPDC against WPDC, and how far apart they are

fWPDC differs from the letter of Algorithm 2 in two places, so that it equals Eq. 7: the weights of T use the *true*
shape (a degraded parameter keeps all others true), and the weight of T's last column is the square root of the number
of vertices (the algorithm's N counts coordinates).
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import EXPRESSION_COUNT, PARAMETER_COUNT, REGION_NAMES, SHAPE_COUNT
from ddfa_blender.projection import CROP_SIZE

#: T's entries come first in the 62 parameters.
TRANSFORM_COUNT = 12
#: Times a speed is measured.
_REPEATS = 20

WeightFunction = Callable[["FaceSurface", Tensor, Tensor], Tensor]


def vertex_subset(model: MorphableModel, count: int, seed: int = 3) -> np.ndarray:
    """Indices of ``count`` skin vertices, drawn in proportion to how much expressions move them, plus a base rate."""
    motion = np.linalg.norm(model.expression_basis, axis=-1).sum(axis=0)
    skin = np.zeros(len(model.mean), bool)
    skin[model.quads[model.quad_regions == REGION_NAMES.index("skin")]] = True
    front = skin & (model.mean[:, 2] > 45.0) & (model.head_weight > 0.9)
    chance = np.where(front, motion / motion[front].mean() + 0.5, 0.0)
    return np.random.default_rng(seed).choice(len(chance), count, replace=False, p=chance / chance.sum())


class FaceSurface(nn.Module):
    """N points that stand for the face: a vertex subset, and the 68 landmarks last."""

    def __init__(self, model: MorphableModel, count: int = 320) -> None:
        super().__init__()
        chosen = vertex_subset(model, count)
        bases = np.concatenate([model.shape_basis, model.expression_basis])
        mean = np.concatenate([model.mean[chosen], model.at_landmarks(model.mean)])
        bases = np.concatenate([bases[:, chosen], model.at_landmarks(bases)], axis=1).reshape(len(bases), -1)
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))  # (N, 3)
        self.register_buffer("bases", torch.tensor(bases, dtype=torch.float32))  # (50, 3N)
        self.register_buffer("base_norms", torch.tensor(np.linalg.norm(bases, axis=1), dtype=torch.float32))

    def shape(self, params: Tensor) -> Tensor:
        """(n, 62) → (n, N, 3) model millimetres (Eq. 1)."""
        offsets: Tensor = params[:, TRANSFORM_COUNT:] @ self.bases
        return self.mean + offsets.reshape(len(params), -1, 3)

    def project(self, params: Tensor) -> Tensor:
        """(n, 62) → (n, N, 3) crop pixels, y up (Eq. 5)."""
        transform = params[:, :TRANSFORM_COUNT].reshape(-1, 3, 4)
        return self.shape(params) @ transform[..., :3].transpose(1, 2) + transform[..., None, :, 3]


def vertex_distance_cost(surface: FaceSurface, params: Tensor, truth: Tensor) -> Tensor:
    """VDC (Eq. 4): (n,) summed squared distances between the points of both parameters, square pixels."""
    return ((surface.project(params) - surface.project(truth)) ** 2).sum(dim=(1, 2))


def parameter_weights(surface: FaceSurface, params: Tensor, truth: Tensor) -> Tensor:
    """Weights (n, 62) of WPDC (Eq. 7), one reconstruction for each parameter; the largest of a face is 1."""
    reference = surface.project(truth)
    weights = []
    for index in range(PARAMETER_COUNT):
        degraded = truth.clone()
        degraded[:, index] = params[:, index]
        weights.append((surface.project(degraded) - reference).flatten(1).norm(dim=1))
    return _normalised(torch.stack(weights, dim=1))


def fast_parameter_weights(surface: FaceSurface, params: Tensor, truth: Tensor) -> Tensor:
    """The same weights by Algorithm 2: one reconstruction altogether.

    Exact where the true T is a scaled rotation, which labels are.
    """
    difference = (params - truth).abs()
    columns = surface.shape(truth).norm(dim=1)  # (n, 3)
    count = columns.new_full((len(columns), 1), float(len(surface.mean)))
    of_transform = torch.cat([columns, count.sqrt()], dim=1)[:, None].expand(-1, 3, 4).reshape(-1, TRANSFORM_COUNT)
    scale = truth[:, :3].norm(dim=1, keepdim=True)
    of_coefficients = scale * surface.base_norms
    return _normalised(difference * torch.cat([of_transform, of_coefficients], dim=1))


def _normalised(weights: Tensor) -> Tensor:
    return weights / weights.amax(dim=1, keepdim=True).clamp(min=1e-12)


def weighted_parameter_cost(weights: Tensor, prediction: Tensor, truth: Tensor) -> Tensor:
    """‖w·(p − pᵍ)‖² (Eq. 6): (n,); the parameters are z-scored, as the network predicts them.

    The weights are taken as constants: no gradient flows through them.
    """
    return ((weights.detach() * (prediction - truth)) ** 2).sum(dim=1)


def random_labels(count: int, seed: int = 1) -> Tensor:
    """(count, 62) plausible parameters: scaled rotations, places near the crop's middle, coefficients of size 1."""
    rng = np.random.default_rng(seed)
    rotation = np.linalg.qr(rng.normal(size=(count, 3, 3)))[0]
    place = rng.normal(CROP_SIZE / 2, 5.0, (count, 3, 1)) * [[1.0], [1.0], [0.0]]
    transform = np.concatenate([0.45 * rotation, place], axis=-1).reshape(count, -1)
    coefficients = rng.normal(size=(count, SHAPE_COUNT + EXPRESSION_COUNT))
    return torch.tensor(np.concatenate([transform, coefficients], axis=1), dtype=torch.float32)


def _milliseconds(weights: WeightFunction, surface: FaceSurface, params: Tensor, truth: Tensor) -> float:
    weights(surface, params, truth)
    times = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        weights(surface, params, truth)
        times.append(time.perf_counter() - start)
    return 1000.0 * float(np.median(times))


def main() -> None:
    surface = FaceSurface(MorphableModel.load())
    truth = random_labels(128)
    params = truth + 0.05 * torch.randn_like(truth) * truth.std(dim=0)
    slow, fast = parameter_weights(surface, params, truth), fast_parameter_weights(surface, params, truth)
    times = [_milliseconds(f, surface, params, truth) for f in (parameter_weights, fast_parameter_weights)]
    print(f"128 faces, {len(surface.mean)} points, {torch.get_num_threads()} thread(s)")
    print(f"WPDC {times[0]:.2f} ms, fWPDC {times[1]:.2f} ms: {times[0] / times[1]:.1f} times as fast (paper: 11.6)")
    print(f"largest difference of a weight (the largest is 1): {float((slow - fast).abs().max()):.1e}")


if __name__ == "__main__":
    main()
