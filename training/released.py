# SPDX-License-Identifier: GPL-3.0-or-later
"""Go on training from an exported regressor: checkpoints are large and stay behind, the ONNX file is in the repository.

The export folds each BatchNorm into its convolution. Here each gets one back that normalises by what the layer gives
on training crops and undoes exactly that, so that the network computes the same and can be trained on. A quantised file
(:mod:`training.quantise`) gives the float weights that it was made of, rounded to 7 bits.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from .network import FaceRegressor, Statistics, normalise
from .quantise import float_arrays

_HEADS = "network.heads.weight"


def read_weights(path: Path) -> dict[str, Tensor]:
    """The arrays of an exported regressor, float or quantised, by name, as float32.

    Raises:
        ValueError: it is no regressor that ``training.export`` wrote.
    """
    arrays = float_arrays(onnx.load(str(path)))
    if f"{_HEADS}_half" not in arrays:
        raise ValueError(f"{path} was not written by training.export")
    arrays[_HEADS] = arrays.pop(f"{_HEADS}_half")
    return {name: torch.from_numpy(values.astype(np.float32)) for name, values in arrays.items()}


@torch.no_grad()
def trainable(weights: dict[str, Tensor], statistics: Statistics, images: Tensor) -> FaceRegressor:
    """A network with BatchNorm that computes what the exported one does.

    Args:
        weights: of :func:`read_weights`.
        statistics: the new run's; the heads are scaled to it.
        images: (n, 120, 120, 3) uint8 training crops, of which each BatchNorm takes mean and variance.
    """
    first = weights["network.backbone.0.0.weight"]
    network = FaceRegressor(len(first) / 32)
    feature = normalise(images)
    for index, (convolution, normalisation, _) in enumerate(network.backbone):
        convolution.weight.copy_(weights[f"network.backbone.{index}.0.weight"])
        feature = convolution(feature)
        bias = weights[f"network.backbone.{index}.0.bias"]
        pass_through(normalisation, feature, bias)
        feature = torch.relu_(feature.add_(bias[:, None, None]))
    network.middle_pooling.weight.copy_(weights["network.middle_pooling.weight"])
    network.last_pooling.weight.copy_(weights["network.last_pooling.weight"])
    old = {name.removeprefix("statistics."): values for name, values in weights.items() if "statistics." in name}
    heads = statistics.taken_over(weights[_HEADS], weights["network.heads.bias"], old)
    network.heads.weight.copy_(heads[0])
    network.heads.bias.copy_(heads[1])
    return network


def pass_through(normalisation: nn.BatchNorm2d, feature: Tensor, bias: Tensor) -> None:
    """Make BatchNorm add ``bias`` and nothing else, while it knows the statistics of ``feature`` (n, c, h, w)."""
    mean, variance = feature.mean((0, 2, 3)), feature.var((0, 2, 3))
    normalisation.running_mean.copy_(mean)
    normalisation.running_var.copy_(variance)
    normalisation.weight.copy_(torch.sqrt(variance + normalisation.eps))
    normalisation.bias.copy_(mean + bias)
