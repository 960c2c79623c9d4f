# SPDX-License-Identifier: GPL-3.0-or-later
"""The authors' MobileNet-V1 (Howard et al. 2017): from the checkpoint's weights to convolutions without BatchNorm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import CaptureError
from ..names import PARAMETER_COUNT

#: Name and stride of the depthwise-separable blocks, in order.
BLOCKS = (
    ("dw2_1", 1), ("dw2_2", 2), ("dw3_1", 1), ("dw3_2", 2), ("dw4_1", 1), ("dw4_2", 2),
    ("dw5_1", 1), ("dw5_2", 1), ("dw5_3", 1), ("dw5_4", 1), ("dw5_5", 1), ("dw5_6", 2), ("dw6", 1),
)  # fmt: skip
#: What BatchNorm adds to the variance (PyTorch's default).
_EPSILON = 1e-5
#: Length of the landmark-regression branch: 68 points.
_LANDMARK_COUNT = 2 * 68


@dataclass(frozen=True, eq=False)
class Convolution:
    """A convolution with a bias and a ReLU behind it; padded so that stride 1 keeps the size."""

    weight: NDArray[np.float64]  # (outputs, inputs ÷ groups, k, k)
    bias: NDArray[np.float64]  # (outputs,)
    stride: int
    groups: int


@dataclass(frozen=True, eq=False)
class Linear:
    """``weight @ feature + bias``."""

    weight: NDArray[np.float64]  # (outputs, C)
    bias: NDArray[np.float64]  # (outputs,)


@dataclass(frozen=True, eq=False)
class MobileNet:
    """Convolutions, the mean over the picture, then the linear branches; input: BGR, (x − 127.5) ÷ 128."""

    convolutions: tuple[Convolution, ...]
    params: Linear  # z-scored parameters (62,)
    landmarks: Linear | None  # the landmark-regression branch (136,), where the checkpoint has it


class _Weights:
    """A checkpoint's weights, taken with a check of their shapes."""

    def __init__(self, weights: Mapping[str, NDArray], path: Path) -> None:
        self._weights, self._path = weights, path

    def __contains__(self, name: str) -> bool:
        return name in self._weights

    def take(self, name: str, shape: tuple[int | None, ...]) -> NDArray[np.float64]:
        """A weight as float64; None in ``shape`` takes any length."""
        found = self._weights.get(name)
        fits = found is not None and len(found.shape) == len(shape)
        if not fits or any(want not in (None, have) for want, have in zip(shape, found.shape, strict=True)):  # type: ignore[union-attr]
            said = "is missing" if found is None else f"has the shape {found.shape}"
            raise CaptureError(
                f"{self._path} is not the authors' MobileNet-V1 ({name} {said}); give mb1_120x120.pth or "
                "mb05_120x120.pth, or another network as the .onnx file that the authors' code exports."
            )
        values = np.asarray(found, dtype=np.float64)
        if not np.isfinite(values).all():
            raise CaptureError(f"{self._path} is damaged ({name} is not finite); download it again.")
        return values

    def convolution(self, name: str, normalisation: str, shape: tuple[int | None, ...], stride: int) -> Convolution:
        """The convolution ``name`` with its BatchNorm folded in; one input per filter means depthwise."""
        weight = self.take(f"{name}.weight", shape)
        count = len(weight)
        gamma, beta, mean, variance = (
            self.take(f"{normalisation}.{part}", (count,)) for part in ("weight", "bias", "running_mean", "running_var")
        )
        factor = gamma / np.sqrt(variance + _EPSILON)
        groups = count if shape[1] == 1 else 1
        return Convolution(weight * factor[:, None, None, None], beta - mean * factor, stride, groups)

    def linear(self, name: str, outputs: int, inputs: int) -> Linear:
        return Linear(self.take(f"{name}.weight", (outputs, inputs)), self.take(f"{name}.bias", (outputs,)))


def mobilenet(weights: Mapping[str, NDArray], path: Path) -> MobileNet:
    """The network of a checkpoint's weights, of any width; ``path`` is for messages.

    Raises:
        CaptureError: the weights are those of another network, or not finite.
    """
    take = _Weights(weights, path)
    layers = [take.convolution("conv1", "bn1", (None, 3, 3, 3), 2)]
    for name, stride in BLOCKS:
        channels = len(layers[-1].bias)
        layers += [
            take.convolution(f"{name}.conv_dw", f"{name}.bn_dw", (channels, 1, 3, 3), stride),
            take.convolution(f"{name}.conv_sep", f"{name}.bn_sep", (None, channels, 1, 1), 1),
        ]
    channels = len(layers[-1].bias)
    # The authors' `load_model` knows both names.
    head = "fc_param" if "fc_param.weight" in take else "fc"
    landmarks = take.linear("fc_lm", _LANDMARK_COUNT, channels) if "fc_lm.weight" in take else None
    return MobileNet(tuple(layers), take.linear(head, PARAMETER_COUNT, channels), landmarks)
