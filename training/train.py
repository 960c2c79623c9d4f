# SPDX-License-Identifier: GPL-3.0-or-later
"""Train the regressor; deterministic from a seed on one machine, resumable.

    python -m training.train --run NAME [--crops 480000] [--stages 0.3:80,0.3:96,0.4:120] [--resume]

Progress with the time left goes to standard output and ``training/runs/NAME/log.jsonl``; a checkpoint is written
every ``--save-every`` steps. ``python -m training.export --run NAME`` makes the ONNX file.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from ddfa_blender.morphable_model import MorphableModel

from .augmentation import Augmenter
from .dataset import Batch, Pictures, batches, make_batch, real_faces, rendered_heads
from .losses import RegressorLoss
from .model_mirror import component_parity
from .network import FaceRegressor, Statistics, normalise
from .workspace import DATA, RUNS


@dataclass(frozen=True)
class TrainingSettings:
    """One run. ``stages`` are (share of the steps, crop side): small crops cost less (MobileNet pools globally)."""

    run: str
    crops: int = 480_000
    batch: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    warm_up: int = 300
    width: float = 1.0
    stages: tuple[tuple[float, int], ...] = ((0.3, 80), (0.3, 96), (0.4, 120))
    seed: int = 1
    average_decay: float = 0.998
    save_every: int = 250
    render_weight: float = 2.0

    @property
    def steps(self) -> int:
        """Number of optimiser steps."""
        return self.crops // self.batch

    def crop_sizes(self) -> list[int]:
        """Side of the crops of each step."""
        ends = np.cumsum([share for share, _ in self.stages]) * self.steps
        progress = np.searchsorted(ends, np.arange(self.steps), side="right")
        return [self.stages[min(int(stage), len(self.stages) - 1)][1] for stage in progress]

    def rate(self, step: int) -> float:
        """Learning rate: linear warm-up, then a cosine to zero."""
        if step < self.warm_up:
            return self.learning_rate * (step + 1) / self.warm_up
        progress = (step - self.warm_up) / max(1, self.steps - self.warm_up)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))


def measure_statistics(pictures: Pictures, augmenter: Augmenter, crops: int = 8192) -> Statistics:
    """Mean and spread of the labels over augmented crops."""
    chances = np.cumsum(pictures.weight, dtype=np.float64)
    parts = [make_batch(pictures, chances, augmenter, 512, 16, (0, index)) for index in range(crops // 512)]
    params = torch.cat([batch.params for batch in parts])
    landmarks = torch.cat([batch.landmarks for batch in parts])
    # T[2, 3] is always 0; a spread of 1 keeps its z-score finite.
    params_std = params.std(0)
    params_std[params_std < 1e-6] = 1.0
    return Statistics(params.mean(0), params_std, landmarks.mean(0), landmarks.std(0))


class Trainer:
    """Network, averaged network, optimiser and their checkpoint."""

    def __init__(self, settings: TrainingSettings, statistics: Statistics, device: torch.device) -> None:
        self.settings, self.device = settings, device
        torch.manual_seed(settings.seed)
        self.network = FaceRegressor(settings.width).to(device, memory_format=torch.channels_last)
        self.averaged = FaceRegressor(settings.width).to(device)
        self.averaged.load_state_dict(self.network.state_dict())
        self.statistics = statistics.to(device)
        self.loss = RegressorLoss(MorphableModel.load(), self.statistics).to(device)
        decayed = [p for p in self.network.parameters() if p.ndim > 1]
        plain = [p for p in self.network.parameters() if p.ndim <= 1]
        self.optimiser = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": settings.weight_decay}, {"params": plain, "weight_decay": 0.0}],
            lr=settings.learning_rate,
        )
        self.step = 0

    def train_step(self, batch: Batch) -> dict[str, float]:
        """One optimiser step; returns the loss terms."""
        batch = Batch(*(getattr(batch, name).to(self.device) for name in Batch.__annotations__))
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.rate(self.step)
        images = normalise(batch.images).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            heads = self.network(images)
        total, terms = self.loss(heads, batch)
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimiser.step()
        self._average()
        self.step += 1
        return terms

    @torch.no_grad()
    def _average(self) -> None:
        decay = min(self.settings.average_decay, (1 + self.step) / (10 + self.step))
        for slow, fast in zip(self.averaged.state_dict().values(), self.network.state_dict().values(), strict=True):
            if slow.dtype.is_floating_point:
                slow.lerp_(fast, 1 - decay)
            else:
                slow.copy_(fast)

    def save(self, path: Path) -> None:
        """Write a checkpoint under a temporary name, then rename."""
        state = {
            "settings": asdict(self.settings), "step": self.step, "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(), "optimiser": self.optimiser.state_dict(),
            "statistics": self.statistics.state_dict(),
        }  # fmt: skip
        torch.save(state, path.with_suffix(".part"))
        os.replace(path.with_suffix(".part"), path)

    def load(self, state: dict) -> None:
        """Continue from a checkpoint."""
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]


def load_statistics(state: dict) -> Statistics:
    """Statistics stored in a checkpoint."""
    names = ("params_mean", "params_std", "landmarks_mean", "landmarks_std")
    return Statistics(*(state["statistics"][name] for name in names))


def load_pictures(settings: TrainingSettings) -> Pictures:
    """Real faces, and the renders where there are any."""
    pictures = real_faces()
    shards = sorted(DATA.glob("renders-*.npz"))
    if shards and settings.render_weight > 0:
        rendered = rendered_heads(shards, settings.render_weight)
        print(f"{len(pictures.images)} real faces, {len(rendered.images)} renders", flush=True)
        return Pictures.joined([pictures, rendered])
    print(f"{len(pictures.images)} real faces, no renders", flush=True)
    return pictures


def run(settings: TrainingSettings, resume: bool, initial: Path | None = None) -> None:
    """Train from the start, from this run's checkpoint, or from another run's averaged weights."""
    folder = RUNS / settings.run
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "checkpoint.pt"
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    pictures = load_pictures(settings)
    augmenter = Augmenter(component_parity(MorphableModel.load()))
    source = checkpoint if resume and checkpoint.exists() else initial
    state = torch.load(source, weights_only=True) if source else None
    resumed = source == checkpoint
    statistics = load_statistics(state) if state and resumed else measure_statistics(pictures, augmenter)
    trainer = Trainer(settings, statistics, device)
    if state and resumed:
        trainer.load(state)
    elif state:
        for network in (trainer.network, trainer.averaged):
            network.load_state_dict(state["averaged"])
    started, first = time.time(), trainer.step
    stream = batches(pictures, augmenter, settings.batch, settings.crop_sizes(), settings.seed, first)
    with (folder / "log.jsonl").open("a") as log:
        for batch in stream:
            terms = trainer.train_step(batch)
            if trainer.step % 25 == 0:
                speed = (trainer.step - first) * settings.batch / (time.time() - started)
                left = (settings.steps - trainer.step) * settings.batch / speed / 60
                text = " ".join(f"{name} {value:.4f}" for name, value in terms.items())
                pace = f"{speed:.0f} crops/s {left:.0f} min left"
                print(f"step {trainer.step}/{settings.steps} {pace} {text}", flush=True)
                log.write(json.dumps({"step": trainer.step, **terms}) + "\n")
                log.flush()
            if trainer.step % settings.save_every == 0 or trainer.step == settings.steps:
                trainer.save(checkpoint)


def parse_stages(text: str) -> tuple[tuple[float, int], ...]:
    """``0.5:80,0.5:120`` → ((0.5, 80), (0.5, 120)).

    Raises:
        ValueError: the text does not read like that.
    """
    pairs = (pair.split(":") for pair in text.split(","))
    return tuple((float(share), int(side)) for share, side in pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--initial", type=Path, help="checkpoint whose averaged weights to start from")
    defaults = TrainingSettings(run="")
    names = ("crops", "batch", "learning_rate", "width", "seed", "save_every", "render_weight")
    for name in names:
        value = getattr(defaults, name)
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    parser.add_argument("--stages", type=parse_stages, default=defaults.stages, help="SHARE:SIDE,… e.g. 0.5:80,0.5:120")
    arguments = parser.parse_args()
    settings = TrainingSettings(
        run=arguments.run, stages=arguments.stages, **{name: getattr(arguments, name) for name in names}
    )
    run(settings, arguments.resume, arguments.initial)


if __name__ == "__main__":
    main()
