# SPDX-License-Identifier: GPL-3.0-or-later
"""The network: MobileNet-V1 (Howard et al. 2017), learned pooling, four linear heads.

The paper averages the last feature map over the picture. Here each channel has a weight for each place, so that a
channel can look at the eyes alone, and the last map of twice the resolution is pooled too: irises and lids are small.
Both together cost 0.03 % of the network's multiplications, and start out as (or at nothing but) the plain average.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from ddfa_blender.names import ARKIT_NAMES, PARAMETER_COUNT

from .depthwise import DepthwiseConvolution

#: (output channels at width 1, stride) of the depthwise-separable blocks.
_BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5, (1024, 2), (1024, 1))
#: Layers of the backbone (two for each block, after the stem) up to the last map at a sixteenth of the resolution.
_MIDDLE = 1 + 2 * 11
#: Sides of the maps that are pooled, for crops of 120 pixels.
_MIDDLE_SIDE, _LAST_SIDE = 8, 4
#: How far the 68 points of a Take follow the landmark branch instead of the surface; chosen on ``../shared/bench``.
BRANCH_SHARE = 0.75


class Heads(NamedTuple):
    """Raw outputs: z-scored ``params`` (n, 62) and ``landmarks`` (n, 136), logits ``arkit`` (n, 52) and
    ``confidence`` (n, 1).
    """

    params: Tensor
    landmarks: Tensor
    arkit: Tensor
    confidence: Tensor


def _convolution(inputs: int, outputs: int, kernel: int, stride: int, groups: int = 1) -> nn.Sequential:
    kind = DepthwiseConvolution if groups > 1 else nn.Conv2d
    return nn.Sequential(
        kind(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class LearnedPooling(nn.Module):
    """Weighted sum over the places of each channel of a map; the plain average at first."""

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((1, channels, side, side), 1.0 / side**2))

    def forward(self, feature: Tensor) -> Tensor:
        """(n, channels, h, w) → (n, channels); maps of another size than in use get the weights resampled."""
        weight, size = self.weight, feature.shape[2:]
        if size != weight.shape[2:]:
            share = weight.shape[2] * weight.shape[3] / (size[0] * size[1])
            weight = functional.interpolate(weight, size=size, mode="bilinear", align_corners=False) * share
        return (feature * weight).sum(dim=(2, 3))


class FaceRegressor(nn.Module):
    """MobileNet-V1 of the given width; input (n, 3, s, s) normalised to about −1..1, s = 120 in use."""

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        channels = int(32 * width)
        layers = [_convolution(3, channels, 3, 2)]
        for full_width, stride in _BLOCKS:
            outputs = int(full_width * width)
            layers += [_convolution(channels, channels, 3, stride, channels), _convolution(channels, outputs, 1, 1)]
            channels = outputs
        self.backbone = nn.Sequential(*layers)
        #: The first so many layers of the backbone are not trained (:meth:`freeze`).
        self.frozen = 0
        middle = int(_BLOCKS[-3][0] * width)
        self.middle_pooling = LearnedPooling(middle, _MIDDLE_SIDE)
        self.last_pooling = LearnedPooling(channels, _LAST_SIDE)
        self.sizes = (PARAMETER_COUNT, 136, len(ARKIT_NAMES), 1)
        self.heads = nn.Linear(channels + middle, sum(self.sizes))
        nn.init.normal_(self.heads.weight, std=0.01)
        nn.init.zeros_(self.heads.weight[:, channels:])
        nn.init.zeros_(self.heads.bias)

    def freeze(self, layers: int) -> None:
        """Keep the first ``layers`` of the backbone as they are, BatchNorm statistics included.

        At the largest maps a step spends most of its time; edges and blobs are learnt early.

        Raises:
            ValueError: as many layers cannot be frozen.
        """
        if not 0 <= layers <= _MIDDLE:
            raise ValueError(f"0 to {_MIDDLE} layers can be frozen, not {layers}")
        self.frozen = layers
        self.backbone[:layers].requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> FaceRegressor:
        """As in PyTorch; frozen layers stay in evaluation mode."""
        super().train(mode)
        self.backbone[: self.frozen].eval()
        return self

    def features(self, images: Tensor) -> Tensor:
        """What the heads read (n, c) of normalised images."""
        middle = self.backbone[:_MIDDLE](images)
        last = self.backbone[_MIDDLE:](middle)
        return torch.cat([self.last_pooling(last), self.middle_pooling(middle)], dim=1)

    def forward(self, images: Tensor) -> Heads:
        """Raw outputs of the heads for normalised images."""
        return Heads(*torch.split(self.heads(self.features(images)).float(), self.sizes, dim=1))


class Statistics(nn.Module):
    """Means and spreads that turn raw outputs into real units; part of the exported graph.

    ``arkit_spread`` (52,) only weights the loss.
    """

    def __init__(
        self, params_mean: Tensor, params_std: Tensor, landmarks_mean: Tensor, landmarks_std: Tensor,
        arkit_spread: Tensor,
    ) -> None:  # fmt: skip
        super().__init__()
        for name, value in (("params_mean", params_mean), ("params_std", params_std),
                            ("landmarks_mean", landmarks_mean), ("landmarks_std", landmarks_std),
                            ("arkit_spread", arkit_spread)):  # fmt: skip
            self.register_buffer(name, value)

    def real_params(self, z: Tensor) -> Tensor:
        """(n, 62) in real units (crop pixels, unit-variance coefficients)."""
        return z * self.params_std + self.params_mean

    def real_landmarks(self, z: Tensor) -> Tensor:
        """(n, 136) in crop pixels, y down."""
        return z * self.landmarks_std + self.landmarks_mean

    @torch.no_grad()
    def taken_over(self, weight: Tensor, bias: Tensor, old: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Weight (n, c) and bias (n,) of the linear heads that give here, in real units, what they gave with the
        ``old`` statistics (by the names of this class's)."""
        weight, bias = weight.clone(), bias.clone()
        start = 0
        for name in ("params", "landmarks"):
            mean, std = (getattr(self, f"{name}_{kind}").to(weight.device) for kind in ("mean", "std"))
            old_mean, old_std = (old[f"{name}_{kind}"].to(weight.device) for kind in ("mean", "std"))
            rows = slice(start, start + len(mean))
            weight[rows] *= (old_std / std)[:, None]
            bias[rows] = (bias[rows] * old_std + old_mean - mean) / std
            start += len(mean)
        return weight, bias


class DeployedRegressor(nn.Module):
    """What is exported: uint8 RGB (n, 120, 120, 3) in, real units out."""

    def __init__(self, network: FaceRegressor, statistics: Statistics) -> None:
        super().__init__()
        self.network, self.statistics = network, statistics

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """``params``, ``landmarks``, ``arkit``, ``confidence`` (docs/architecture.md)."""
        heads = self.network(normalise(image))
        return (
            self.statistics.real_params(heads.params),
            self.statistics.real_landmarks(heads.landmarks),
            torch.sigmoid(heads.arkit),
            torch.sigmoid(heads.confidence),
        )


def normalise(image: Tensor) -> Tensor:
    """uint8 (n, s, s, 3) → float (n, 3, s, s) in about −1..1."""
    return (image.permute(0, 3, 1, 2).float() - 127.5) / 128.0


@torch.no_grad()
def measure_normalisation(network: nn.Module, crops: Sequence[Tensor]) -> None:
    """Give each BatchNorm the mean statistics of the batches ``crops`` [(n, s, s, 3) uint8, …]."""
    network.train()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None  # the mean of all batches
    for images in crops:
        network(normalise(images))
    network.eval()


@torch.no_grad()
def draw_after(averaged: nn.Module, network: nn.Module, decay: float) -> None:
    """Move an exponential moving average of weights towards those of the network; ``decay`` (0…1) of it stays."""
    for slow, fast in zip(averaged.state_dict().values(), network.state_dict().values(), strict=True):
        if slow.dtype.is_floating_point:
            slow.lerp_(fast, 1 - decay)
        else:
            slow.copy_(fast)
