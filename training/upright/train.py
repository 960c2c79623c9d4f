# SPDX-License-Identifier: GPL-3.0-or-later
"""Train the network that reads ARKit weights off the upright face; deterministic from a seed, resumable.

    python -m training.upright.train --run NAME [--crops 1500000] [--resume | --initial model/upright.onnx]

Progress goes to standard output; ``training/runs/NAME/upright.pt`` is written every ``--save-every`` steps.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.tracking.upright import UPRIGHT_SIZE
from training.dataset import one_thread
from training.network import draw_after, normalise
from training.rendering.upright_views import PICTURE_SIZE
from training.workspace import RUNS

from .augment import Batch, BatchSequence
from .faces import photographed_faces, quick_faces, rendered_faces, upright_renders
from .network import UprightNetwork
from .optimiser import MatrixOptimiser
from .released import ReleasedWeights, read_weights, take_over

_REPORT_EVERY = 50
#: Crops on which an exported network's points are found anew, and of these the first for its BatchNorms.
_FIRST_CROPS, _FIRST_LOOK = 8192, 2048
#: Shares of our own faces, of Blender's upright ones, of the regressor's renders, and of photos.
SHARES = (0.35, 0.27, 0.1, 0.28)
#: A channel that moves less than this counts no more than one that moves so much.
_LEAST_SPREAD = 0.08
#: Pixels by which the points usually differ from face to face, and what they count beside the weights.
_POINT_SPREAD, _POINTS_SHARE = 4.0, 1.0


@dataclass(frozen=True)
class Settings:
    """Of one run."""

    run: str
    crops: int = 1_500_000
    batch: int = 128
    rate: float = 1e-3
    seed: int = 1
    save_every: int = 500
    average: float = 0.998

    @property
    def steps(self) -> int:
        """Batches."""
        return self.crops // self.batch

    def rate_at(self, step: int) -> float:
        """Rises over 300 steps, then falls along a cosine to a fiftieth."""
        warm = min((step + 1) / 300, 1.0)
        return float(self.rate * warm * (0.02 + 0.98 * 0.5 * (1.0 + np.cos(np.pi * min(step / self.steps, 1.0)))))


class WeightLoss(nn.Module):
    """How far weights are from exact ones, and from what the teacher says, which is another scale of its own.

    For each channel the teacher's score is taken for ``gain`` × weight + ``offset``, both learnt on the way: what it
    calls half a frown may be our whole one.
    """

    def __init__(self, spread: Tensor, points: Tensor) -> None:
        """``spread`` (52,) of the weights, ``points`` (136,) where they are in the mean."""
        super().__init__()
        self.register_buffer("spread", spread.clamp(min=_LEAST_SPREAD))
        self.register_buffer("points", points)
        self.log_gain = nn.Parameter(torch.full((len(ARKIT_NAMES),), -0.5))
        self.offset = nn.Parameter(torch.zeros(len(ARKIT_NAMES)))

    def forward(self, weights: Tensor, points: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Of weights (n, 52) and points (n, 136), each the mean over channels and faces.

        Squares: their minimum is the mean of what a picture leaves open. That of distances is the median, 0 for
        channels that are 0 on most faces.
        """
        missed = ((weights - batch.arkit) / self.spread) ** 2
        scores = self.log_gain.exp() * weights + self.offset
        apart = ((scores - batch.arkit) / self.spread) ** 2
        away = functional.smooth_l1_loss(points, (batch.landmarks - self.points) / _POINT_SPREAD)
        return (missed * batch.exact + apart * batch.scored).mean(), away


class Trainer:
    """Network, its running average, optimiser; and their checkpoint."""

    def __init__(self, settings: Settings, spread: Tensor, points: Tensor) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.step = settings, 0
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = UprightNetwork().to(self.device, memory_format=torch.channels_last)
        self.averaged = UprightNetwork().to(self.device)
        self.averaged.load_state_dict(self.network.state_dict())
        self.loss = WeightLoss(spread, points).to(self.device)
        body = nn.ModuleList([self.network.backbone, self.network.last, self.network.hidden])
        heads = nn.ModuleList([self.network.weights, self.network.points, self.loss])
        self.optimiser = MatrixOptimiser(body, heads.parameters(), self.network.direct.parameters(), settings.rate)

    def train_step(self, batch: Batch) -> tuple[float, float]:
        """One optimiser step; the loss of weights and of points."""
        batch = Batch(*(value.to(self.device) for value in batch))
        images = normalise(batch.images).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            weights, points = self.network.with_points(images)
        missed, away = self.loss(weights.float(), points.float(), batch)
        self.optimiser.zero_grad()
        (missed + _POINTS_SHARE * away).backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self.optimiser.step(self.settings.rate_at(self.step))
        self._average()
        self.step += 1
        return float(missed.detach()), float(away.detach())

    def _average(self) -> None:
        decay = min(self.settings.average, (1 + self.step) / (10 + self.step))
        draw_after(self.averaged, self.network, decay)

    def start_from(self, released: ReleasedWeights, batch: Batch) -> None:
        """Compute what an exported network does, before the first step; ``batch`` is to be a large one."""
        points = (batch.landmarks.to(self.device) - self.loss.points) / _POINT_SPREAD
        images = batch.images.to(self.device)
        take_over(self.network, released, images[:_FIRST_LOOK], points[:_FIRST_LOOK])
        with torch.no_grad():
            self.loss.log_gain.copy_(released.gain.log())
            self.loss.offset.copy_(released.offset)
        self.averaged.load_state_dict(self.network.state_dict())

    def save(self, path: Path) -> None:
        """Write a checkpoint under a temporary name, then rename."""
        part = path.with_suffix(".part")
        torch.save(
            {"step": self.step, "network": self.network.state_dict(), "averaged": self.averaged.state_dict(),
             "loss": self.loss.state_dict(), "optimiser": self.optimiser.state_dict()}, part,
        )  # fmt: skip
        part.replace(path)

    def restore(self, path: Path) -> None:
        """Go on from a checkpoint."""
        state = torch.load(path, weights_only=True, map_location=self.device)
        self.step = state["step"]
        for name in ("network", "averaged", "loss", "optimiser"):
            getattr(self, name).load_state_dict(state[name])


def run(settings: Settings, resume: bool, initial: Path | None) -> None:
    """Train from the start, from this run's checkpoint, or from an exported network."""
    released = read_weights(initial) if initial else None
    folder = RUNS / settings.run
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "upright.pt"
    groups = [quick_faces(), upright_renders(), [rendered_faces()], [photographed_faces()]]
    print(", ".join(str(sum(map(len, group))) for group in groups), "faces", flush=True)
    spread = torch.from_numpy(np.concatenate([part.arkit for part in groups[0]]).std(axis=0))
    places = np.concatenate([part.landmarks for part in groups[0]]).mean(axis=0) - (PICTURE_SIZE - UPRIGHT_SIZE) / 2.0
    trainer = Trainer(settings, spread, torch.from_numpy(places.reshape(136).astype(np.float32)))
    if resume and checkpoint.exists():
        trainer.restore(checkpoint)
    elif released is not None:
        trainer.start_from(released, BatchSequence(groups, SHARES, _FIRST_CROPS, 1, settings.seed)[0])
    sequence = BatchSequence(groups, SHARES, settings.batch, settings.steps, settings.seed)
    stream = DataLoader(
        sequence, batch_size=None, sampler=range(trainer.step, len(sequence)), num_workers=1, prefetch_factor=6,
        worker_init_fn=one_thread,
    )  # fmt: skip
    first, started, losses = trainer.step, time.monotonic(), []
    for batch in stream:
        losses.append(trainer.train_step(batch))
        if trainer.step % _REPORT_EVERY == 0:
            speed = (trainer.step - first) * settings.batch / (time.monotonic() - started)
            left = (settings.steps - trainer.step) * settings.batch / speed / 60
            print(f"step {trainer.step}/{settings.steps} {speed:.0f} crops/s {left:.0f} min left "
                  f"loss {np.mean(losses, axis=0).round(4)}", flush=True)  # fmt: skip
            losses = []
        if trainer.step % settings.save_every == 0 or trainer.step == settings.steps:
            trainer.save(checkpoint)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--run", required=True)
    parser.add_argument("--resume", action="store_true", help="go on from this run's checkpoint")
    parser.add_argument("--initial", type=Path, help="an exported network to go on from")
    defaults = Settings("")
    for name in ("crops", "batch", "rate", "seed", "save_every"):
        value = getattr(defaults, name)
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    options = vars(parser.parse_args())
    resume, initial = options.pop("resume"), options.pop("initial")
    run(Settings(**options), resume, initial)


if __name__ == "__main__":
    main()
