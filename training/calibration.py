# SPDX-License-Identifier: GPL-3.0-or-later
"""Give blinks, smiles and open mouths their full size back.

    python -m training.calibration --run NAME

A network that is not sure says less than is there: its answer is the mean of what a picture leaves open, so that its
spread is the truth's times their correlation. An animator sees that as lids that do not close. Where it follows the
truth well, its scores and expression coefficients are stretched until they are spread as the labels of the photos are.
It costs nothing when the network runs: the heads are linear, :mod:`training.export` multiplies them. Writes
``training/runs/NAME/calibration.npz``.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES, EXPRESSION_COUNT, PARAMETER_COUNT
from ddfa_blender.projection import CROP_SIZE

from .dataset import Pictures, real_faces
from .expressions import swapped_sides
from .face_rotation import FaceRotator
from .network import DeployedRegressor
from .views import Still, View, roi_warp
from .workspace import RUNS

#: Correlation with the labels from which on a channel is stretched; what follows them less would only gain noise.
_FOLLOWS = 0.8
#: No channel is stretched more, or is made smaller.
_LARGEST_SCALE = 1.3
#: Scores that count as never quite 0 or 1 when they become logits.
_LEAST_SCORE = 0.01
#: A logit's quantiles from the one where a channel rests up to nearly its largest.
_QUANTILES = np.linspace(0.5, 0.995, 100)
_PHOTOS, _SEED = 4000, 11


@dataclass(frozen=True, eq=False)
class Calibration:
    """``scale`` · x + ``offset`` for the logits of the scores (52,) and the expression coefficients (10,)."""

    arkit_scale: NDArray[np.float64]
    arkit_offset: NDArray[np.float64]
    expression_scale: NDArray[np.float64]
    expression_offset: NDArray[np.float64]

    def save(self, path: Path) -> None:
        """Write the four arrays."""
        np.savez(path, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """Read what :meth:`save` wrote."""
        with np.load(path, allow_pickle=False) as data:
            return cls(*(data[field.name] for field in fields(cls)))

    @torch.no_grad()
    def apply(self, regressor: DeployedRegressor) -> None:
        """Multiply the heads of ``regressor`` in place."""
        heads, statistics = regressor.network.heads, regressor.statistics
        expression = slice(PARAMETER_COUNT - EXPRESSION_COUNT, PARAMETER_COUNT)
        mean, std = (getattr(statistics, name)[expression].double().numpy() for name in ("params_mean", "params_std"))
        # The heads give z-scores: s (z σ + m) + o = σ (s z + ((s − 1) m + o) / σ) + m.
        _stretch(heads, expression, self.expression_scale,
                 ((self.expression_scale - 1.0) * mean + self.expression_offset) / std)  # fmt: skip
        start = sum(regressor.network.sizes[:2])
        _stretch(heads, slice(start, start + len(ARKIT_NAMES)), self.arkit_scale, self.arkit_offset)


def _stretch(heads: torch.nn.Linear, rows: slice, scale: NDArray, offset: NDArray) -> None:
    factor = torch.from_numpy(scale).to(heads.weight)
    heads.weight[rows] *= factor[:, None]
    heads.bias[rows] = heads.bias[rows] * factor + torch.from_numpy(offset).to(heads.bias)


def logit(scores: NDArray) -> NDArray[np.float64]:
    """Logits of scores 0…1, which count as at least 1 % away from either end."""
    inside = np.clip(scores.astype(np.float64), _LEAST_SCORE, 1.0 - _LEAST_SCORE)
    return np.asarray(np.log(inside / (1.0 - inside)))


def matching_line(found: NDArray, true: NDArray, quantiles: NDArray) -> tuple[float, float]:
    """Scale (1 … 1.3) and offset that take the ``quantiles`` of ``found`` (n,) to those of ``true`` (n,)."""
    a, b = np.quantile(found, quantiles), np.quantile(true, quantiles)
    scale = float(np.clip(np.polyfit(a, b, 1)[0], 1.0, _LARGEST_SCALE)) if np.ptp(a) > 1e-6 else 1.0
    return scale, float((b - scale * a).mean())


def calibrate(arkit: NDArray, true_arkit: NDArray, expression: NDArray, true_expression: NDArray) -> Calibration:
    """From scores (n, 52) and coefficients (n, 10) as found and as labelled; both sides of a face get the same."""
    arkit_lines = np.tile([1.0, 0.0], (len(ARKIT_NAMES), 1))
    swap = swapped_sides()
    followed = np.array([_correlation(a, b) for a, b in zip(arkit.T, true_arkit.T, strict=True)])
    for index in np.flatnonzero(np.minimum(followed, followed[swap]) >= _FOLLOWS):
        arkit_lines[index] = matching_line(logit(arkit[:, index]), logit(true_arkit[:, index]), _QUANTILES)
    arkit_lines = 0.5 * (arkit_lines + arkit_lines[swap])
    expression_lines = np.tile([1.0, 0.0], (EXPRESSION_COUNT, 1))
    for index, (found, true) in enumerate(zip(expression.T, true_expression.T, strict=True)):
        if _correlation(found, true) >= _FOLLOWS:
            scale = float(np.clip(true.std() / found.std(), 1.0, _LARGEST_SCALE))
            expression_lines[index] = scale, true.mean() - scale * found.mean()
    return Calibration(*arkit_lines.T, *expression_lines.T)


def _correlation(found: NDArray, true: NDArray) -> float:
    if found.std() < 1e-6 or true.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(found, true)[0, 1])


def plain_crops(pictures: Pictures, chosen: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Crops (n, 120, 120, 3) in the ROI of the labels, nothing done to them."""
    model = MorphableModel.load()
    rotator = FaceRotator(model)
    crops = []
    for index in chosen:
        label = pictures.label(int(index))
        view = View(np.eye(3), roi_warp(label.landmarks, 0.0, 1.0, np.zeros(2)))
        crops.append(Still(pictures.images[index], label, model, rotator).seen_by(view, CROP_SIZE)[0])
    return np.stack(crops)


@torch.no_grad()
def measure(regressor: DeployedRegressor, pictures: Pictures, count: int = _PHOTOS) -> Calibration:
    """Calibration of a regressor on ``count`` random photos, each as likely as any other."""
    chosen = np.random.default_rng(_SEED).choice(len(pictures.images), min(count, len(pictures.images)), replace=False)
    outputs = [
        [part.numpy() for part in regressor(torch.from_numpy(crops))]
        for crops in np.array_split(plain_crops(pictures, chosen), max(1, len(chosen) // 128))
    ]
    params, arkit = (np.concatenate([output[index] for output in outputs]) for index in (0, 2))
    return calibrate(arkit, pictures.arkit[chosen], params[:, -EXPRESSION_COUNT:],
                     pictures.params[chosen, -EXPRESSION_COUNT:])  # fmt: skip


def main() -> None:
    from .export import load_deployed

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True)
    run = RUNS / parser.parse_args().run
    found = measure(load_deployed(run / "checkpoint.pt"), real_faces())
    found.save(run / "calibration.npz")
    for name, scale, offset in zip(ARKIT_NAMES, found.arkit_scale, found.arkit_offset, strict=True):
        if scale != 1.0 or offset != 0.0:
            print(f"{name:20s} logit × {scale:.2f} {offset:+.2f}")
    print("expression ×", " ".join(f"{scale:.2f}" for scale in found.expression_scale))


if __name__ == "__main__":
    main()
