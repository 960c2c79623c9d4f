# SPDX-License-Identifier: GPL-3.0-or-later
"""The network: MobileNet-V1 (Howard et al. 2017) with four linear heads on its pooled feature."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ddfa_blender.names import ARKIT_NAMES, PARAMETER_COUNT

#: (output channels at width 1, stride) of the depthwise-separable blocks.
_BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5, (1024, 2), (1024, 1))


class Heads(NamedTuple):
    """Raw outputs: z-scored ``params`` (n, 62) and ``landmarks`` (n, 136), logits ``arkit`` (n, 52) and
    ``confidence`` (n, 1).
    """

    params: Tensor
    landmarks: Tensor
    arkit: Tensor
    confidence: Tensor


def _convolution(inputs: int, outputs: int, kernel: int, stride: int, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


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
        self.sizes = (PARAMETER_COUNT, 136, len(ARKIT_NAMES), 1)
        self.heads = nn.Linear(channels, sum(self.sizes))
        nn.init.normal_(self.heads.weight, std=0.01)
        nn.init.zeros_(self.heads.bias)

    def forward(self, images: Tensor) -> Heads:
        """Raw outputs of the heads for normalised images."""
        feature = self.backbone(images).mean(dim=(2, 3))
        return Heads(*torch.split(self.heads(feature).float(), self.sizes, dim=1))


class Statistics(nn.Module):
    """Means and spreads that turn raw outputs into real units; part of the exported graph."""

    def __init__(self, params_mean: Tensor, params_std: Tensor, landmarks_mean: Tensor, landmarks_std: Tensor) -> None:
        super().__init__()
        for name, value in (("params_mean", params_mean), ("params_std", params_std),
                            ("landmarks_mean", landmarks_mean), ("landmarks_std", landmarks_std)):  # fmt: skip
            self.register_buffer(name, value)

    def real_params(self, z: Tensor) -> Tensor:
        """(n, 62) in real units (crop pixels, unit-variance coefficients)."""
        return z * self.params_std + self.params_mean

    def real_landmarks(self, z: Tensor) -> Tensor:
        """(n, 136) in crop pixels, y down."""
        return z * self.landmarks_std + self.landmarks_mean


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
