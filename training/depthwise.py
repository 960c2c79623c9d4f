# SPDX-License-Identifier: GPL-3.0-or-later
"""Depthwise convolution whose gradient is quick in mixed precision on a CPU.

oneDNN's backward pass of a depthwise convolution in bfloat16 takes five times as long as in float32 (a third of a whole
training step); here only that pass is computed in float32. ``python -m training.depthwise`` prints both times.
"""

from __future__ import annotations

import time
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class _FloatGradient(torch.autograd.Function):
    """A convolution in the input's precision with its gradients in float32."""

    @staticmethod
    def forward(ctx: Any, feature: Tensor, weight: Tensor, stride: Any, padding: Any) -> Tensor:
        ctx.save_for_backward(feature, weight)
        ctx.stride, ctx.padding = stride, padding
        return functional.conv2d(feature, weight.to(feature.dtype), None, stride, padding, groups=len(weight))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor, None, None]:
        feature, weight = ctx.saved_tensors
        to_feature, to_weight, _ = torch.ops.aten.convolution_backward(
            gradients[0].float(), feature.float(), weight.float(), None, ctx.stride, ctx.padding, (1, 1), False, (0, 0),
            len(weight), (ctx.needs_input_grad[0], True, False),
        )  # fmt: skip
        return None if to_feature is None else to_feature.to(feature.dtype), to_weight.to(weight.dtype), None, None


class DepthwiseConvolution(nn.Conv2d):
    """``nn.Conv2d`` with as many groups as channels."""

    def forward(self, feature: Tensor) -> Tensor:
        """(n, c, h, w) → (n, c, h', w')."""
        if feature.device.type == "cpu" and feature.dtype == torch.bfloat16 and torch.is_grad_enabled():
            return _FloatGradient.apply(feature, self.weight, self.stride, self.padding)
        return super().forward(feature)


def main() -> None:
    torch.set_num_threads(1)
    feature = torch.randn(64, 64, 60, 60).to(memory_format=torch.channels_last).bfloat16().requires_grad_()
    layers = [kind(64, 64, 3, 2, 1, groups=64, bias=False) for kind in (nn.Conv2d, DepthwiseConvolution)]
    times: list[list[float]] = [[], []]
    for _ in range(8):
        for layer, taken in zip(layers, times, strict=True):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                total = layer(feature).sum()
            start = time.process_time()
            total.backward()
            taken.append(time.process_time() - start)
    for layer, taken in zip(layers, times, strict=True):
        print(f"{type(layer).__name__}: {1000 * min(taken):.0f} ms to go back through 64 maps of 60×60×64, stride 2")


if __name__ == "__main__":
    main()
