# SPDX-License-Identifier: GPL-3.0-or-later
"""Go on training from an exported network: checkpoints are large and stay behind, the ONNX file is in the repository.

As in :mod:`training.released` each convolution gets a BatchNorm back that undoes what it normalises. A quantised file
(:mod:`.quantise`) gives its float weights, rounded to 7 bits. Where the 68 points are is not exported; that head is
solved anew, by least squares on training pictures. The file may be of a network with fewer convolutions at a size: the
new ones say next to nothing at first.
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
#: Ridge of the points, in mean variances of what is listened to.
_RIDGE = 0.01
#: Standard deviations that a convolution which the file has not adds to what goes past it. Of 0 it would learn nothing.
_NEW = 0.01


@dataclass(frozen=True, eq=False)
class ReleasedWeights:
    """Weight and bias of each convolution in order, of the hidden layer and of the 52 weights; ``direct`` are those
    of what the map says to these; ``gain`` and ``offset`` (52,) of the teacher's scale."""

    convolutions: tuple[tuple[Tensor, Tensor], ...]
    hidden: tuple[Tensor, Tensor]
    weights: tuple[Tensor, Tensor]
    direct: tuple[Tensor, Tensor]
    gain: Tensor
    offset: Tensor


def read_weights(path: Path) -> ReleasedWeights:
    """What an exported network, float or quantised, computes with, as float32.

    Raises:
        ValueError: it is no network that ``training.upright.export`` wrote.
    """
    model = onnx.load(str(path))
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    if not {"gain", "offset", *(f"{name}.bias" for name in (_HIDDEN, _WEIGHTS, _DIRECT))} <= set(stored):
        raise ValueError(f"{path} was not written by training.upright.export")

    def tensor(name: str) -> Tensor:
        return torch.from_numpy(np.array(stored[name if name in stored else f"{name}_half"], np.float32))

    def linear(name: str) -> tuple[Tensor, Tensor]:
        return tensor(f"{name}.weight"), tensor(f"{name}.bias")

    hidden, weights, direct = (linear(name) for name in (_HIDDEN, _WEIGHTS, _DIRECT))
    return ReleasedWeights(
        tuple(_convolutions(model, stored)), hidden, weights, direct, tensor("gain"), tensor("offset")
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

    Raises:
        ValueError: the file's network has more convolutions at a size than this one, or others.
    """
    feature = normalise(images)
    convolutions = list(released.convolutions)
    for layer in [*network.backbone, network.last]:
        is_block = not isinstance(layer, torch.nn.Sequential)
        part = layer.convolution if is_block else layer
        seen = _set_convolution(part, _next(convolutions, part[0].weight.shape, optional=is_block), feature)
        feature = feature + seen if is_block else seen
    _set(network.hidden[1], released.hidden)
    _set(network.weights, released.weights)
    _set(network.direct[1], released.direct)
    _set(network.points, _least_squares(network.hidden(feature), points, _RIDGE))


def _next(
    convolutions: list[tuple[Tensor, Tensor]], shape: torch.Size, *, optional: bool
) -> tuple[Tensor, Tensor] | None:
    """Take the next of the file's convolutions, if it has this shape."""
    if convolutions and convolutions[0][0].shape == shape:
        return convolutions.pop(0)
    if not optional:
        raise ValueError("the file's network is not this one, nor this one with fewer convolutions at a size")
    return None


def _set_convolution(layer: torch.nn.Sequential, given: tuple[Tensor, Tensor] | None, feature: Tensor) -> Tensor:
    """Make a layer what the file says it is, or next to nothing where it says nothing; what it makes of ``feature``."""
    convolution, normalisation, _ = layer
    if given is not None:
        convolution.weight.copy_(given[0])
    seen = convolution(feature)
    bias = torch.zeros_like(normalisation.bias) if given is None else given[1].to(seen.device)
    pass_through(normalisation, seen, bias)
    if given is None:
        normalisation.weight.fill_(_NEW)
        normalisation.bias.zero_()
    return torch.relu_(normalisation.train()(seen))


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
