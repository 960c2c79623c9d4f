# SPDX-License-Identifier: GPL-3.0-or-later
"""Losses of the first regressor: vertex distance (paper Eq. 4) on a vertex subset, parameters, landmarks, scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES, SHAPE_COUNT
from ddfa_blender.projection import CROP_SIZE

from .dataset import Batch
from .network import Heads, Statistics


@dataclass(frozen=True)
class LossWeights:
    """Shares of the terms."""

    vertices: float = 1.0
    params: float = 0.1
    landmarks: float = 0.5
    arkit: float = 1.0
    confidence: float = 0.1


def vertex_subset(model: MorphableModel, count: int, seed: int = 3) -> np.ndarray:
    """Indices of ``count`` skin vertices, drawn in proportion to how much expressions move them, plus a base rate."""
    motion = np.linalg.norm(model.expression_basis, axis=-1).sum(axis=0)
    skin = np.zeros(len(model.mean), bool)
    skin[model.quads[model.quad_regions == 0]] = True
    front = skin & (model.mean[:, 2] > 45.0) & (model.head_weight > 0.9)
    chance = np.where(front, motion / motion[front].mean() + 0.5, 0.0)
    return np.random.default_rng(seed).choice(len(chance), count, replace=False, p=chance / chance.sum())


class VertexDistance(nn.Module):
    """VDC (Eq. 4) over a vertex subset and the 68 landmarks, as a share of the crop; mean distance, not its square,
    because labels have outliers. Depth counts half: it is the teacher's guess."""

    def __init__(self, model: MorphableModel, count: int = 320, depth_weight: float = 0.5) -> None:
        super().__init__()
        chosen = vertex_subset(model, count)
        mean68, bases68 = model.landmarks68(np.zeros(SHAPE_COUNT), np.zeros(10)), self._bases68(model)
        mean = np.concatenate([model.mean[chosen], mean68])
        bases = np.concatenate([model.shape_basis, model.expression_basis])[:, chosen]
        bases = np.concatenate([bases, bases68], axis=1)
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("bases", torch.tensor(bases.reshape(len(bases), -1), dtype=torch.float32))
        self.register_buffer("axes", torch.tensor([1.0, 1.0, depth_weight]))

    @staticmethod
    def _bases68(model: MorphableModel) -> np.ndarray:
        corners = np.concatenate([model.shape_basis, model.expression_basis])[:, model.landmark_vertices]
        return np.einsum("lk,blkc->blc", model.landmark_weights, corners)

    def project(self, params: Tensor) -> Tensor:
        """(n, 62) → (n, N, 3) crop pixels, y up (Eq. 5)."""
        transform = params[:, :12].reshape(-1, 3, 4)
        shape = self.mean + (params[:, 12:] @ self.bases).reshape(len(params), -1, 3)
        return shape @ transform[..., :3].transpose(1, 2) + transform[..., None, :, 3]

    def forward(self, params: Tensor, truth: Tensor) -> Tensor:
        """(n,) mean distance ÷ crop side."""
        difference = (self.project(params) - self.project(truth)) * self.axes
        return torch.sqrt((difference**2).sum(-1) + 1e-6).mean(dim=1) / CROP_SIZE


def arkit_weights() -> Tensor:
    """(52,) blink, gaze and jaw count more: ten components cannot carry the first two, and people see all three."""
    important = ("eyeBlink", "eyeLook", "jawOpen", "mouthPucker", "mouthFunnel", "mouthSmile", "mouthClose")
    return torch.tensor([3.0 if name.startswith(important) else 1.0 for name in ARKIT_NAMES])


class RegressorLoss(nn.Module):
    """All terms together; terms about the face are masked where there is none."""

    def __init__(self, model: MorphableModel, statistics: Statistics, weights: LossWeights = LossWeights()) -> None:
        super().__init__()
        self.vertex_distance = VertexDistance(model)
        self.statistics, self.weights = statistics, weights
        self.register_buffer("arkit_weights", arkit_weights())

    def forward(self, heads: Heads, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Total loss and the mean of each term."""
        face = (batch.confidence[:, 0] > 0).float()
        face = face / face.sum().clamp(min=1.0)
        truth_z = (batch.params - self.statistics.params_mean) / self.statistics.params_std
        landmarks_z = (batch.landmarks - self.statistics.landmarks_mean) / self.statistics.landmarks_std
        miss = torch.sigmoid(heads.arkit) - batch.arkit
        terms = {
            "vertices": 20.0 * self.vertex_distance(self.statistics.real_params(heads.params), batch.params) @ face,
            "params": functional.smooth_l1_loss(heads.params, truth_z, reduction="none").mean(1) @ face,
            "landmarks": (heads.landmarks - landmarks_z).abs().mean(1) @ face,
            "arkit": ((miss.abs() + 2.0 * miss**2) * self.arkit_weights).mean(1) @ face,
            "confidence": functional.binary_cross_entropy_with_logits(heads.confidence, batch.confidence),
        }
        total = sum(getattr(self.weights, name) * term for name, term in terms.items())
        return total, {name: float(term.detach()) for name, term in terms.items()}
