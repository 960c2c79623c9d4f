# SPDX-License-Identifier: GPL-3.0-or-later
"""What a training run is told: length, stages, objective, mixture of pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from .augmentation import AugmentationSettings
from .dataset import BatchShape
from .losses import LossWeights, Objective


class Method(Enum):
    """How the two objectives of the paper are used (§2.2, Table 3)."""

    VERTICES = "vdc"
    PARAMETERS = "fwpdc"
    BOTH = "vanilla-joint"
    #: fWPDC in the first half, VDC in the second.
    VERTICES_FROM_PARAMETERS = "vdc-from-fwpdc"
    META_JOINT = "meta-joint"


_CONSTANT = {
    Method.VERTICES: Objective.VERTICES,
    Method.PARAMETERS: Objective.PARAMETERS,
    Method.BOTH: Objective.BOTH,
}


@dataclass(frozen=True)
class Stage:
    """A ``share`` of the steps with crops of ``side`` pixels in videos of ``frames`` frames."""

    share: float
    side: int
    frames: int = 1


def parse_stages(text: str) -> tuple[Stage, ...]:
    """``0.5:80,0.5:120:4`` → two stages.

    Raises:
        ValueError: the text does not read like that.
    """
    parts = [part.split(":") for part in text.split(",")]
    if any(len(part) not in (2, 3) for part in parts):
        raise ValueError(f"a stage reads SHARE:SIDE or SHARE:SIDE:FRAMES, not {text}")
    return tuple(Stage(float(part[0]), *(int(value) for value in part[1:])) for part in parts)


@dataclass(frozen=True)
class TrainingSettings:
    """One run.

    Stages with small crops cost less (MobileNet pools globally). ``render_share`` of the stills are renders,
    ``edit_share`` photos and ``edited_render_share`` renders with edited expressions, the rest photos. ``look_ahead``
    is the paper's k; after each look-ahead the winner goes on alone for ``follow`` steps (the paper's 0 doubles the
    cost of a step, which a CPU feels). The first ``frozen_layers`` of the backbone stay as they are: for going on from
    a trained network.
    """

    run: str
    crops: int = 600_000
    batch: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    warm_up: int = 300
    width: float = 1.0
    stages: tuple[Stage, ...] = (Stage(0.2, 96), Stage(0.8, 120, 2))
    method: Method = Method.META_JOINT
    look_ahead: int = 20
    follow: int = 180
    seed: int = 1
    average_decay: float = 0.998
    save_every: int = 250
    render_share: float = 0.4
    edit_share: float = 0.0
    edited_render_share: float = 0.0
    leave_out_sources: tuple[int, ...] = ()
    workers: int = 1
    frozen_layers: int = 0
    weights: LossWeights = field(default_factory=LossWeights)
    augmentation: AugmentationSettings = field(default_factory=AugmentationSettings)

    @property
    def photo_share(self) -> float:
        """Share of the stills that are photos as they were taken."""
        return 1.0 - self.render_share - self.edit_share - self.edited_render_share

    @property
    def steps(self) -> int:
        """Number of batches drawn."""
        return self.crops // self.batch

    def shapes(self) -> list[BatchShape]:
        """Shape of the batch of each step."""
        ends = np.cumsum([stage.share for stage in self.stages]) * self.steps
        reached = np.searchsorted(ends, np.arange(self.steps), side="right")
        stages = [self.stages[min(int(index), len(self.stages) - 1)] for index in reached]
        return [BatchShape(self.batch, stage.side, stage.frames) for stage in stages]

    def objective(self, step: int) -> Objective:
        """Objective of a step, for every method but meta-joint."""
        if self.method is Method.VERTICES_FROM_PARAMETERS:
            return Objective.PARAMETERS if step < self.steps // 2 else Objective.VERTICES
        return _CONSTANT[self.method]

    def rate(self, step: int) -> float:
        """Learning rate: linear warm-up, then a cosine to zero."""
        if step < self.warm_up:
            return self.learning_rate * (step + 1) / self.warm_up
        progress = (step - self.warm_up) / max(1, self.steps - self.warm_up)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))
