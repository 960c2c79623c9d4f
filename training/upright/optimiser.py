# SPDX-License-Identifier: GPL-3.0-or-later
"""The optimiser of the second network: Muon for what multiplies maps, AdamW for the rest.

Muon (Jordan et al. 2024) makes all directions of a matrix' step as long as each other, so that rare channels are learnt
along with the frequent ones. PyTorch's takes matrices; a convolution is one with a row for each output channel.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

_MOMENTUM, _DECAY = 0.95, 0.02
#: Rate of layers that add up thousands of numbers which rise together, in those of the others.
_GENTLE = 0.003


class MatrixOptimiser:
    """Steps for the matrices and convolutions of ``hidden`` by Muon, for all else by AdamW."""

    def __init__(
        self, hidden: nn.Module, others: Iterable[nn.Parameter], gentle: Iterable[nn.Parameter], rate: float
    ) -> None:
        """``hidden`` has its channels last; ``gentle`` takes smaller steps.

        Raises:
            ValueError: it has not.
        """
        self._weights = [value for value in hidden.parameters() if value.ndim > 1]
        self._rows = [nn.Parameter(rows(value.detach())) for value in self._weights]
        if any(a.data_ptr() != b.data_ptr() for a, b in zip(self._weights, self._rows, strict=True)):
            raise ValueError("a convolution's channels do not come last, so a step would change a copy of it")
        plain = [*(value for value in hidden.parameters() if value.ndim <= 1), *others]
        matrices, vectors = ([value for value in plain if (value.ndim > 1) is wide] for wide in (True, False))
        self._parts: tuple[torch.optim.Optimizer, ...] = (
            torch.optim.Muon(
                self._rows, lr=rate, weight_decay=_DECAY, momentum=_MOMENTUM, adjust_lr_fn="match_rms_adamw"
            ),
            torch.optim.AdamW(
                [
                    {"params": matrices, "weight_decay": _DECAY},
                    {"params": vectors, "weight_decay": 0.0},
                    {"params": list(gentle), "weight_decay": _DECAY, "share": _GENTLE},
                ],
                lr=rate,
            ),
        )

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for part in self._parts:
            part.zero_grad(set_to_none=True)
        for weight in self._weights:
            weight.grad = None

    def step(self, rate: float) -> None:
        """One step at a learning rate."""
        for weight, matrix in zip(self._weights, self._rows, strict=True):
            matrix.grad = None if weight.grad is None else rows(weight.grad)
        for part in self._parts:
            for group in part.param_groups:
                group["lr"] = rate * group.get("share", 1.0)
            part.step()

    def state_dict(self) -> list[dict[str, Any]]:
        """For a checkpoint."""
        return [part.state_dict() for part in self._parts]

    def load_state_dict(self, state: list[dict[str, Any]]) -> None:
        """Go on from a checkpoint."""
        for part, values in zip(self._parts, state, strict=True):
            part.load_state_dict(values)


def rows(weight: Tensor) -> Tensor:
    """A matrix as it is; a convolution (o, i, h, w) as (o, h · w · i): the same memory where it has channels last."""
    return weight.permute(0, 2, 3, 1).flatten(1) if weight.ndim == 4 else weight
