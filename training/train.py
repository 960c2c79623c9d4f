# SPDX-License-Identifier: GPL-3.0-or-later
"""Train the regressor; deterministic from a seed on one machine, resumable.

    python -m training.train --run NAME [--crops 600000] [--objective meta-joint] [--resume]

``--stages SHARE:SIDE[:FRAMES],…`` cuts the run into parts: SIDE pixels of the crops (small ones cost less), and FRAMES
adjacent frames that each still becomes (short-video synthesis; 1 is none). Progress with the time left goes to standard
output and ``training/runs/NAME/log.jsonl``; a checkpoint is written every ``--save-every`` steps.
``python -m training.export --run NAME`` makes the ONNX file.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.projection import CROP_SIZE

from .augmentation import Augmenter
from .dataset import (
    Batch,
    BatchSequence,
    BatchShape,
    Pictures,
    batches,
    edited_faces,
    edited_heads,
    make_batch,
    mixed,
    real_faces,
    render_shards,
    rendered_heads,
)
from .losses import Objective, RegressorLoss
from .meta_joint import look_ahead, record
from .network import FaceRegressor, Statistics, draw_after, normalise
from .released import read_weights, trainable
from .training_settings import Method, TrainingSettings, parse_stages
from .workspace import RUNS

#: Steps between two lines of progress.
_REPORT_EVERY = 25
#: Crops that an exported network's BatchNorms get their statistics from.
_UNFOLDING_CROPS = 256


def measure_statistics(pictures: Pictures, augmenter: Augmenter, crops: int = 8192) -> Statistics:
    """Mean and spread of the labels over augmented crops."""
    chances = np.cumsum(pictures.weight, dtype=np.float64)
    shape = BatchShape(512, 16)
    parts = [make_batch(pictures, chances, augmenter, shape, (0, index)) for index in range(crops // shape.crops)]
    params = torch.cat([batch.params for batch in parts])
    landmarks = torch.cat([batch.landmarks for batch in parts])
    # T[2, 3] is always 0; a spread of 1 keeps its z-score finite.
    params_std = params.std(0)
    params_std[params_std < 1e-6] = 1.0
    arkit = torch.cat([batch.arkit for batch in parts])
    return Statistics(params.mean(0), params_std, landmarks.mean(0), landmarks.std(0), arkit.std(0))


class Trainer:
    """Network, averaged network, optimiser and their checkpoint."""

    def __init__(self, settings: TrainingSettings, statistics: Statistics, device: torch.device) -> None:
        self.settings, self.device = settings, device
        torch.manual_seed(settings.seed)
        self.network = FaceRegressor(settings.width).to(device, memory_format=torch.channels_last)
        self.averaged = FaceRegressor(settings.width).to(device)
        self.averaged.load_state_dict(self.network.state_dict())
        self.network.freeze(settings.frozen_layers)
        self.statistics = statistics.to(device)
        self.loss = RegressorLoss(MorphableModel.load(), self.statistics, settings.weights).to(device)
        trained = [p for p in self.network.parameters() if p.requires_grad]
        decayed = [p for p in trained if p.ndim > 1]
        plain = [p for p in trained if p.ndim <= 1]
        self.optimiser = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": settings.weight_decay}, {"params": plain, "weight_decay": 0.0}],
            lr=settings.learning_rate,
        )
        #: Batches drawn so far, meta-test batches included.
        self.step = 0

    def _heads(self, batch: Batch) -> Any:
        images = normalise(batch.images).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            return self.network(images)

    def train_step(self, batch: Batch, objective: Objective) -> dict[str, float]:
        """One optimiser step; returns the loss terms."""
        batch = batch.to(self.device)
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.rate(self.step)
        total, terms = self.loss(self._heads(batch), batch, objective)
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimiser.step()
        self._average()
        self.step += 1
        return terms

    @torch.no_grad()
    def vertex_error(self, batch: Batch) -> float:
        """Mean vertex distance of the current weights on the faces of a batch, as a share of the crop."""
        batch = batch.to(self.device)
        self.network.eval()
        params = self.statistics.real_params(self._heads(batch).params)
        self.network.train()
        seen = batch.confidence[:, 0] > 0
        return float(self.loss.vertex_distance(params[seen], batch.params[seen]).mean())

    def _average(self) -> None:
        decay = min(self.settings.average_decay, (1 + self.step) / (10 + self.step))
        draw_after(self.averaged, self.network, decay)

    def snapshot(self) -> dict[str, Any]:
        """A copy of everything that a step changes."""
        return copy.deepcopy(self._state())

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a snapshot or a checkpoint."""
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        # The optimiser keeps what it is given; the snapshot must survive the next steps.
        self.optimiser.load_state_dict(copy.deepcopy(state["optimiser"]))
        self.step = state["step"]

    def _state(self) -> dict[str, Any]:
        return {
            "step": self.step, "network": self.network.state_dict(), "averaged": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }  # fmt: skip

    def start_from(self, weights: dict[str, torch.Tensor]) -> None:
        """Take over another network's weights."""
        for network in (self.network, self.averaged):
            network.load_state_dict(weights)

    def save(self, path: Path) -> None:
        """Write a checkpoint under a temporary name, then rename."""
        settings = asdict(self.settings) | {"method": self.settings.method.value}
        state = self._state() | {"settings": settings, "statistics": self.statistics.state_dict()}
        part = path.with_suffix(".part")
        torch.save(state, part)
        part.replace(path)


def load_statistics(state: dict[str, Any]) -> Statistics:
    """Statistics stored in a checkpoint."""
    names = ("params_mean", "params_std", "landmarks_mean", "landmarks_std", "arkit_spread")
    return Statistics(*(state["statistics"][name] for name in names))


def load_pictures(settings: TrainingSettings) -> Pictures:
    """Real faces, edited ones and renders in the proportion asked for.

    Raises:
        FileNotFoundError: the labels, edits or renders that are asked for are missing.
    """
    renders = cache(lambda: rendered_heads(render_shards()))  # for two of these
    sources: list[tuple[str, float, Callable[[], Pictures]]] = [
        ("photos", settings.photo_share, lambda: real_faces(settings.leave_out_sources)),
        ("renders", settings.render_share, renders),
        ("edited photos", settings.edit_share, edited_faces),
        ("edited renders", settings.edited_render_share, lambda: edited_heads(renders())),
    ]
    parts = [(name, read(), share) for name, share, read in sources if share > 0]
    print(", ".join(f"{len(part.images)} {name}" for name, part, _ in parts), flush=True)
    return mixed([(part, share) for _, part, share in parts])


class Progress:
    """Prints and logs the loss terms, speed and time left."""

    def __init__(self, trainer: Trainer, log_path: Path) -> None:
        self._trainer, self._log_path = trainer, log_path
        self._started, self._first, self._reported = time.monotonic(), trainer.step, trainer.step

    def report(self, terms: dict[str, float]) -> None:
        """Note the loss terms of the latest step."""
        step, settings = self._trainer.step, self._trainer.settings
        if step - self._reported < _REPORT_EVERY:
            return
        self._reported = step
        speed = (step - self._first) * settings.batch / (time.monotonic() - self._started)
        left = (settings.steps - step) * settings.batch / speed / 60
        text = " ".join(f"{name} {value:.4f}" for name, value in terms.items())
        print(f"step {step}/{settings.steps} {speed:.0f} crops/s {left:.0f} min left {text}", flush=True)
        with self._log_path.open("a", encoding="utf-8") as log:
            log.write(json.dumps({"step": step, **terms}) + "\n")


def _cycle(trainer: Trainer, stream: Iterator[Batch], folder: Path) -> dict[str, float]:
    """Steps up to the next point where the run may be cut; returns the last loss terms."""
    settings = trainer.settings
    if settings.method is not Method.META_JOINT:
        return trainer.train_step(next(stream), settings.objective(trainer.step))
    ahead = list(islice(stream, settings.look_ahead + 1))
    if len(ahead) < 2:
        return trainer.train_step(ahead[0], Objective.VERTICES)
    selection, terms = look_ahead(trainer, ahead[:-1], ahead[-1])
    record(selection, folder)
    trainer.step += 1
    for batch in islice(stream, settings.follow):
        terms = trainer.train_step(batch, Objective(selection.chosen))
    return terms


def train(trainer: Trainer, sequence: BatchSequence, folder: Path, until: int | None = None) -> None:
    """Run the steps that are left (or up to step ``until``); checkpoints go to ``folder``."""
    settings = trainer.settings
    stream = batches(sequence, trainer.step, settings.workers)
    progress, saved = Progress(trainer, folder / "log.jsonl"), trainer.step
    while trainer.step < min(until or settings.steps, settings.steps):
        progress.report(_cycle(trainer, stream, folder))
        if trainer.step - saved >= settings.save_every or trainer.step >= settings.steps:
            trainer.save(folder / "checkpoint.pt")
            saved = trainer.step


def run(settings: TrainingSettings, resume: bool, initial: Path | None = None) -> None:
    """Train from the start, from this run's checkpoint, or from another run's (or the released) weights."""
    folder = RUNS / settings.run
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "checkpoint.pt"
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    pictures = load_pictures(settings)
    augmenter = Augmenter(MorphableModel.load(), settings.augmentation)
    if resume and checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True, map_location=device)
        trainer = Trainer(settings, load_statistics(state), device)
        trainer.restore(state)
    else:
        trainer = Trainer(settings, measure_statistics(pictures, augmenter), device)
        if initial is not None:
            trainer.start_from(_initial_weights(initial, trainer.statistics, pictures, augmenter))
    train(trainer, BatchSequence(pictures, augmenter, settings.shapes(), settings.seed), folder)


def _initial_weights(
    path: Path, statistics: Statistics, pictures: Pictures, augmenter: Augmenter
) -> dict[str, torch.Tensor]:
    """Weights of another run's checkpoint (the averaged ones) or of an exported regressor."""
    if path.suffix == ".onnx":
        chances = np.cumsum(pictures.weight, dtype=np.float64)
        images = make_batch(pictures, chances, augmenter, BatchShape(_UNFOLDING_CROPS, CROP_SIZE), (0, 0)).images
        return trainable(read_weights(path), statistics, images).state_dict()
    return averaged_weights(path, statistics)


def averaged_weights(path: Path, statistics: Statistics) -> dict[str, torch.Tensor]:
    """The averaged weights of a checkpoint, their heads scaled to other statistics than the run's own."""
    state = torch.load(path, weights_only=True, map_location="cpu")
    weights: dict[str, torch.Tensor] = state["averaged"]
    names = ("heads.weight", "heads.bias")
    heads = statistics.taken_over(weights[names[0]], weights[names[1]], state["statistics"])
    return {**weights, **dict(zip(names, heads, strict=True))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--initial", type=Path, help="checkpoint or regressor.onnx whose weights to start from")
    defaults = TrainingSettings(run="")
    names = (
        "crops", "batch", "learning_rate", "width", "seed", "save_every", "render_share", "edit_share",
        "edited_render_share", "look_ahead", "follow", "workers", "frozen_layers",
    )  # fmt: skip
    for name in names:
        value = getattr(defaults, name)
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    parser.add_argument("--objective", type=Method, default=defaults.method, help=", ".join(m.value for m in Method))
    parser.add_argument("--stages", type=parse_stages, default=defaults.stages, help="e.g. 0.5:80,0.5:120:4")
    parser.add_argument("--leave-out-sources", type=int, nargs="*", default=[], help="see ../shared/faces/README.md")
    arguments = parser.parse_args()
    settings = TrainingSettings(
        run=arguments.run, method=arguments.objective, stages=arguments.stages,
        leave_out_sources=tuple(arguments.leave_out_sources), **{name: getattr(arguments, name) for name in names},
    )  # fmt: skip
    run(settings, arguments.resume, arguments.initial)


if __name__ == "__main__":
    main()
