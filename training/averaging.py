# SPDX-License-Identifier: GPL-3.0-or-later
"""Average the weights of several runs: better than each of them, and no slower.

    python -m training.averaging --run NAME FIRST=0.7 SECOND=0.3 …

Runs that went on from the same weights lie in one valley of the loss, and their mean lies lower than they do (Wortsman
et al., Model soups, 2022). Two things of a mean are not those of a trained network and are made anew from training
crops: the statistics of its BatchNorms (Izmailov et al., Averaging weights leads to wider optima, 2018), and the rows
of its heads that give the pose. Those sum many small terms (depth hardly shows in a picture), and errors of the mean
features add up there: an average of two runs turned heads by 8° where each of them missed by 4°. With the features as
they are the best rows have a closed form (ridge regression).

A third is mended on the way: in long runs some channels of the last blocks die. Their variance falls to nothing, and
a rare crop that still stirs one is then divided by nearly nothing, which turns heads by tens of degrees. Such channels
are silenced; a run alone (``FIRST=1``) may need that too.

Writes ``training/runs/NAME/checkpoint.pt``, for :mod:`training.calibration`, :mod:`training.export` and ``--initial``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.projection import CROP_SIZE

from .augmentation import Augmenter
from .dataset import Batch, BatchSequence, BatchShape, batches, mixed, real_faces, render_shards, rendered_heads
from .network import FaceRegressor, Statistics, measure_normalisation, normalise
from .parameter_costs import TRANSFORM_COUNT
from .train import averaged_weights, load_statistics
from .workspace import RUNS

#: Batches that the statistics are measured on, and those that the pose is fitted to; the first are among the others.
_STATISTICS_BATCHES, _POSE_BATCHES = 40, 160
_BATCH, _RENDER_SHARE, _SEED = 128, 0.5, 77
#: A channel whose variance before its BatchNorm is less than this share of its layer's median is as good as dead.
_ALIVE = 0.01
#: How strongly the rows are held where they are, for features of unit variance. With 0.01 to 0.1 poses of held-out
#: renders differ by 0.05°.
_STRENGTH = 0.1


class RidgeRegression:
    """Least squares of what is missing (n, r) from features (n, c), batch after batch; small changes are preferred."""

    def __init__(self, features: int, rows: int) -> None:
        self._count = 0
        self._feature_sum, self._missing_sum = np.zeros(features), np.zeros(rows)
        self._squares, self._products = np.zeros((features, features)), np.zeros((features, rows))

    def add(self, features: NDArray, missing: NDArray) -> None:
        """Count n more samples."""
        features, missing = features.astype(np.float64), missing.astype(np.float64)
        self._count += len(features)
        self._feature_sum += features.sum(axis=0)
        self._missing_sum += missing.sum(axis=0)
        self._squares += features.T @ features
        self._products += features.T @ missing

    def solve(self, strength: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Weight (r, c) and bias (r,) to add; ``strength`` (≥ 0) counts for features of unit variance.

        Raises:
            ValueError: nothing was added.
        """
        if not self._count:
            raise ValueError("there are no samples to fit to")
        mean, missing = self._feature_sum / self._count, self._missing_sum / self._count
        covariance = self._squares / self._count - np.outer(mean, mean)
        spread = np.sqrt(np.maximum(np.diag(covariance), 1e-8))
        scaled = covariance / np.outer(spread, spread) + strength * np.eye(len(mean))
        shared = (self._products / self._count - np.outer(mean, missing)) / spread[:, None]
        weight = (np.linalg.solve(scaled, shared) / spread[:, None]).T
        return weight, missing - weight @ mean


def mean_weights(runs: Sequence[tuple[dict[str, Tensor], float]]) -> dict[str, Tensor]:
    """Weights of networks of the same shape and statistics, averaged by their shares."""
    total = sum(share for _, share in runs)
    return {
        name: sum((weights[name] * (share / total) for weights, share in runs), torch.zeros_like(first))
        if first.dtype.is_floating_point
        else first
        for name, first in runs[0][0].items()
    }


@torch.no_grad()
def silence_dead_channels(network: FaceRegressor) -> int:
    """Let channels that hardly a crop stirs give what they give at rest, whatever comes; returns how many there were.

    BatchNorm divides by their standard deviation, so that what stirs one once in thousands of crops would drown the
    others. The statistics must have been measured.
    """
    silenced = 0
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d) and layer.running_var is not None:
            dead = layer.running_var < _ALIVE * layer.running_var.median()
            layer.weight[dead] = 0.0
            silenced += int(dead.sum())
    return silenced


@torch.no_grad()
def fit_pose(network: FaceRegressor, statistics: Statistics, samples: Iterable[Batch]) -> None:
    """Solve the head's rows of the pose anew, for the features that the network has."""
    rows = slice(0, TRANSFORM_COUNT)
    heads = network.heads
    regression = RidgeRegression(heads.in_features, TRANSFORM_COUNT)
    for batch in samples:
        seen = batch.confidence[:, 0] > 0
        features = network.features(normalise(batch.images[seen]))
        found = features @ heads.weight[rows].T + heads.bias[rows]
        true = (batch.params[seen, rows] - statistics.params_mean[rows]) / statistics.params_std[rows]
        regression.add(features.numpy(), (true - found).numpy())
    weight, bias = regression.solve(_STRENGTH)
    heads.weight[rows] += torch.from_numpy(weight).to(heads.weight)
    heads.bias[rows] += torch.from_numpy(bias).to(heads.bias)


def average(checkpoints: Mapping[Path, float]) -> dict[str, Any]:
    """A checkpoint whose averaged weights are the mean of the averaged weights of others, with these shares.

    Raises:
        FileNotFoundError: a checkpoint, the photos, their labels or the renders are missing.
    """
    last = torch.load(list(checkpoints)[-1], weights_only=True, map_location="cpu")
    statistics = load_statistics(last)
    network = FaceRegressor(last["settings"]["width"])
    network.load_state_dict(
        mean_weights([(averaged_weights(path, statistics), share) for path, share in checkpoints.items()])
    )
    pictures = mixed([(real_faces(), 1.0 - _RENDER_SHARE), (rendered_heads(render_shards()), _RENDER_SHARE)])
    shapes = [BatchShape(_BATCH, CROP_SIZE)] * _POSE_BATCHES
    sequence = BatchSequence(pictures, Augmenter(MorphableModel.load()), shapes, _SEED)
    first = [sequence[index] for index in range(_STATISTICS_BATCHES)]
    crops = [batch.images for batch in first]
    measure_normalisation(network, crops)
    print(f"{silence_dead_channels(network)} dead channels silenced", flush=True)
    measure_normalisation(network, crops)  # what comes after them has changed
    fit_pose(network, statistics, chain(first, batches(sequence, _STATISTICS_BATCHES)))
    return {**last, "network": network.state_dict(), "averaged": network.state_dict()}


def _share(text: str) -> tuple[Path, float]:
    name, _, share = text.partition("=")
    return RUNS / name / "checkpoint.pt", float(share or 1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True, help="name of the result")
    parser.add_argument("of", type=_share, nargs="+", metavar="RUN[=SHARE]")
    arguments = parser.parse_args()
    missing = [str(path) for path, _ in arguments.of if not path.is_file()]
    if missing:
        parser.error(f"there is no {' and no '.join(missing)}; `python -m training.train` writes it")
    checkpoint = average(dict(arguments.of))
    folder = RUNS / arguments.run
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(checkpoint, folder / "checkpoint.pt")
    print(folder / "checkpoint.pt")


if __name__ == "__main__":
    main()
