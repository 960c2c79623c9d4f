# SPDX-License-Identifier: GPL-3.0-or-later
"""The network that reads the 52 ARKit weights off the upright face.

Plain convolutions with shortcuts. As every face lies alike, its last map is not pooled: which lid moved is read off
where something moved. A hidden layer tells apart what looks alike, and the map has a say of its own beside it: what
moves little was in the map, and did not come through the hidden layer alone (r within a person 0.64 → 0.68).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.tracking.upright import UPRIGHT_SIZE
from training.network import normalise

#: Channels at 64, 32, 16 and 8 pixels a side, and convolutions with shortcuts at each but the first.
_WIDTHS = (16, 32, 64, 128)
_BLOCKS = (1, 3, 4)
_LAST, _HIDDEN = 40, 256


def _convolution(inputs: int, outputs: int, size: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class _Block(nn.Module):
    """A convolution beside which its input goes on."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolution = _convolution(channels, channels, 3)

    def forward(self, value: Tensor) -> Tensor:
        """The same shape."""
        return value + self.convolution(value)


class UprightNetwork(nn.Module):
    """Normalised images (n, 3, 128, 128) → weights (n, 52), not bounded.

    In training it also has to say where the 68 points are: lids and lips are found sooner when asked for.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [_convolution(3, _WIDTHS[0], 5, 2)]
        for before, width, blocks in zip(_WIDTHS, _WIDTHS[1:], _BLOCKS, strict=False):
            layers.append(_convolution(before, width, 3, 2))
            layers += [_Block(width) for _ in range(blocks)]
        self.backbone = nn.Sequential(*layers)
        self.last = _convolution(_WIDTHS[-1], _LAST, 1)
        places = (UPRIGHT_SIZE // 2 ** len(_WIDTHS)) ** 2
        self.hidden = nn.Sequential(nn.Flatten(), nn.Linear(_LAST * places, _HIDDEN), nn.ReLU(inplace=True))
        self.weights = nn.Linear(_HIDDEN, len(ARKIT_NAMES))
        self.direct = nn.Sequential(nn.Flatten(), nn.Linear(_WIDTHS[-1] * places, len(ARKIT_NAMES)))
        self.points = nn.Linear(_HIDDEN, 136)
        for head, spread in ((self.weights, 0.01), (self.points, 0.01), (self.direct[1], 0.0)):
            nn.init.normal_(head.weight, std=spread)
            nn.init.zeros_(head.bias)

    def forward(self, images: Tensor) -> Tensor:
        """Weights (n, 52)."""
        found = self.backbone(images)
        return self.weights(self.hidden(self.last(found))) + self.direct(found)

    def with_points(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Weights (n, 52), and the 68 points (n, 136) in standard deviations (see ``train.py``)."""
        found = self.backbone(images)
        hidden = self.hidden(self.last(found))
        return self.weights(hidden) + self.direct(found), self.points(hidden)


class DeployedUprightNetwork(nn.Module):
    """What is exported: uint8 RGB (n, 128, 128, 3) in; out weights (n, 52) and the scores that the teacher would give,
    ``gain`` × weight + ``offset`` (52,), all 0…1."""

    def __init__(self, network: UprightNetwork, gain: Tensor, offset: Tensor) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("gain", gain)
        self.register_buffer("offset", offset)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """``weights``, ``scores``."""
        weights = self.network(normalise(image))
        return torch.clamp(weights, 0.0, 1.0), torch.clamp(weights * self.gain + self.offset, 0.0, 1.0)
