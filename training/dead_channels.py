# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels that hardly a crop stirs any more: found, silenced, or given a new start.

In long runs some channels of the last blocks die: their variance falls to nothing. BatchNorm divides by their standard
deviation, so that a rare crop that still stirs one is divided by nearly nothing, which turns heads by tens of degrees.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from .network import FaceRegressor

#: A channel whose variance before its BatchNorm is less than this share of its layer's median is as good as dead.
_ALIVE = 0.01


def _dead(layer: nn.BatchNorm2d) -> Tensor:
    """(c,) which channels are; the statistics must have been measured."""
    if layer.running_var is None:
        return torch.zeros(layer.num_features, dtype=torch.bool)
    return layer.running_var < _ALIVE * layer.running_var.median()


@torch.no_grad()
def silence_dead_channels(network: FaceRegressor) -> int:
    """Let dead channels give what they give at rest, whatever comes; returns how many there were."""
    silenced = 0
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            dead = _dead(layer)
            layer.weight[dead] = 0.0
            silenced += int(dead.sum())
    return silenced


@torch.no_grad()
def revive_dead_channels(network: FaceRegressor) -> int:
    """Draw the filters of dead channels anew, which nothing reads at first; returns how many there were.

    Only those of depthwise layers, which a pointwise layer reads: it can learn to read them one by one. What the
    channels gave at rest goes missing; BatchNorm makes up for it in a few steps.
    """
    revived = 0
    for layer, reader in pairwise(network.backbone):
        dead = _dead(layer[1])
        if reader[0].groups > 1 or not dead.any():
            continue
        fresh = torch.empty_like(layer[0].weight)
        nn.init.kaiming_normal_(fresh, nonlinearity="relu")
        layer[0].weight[dead] = fresh[dead]
        layer[1].weight[dead], layer[1].bias[dead] = 1.0, 0.0
        layer[1].running_mean[dead], layer[1].running_var[dead] = 0.0, 1.0
        reader[0].weight[:, dead] = 0.0
        revived += int(dead.sum())
    return revived
