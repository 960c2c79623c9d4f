# SPDX-License-Identifier: GPL-3.0-or-later
"""Go on training from an exported network: checkpoints are large and stay behind, the ONNX file is in the repository.

As in :mod:`training.released` each convolution gets a BatchNorm back that undoes what it normalises. A quantised file
(:mod:`.quantise`) gives its float weights, rounded to 7 bits. Where the 68 points are is not exported; that head is
solved anew, by least squares on training pictures, and so is what the map says beside the hidden layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import ModelProto, numpy_helper
from torch import Tensor

from training.network import normalise
from training.quantise import dequantised
from training.released import pass_through

from .network import UprightNetwork
from .quantise import PIXEL_OFFSET

_HIDDEN, _WEIGHTS, _DIRECT = "network.hidden.1", "network.weights", "network.direct.1"
#: Ridge, in mean variances of what is listened to.
_RIDGE = {"points": 0.01, "direct": 1.0}


@dataclass(frozen=True, eq=False)
class ReleasedWeights:
    """Weight and bias of each convolution in order, of the hidden layer and of the 52 weights; ``direct`` are those
    of what the map says to these, None in older files; ``gain`` and ``offset`` (52,) of the teacher's scale."""

    convolutions: tuple[tuple[Tensor, Tensor], ...]
    hidden: tuple[Tensor, Tensor]
    weights: tuple[Tensor, Tensor]
    direct: tuple[Tensor, Tensor] | None
    gain: Tensor
    offset: Tensor


def read_weights(path: Path) -> ReleasedWeights:
    """What an exported network, float or quantised, computes with, as float32.

    Raises:
        ValueError: it is no network that ``training.upright.export`` wrote.
    """
    model = onnx.load(str(path))
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    if not {"gain", "offset", f"{_HIDDEN}.bias", f"{_WEIGHTS}.bias"} <= set(stored):
        raise ValueError(f"{path} was not written by training.upright.export")

    def tensor(name: str) -> Tensor:
        return torch.from_numpy(np.array(stored[name if name in stored else f"{name}_half"], np.float32))

    def linear(name: str) -> tuple[Tensor, Tensor]:
        return tensor(f"{name}.weight"), tensor(f"{name}.bias")

    direct = linear(_DIRECT) if f"{_DIRECT}.bias" in stored else None
    return ReleasedWeights(
        tuple(_convolutions(model, stored)), linear(_HIDDEN), linear(_WEIGHTS), direct, tensor("gain"), tensor("offset")
    )


def _convolutions(model: ModelProto, stored: dict[str, np.ndarray]) -> list[tuple[Tensor, Tensor]]:
    found: list[tuple[Tensor, Tensor]] = []
    for node in (node for node in model.graph.node if node.op_type == "Conv"):
        integers = node.input[1] not in stored
        weight, bias = (dequantised(stored, name) if integers else stored[name] for name in node.input[1:])
        if integers and not found:
            bias = bias - PIXEL_OFFSET * weight.sum(axis=(1, 2, 3))
        found.append((torch.from_numpy(weight.astype(np.float32)), torch.from_numpy(bias.astype(np.float32))))
    return found


@torch.no_grad()
def take_over(network: UprightNetwork, released: ReleasedWeights, images: Tensor, points: Tensor) -> None:
    """Make a network with BatchNorm compute what the exported one does.

    Args:
        network: is changed.
        released: of :func:`read_weights`.
        images: (n, 128, 128, 3) uint8 training pictures, of which each BatchNorm takes mean and variance.
        points: (n, 136) where their 68 points are, in the network's units.
    """
    feature = normalise(images)
    for layer, (weight, bias) in zip([*network.backbone, network.last], released.convolutions, strict=True):
        is_block = not isinstance(layer, torch.nn.Sequential)
        convolution, normalisation, _ = layer.convolution if is_block else layer
        convolution.weight.copy_(weight)
        seen, added = convolution(feature), bias.to(feature.device)
        pass_through(normalisation, seen, added)
        seen = torch.relu_(seen.add_(added[:, None, None]))
        feature = feature + seen if is_block else seen
    _set(network.hidden[1], released.hidden)
    _set(network.weights, released.weights)
    if released.direct is not None:
        _set(network.direct[1], released.direct)
    _set(network.points, _least_squares(network.hidden(feature), points, _RIDGE["points"]))


@torch.no_grad()
def solve_direct(network: UprightNetwork, images: Tensor, arkit: Tensor) -> None:
    """Let the map say what the hidden layer leaves of the weights ``arkit`` (n, 52) of training pictures ``images``
    (n, 128, 128, 3) uint8; the network is changed."""
    network.eval()
    parts = [network.backbone(normalise(part)) for part in images.split(256)]
    left = arkit - torch.cat([network.weights(network.hidden(network.last(part))) for part in parts])
    _set(network.direct[1], _least_squares(torch.cat([part.flatten(1) for part in parts]), left, _RIDGE["direct"]))
    network.train()


def _set(layer: torch.nn.Linear, values: tuple[Tensor, Tensor]) -> None:
    layer.weight.copy_(values[0])
    layer.bias.copy_(values[1])


def _least_squares(told: Tensor, wanted: Tensor, ridge: float) -> tuple[Tensor, Tensor]:
    """Weight (m, c) and bias (m,) that make ``wanted`` (n, m) out of ``told`` (n, c)."""
    centre, mean = told.mean(dim=0), wanted.mean(dim=0)
    told, wanted = told - centre, wanted - mean
    square = told.T @ told
    square.diagonal().add_(ridge * square.diagonal().mean())
    weight = torch.linalg.solve(square, told.T @ wanted).T
    return weight, mean - weight @ centre
