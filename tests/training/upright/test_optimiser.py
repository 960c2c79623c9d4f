# SPDX-License-Identifier: GPL-3.0-or-later
"""Convolutions are stepped in place, in every direction alike; all else as before."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from training.upright.optimiser import MatrixOptimiser, rows


def _convolution() -> nn.Conv2d:
    torch.manual_seed(1)
    return nn.Conv2d(6, 4, 3).to(memory_format=torch.channels_last)


def test_a_convolution_is_a_matrix_of_the_same_memory():
    weight = _convolution().weight
    matrix = rows(weight)
    assert matrix.shape == (4, 54)
    assert matrix.data_ptr() == weight.data_ptr()
    x = torch.randn(6, 3, 3)
    torch.testing.assert_close(matrix @ x.permute(1, 2, 0).flatten(), (weight * x).sum(dim=(1, 2, 3)))


def test_other_orders_of_memory_are_refused():
    with pytest.raises(ValueError, match="copy"):
        MatrixOptimiser(nn.Conv2d(6, 4, 3), [], [], 0.01)


def test_a_step_is_as_long_in_quiet_directions_as_in_loud_ones():
    """Of a gradient whose singular values lie between 1 and 1000 those of the step lie close together."""
    layer = _convolution()
    before = layer.weight.detach().clone()
    optimiser = MatrixOptimiser(layer, [], [], 0.01)
    u, _, v = torch.linalg.svd(torch.randn(4, 54), full_matrices=False)
    gradient = u @ torch.diag(torch.tensor([1000.0, 100.0, 10.0, 1.0])) @ v
    layer.weight.grad = gradient.view(4, 3, 3, 6).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
    optimiser.step(0.01)
    lengths = np.linalg.svd(rows(layer.weight.detach() - before).numpy(), compute_uv=False)
    assert lengths.max() / lengths.min() < 3.0
    assert layer.bias.grad is None


def test_it_goes_on_from_its_state():
    def stepped(layer: nn.Conv2d, optimiser: MatrixOptimiser, times: int) -> None:
        for _ in range(times):
            optimiser.zero_grad()
            (layer(torch.ones(1, 6, 5, 5)).sum() - 3.0).pow(2).backward()
            optimiser.step(0.003)

    one, other, head = _convolution(), _convolution(), nn.Linear(2, 2)
    first = MatrixOptimiser(one, head.parameters(), [], 0.003)
    stepped(one, first, 6)
    second = MatrixOptimiser(other, head.parameters(), [], 0.003)
    stepped(other, second, 3)
    third = MatrixOptimiser(other, head.parameters(), [], 0.003)
    third.load_state_dict(second.state_dict())
    stepped(other, third, 3)
    torch.testing.assert_close(other.weight, one.weight)
    torch.testing.assert_close(other.bias, one.bias)


def test_gentle_layers_take_small_steps():
    quick, gentle = nn.Linear(3, 3), nn.Linear(3, 3)
    optimiser = MatrixOptimiser(_convolution(), quick.parameters(), gentle.parameters(), 0.01)
    before = [layer.bias.detach().clone() for layer in (quick, gentle)]
    for layer in (quick, gentle):
        layer.bias.grad = torch.ones(3)
    optimiser.step(0.01)
    moved = [(layer.bias - old).abs().mean() for layer, old in zip((quick, gentle), before, strict=True)]
    assert 0.0 < float(moved[1]) < 0.01 * float(moved[0])
