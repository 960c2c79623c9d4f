# SPDX-License-Identifier: GPL-3.0-or-later
"""Give blinks, smiles and open mouths their full size back.

    python -m training.calibration --run NAME

A network that is not sure says less than is there: its answer is the mean of what a picture leaves open, so that its
spread is the truth's times their correlation. An animator sees that as lids that do not close. Where it follows the
truth well, its scores, its expression coefficients and the lids of its landmark branch are stretched until they are
spread as the labels of the photos are. It costs nothing when the network runs: the heads are linear,
:mod:`training.export` multiplies them. Writes ``training/runs/NAME/calibration.npz``.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES, EXPRESSION_COUNT, PARAMETER_COUNT
from ddfa_blender.projection import CROP_SIZE
from ddfa_blender.symmetry import MIRRORED_CHANNELS

from .dataset import Pictures, real_faces
from .evaluation.apertures import EYES
from .face_rotation import FaceRotator
from .network import BRANCH_SHARE, DeployedRegressor
from .parameter_costs import FaceSurface
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
#: Quantiles of an eye's opening, from nearly its smallest up to where it rests.
_LID_QUANTILES = np.linspace(0.005, 0.5, 100)


@dataclass(frozen=True, eq=False)
class Calibration:
    """``scale`` · x + ``offset`` for the logits of the scores (52,), the expression coefficients (10,), and the
    height ÷ width of both eyes in the landmark branch (1,)."""

    arkit_scale: NDArray[np.float64]
    arkit_offset: NDArray[np.float64]
    expression_scale: NDArray[np.float64]
    expression_offset: NDArray[np.float64]
    lid_scale: NDArray[np.float64]
    lid_offset: NDArray[np.float64]

    def save(self, path: Path) -> None:
        """Write the arrays."""
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
        self._stretch_lids(heads, slice(PARAMETER_COUNT, start), statistics.landmarks_mean, statistics.landmarks_std)

    def _stretch_lids(self, heads: torch.nn.Linear, rows: slice, mean: Tensor, std: Tensor) -> None:
        """Move the upper lids of the landmarks in ``rows``: the new points are a linear map of the old ones."""
        change = torch.from_numpy(_lid_change(float(self.lid_scale[0]), float(self.lid_offset[0]))).to(mean)
        # The heads give z-scores: (I + C)(σ z + m) = σ ((I + σ⁻¹ C σ) z + σ⁻¹ C m) + m.
        heads.weight[rows] += (change * std / std[:, None]) @ heads.weight[rows]
        heads.bias[rows] += (change * std / std[:, None]) @ heads.bias[rows] + change @ mean / std


def _stretch(heads: torch.nn.Linear, rows: slice, scale: NDArray, offset: NDArray) -> None:
    factor = torch.from_numpy(scale).to(heads.weight)
    heads.weight[rows] *= factor[:, None]
    heads.bias[rows] = heads.bias[rows] * factor + torch.from_numpy(offset).to(heads.bias)


def _lid_change(scale: float, offset: float) -> NDArray[np.float64]:
    """What is added (136, 136) to the landmarks' x and y so that an eye of height h and width w gets the height
    ``scale`` · h + ``offset`` · w. The upper lid moves, square to the line between the corners."""
    change = np.zeros((68, 2, 68, 2))
    for corner, first, second, other, below_second, below_first in EYES.values():
        for upper, lower in ((first, below_first), (second, below_second)):
            for axis in range(2):
                change[upper, axis, upper, axis] += scale - 1.0
                change[upper, axis, lower, axis] -= scale - 1.0
            # (x, y) turned by a right angle is (−y, x); the upper lid lies on its negative side.
            for end, sign in ((other, 1.0), (corner, -1.0)):
                change[upper, 0, end, 1] += sign * offset
                change[upper, 1, end, 0] -= sign * offset
    return change.reshape(136, 136)


def eye_openings(landmarks: NDArray) -> NDArray[np.float64]:
    """Height ÷ width (n, 2) of both eyes in points (n, 68, 2), y down; negative where the lids cross."""
    openings = []
    for corner, first, second, other, below_second, below_first in EYES.values():
        width = landmarks[:, other] - landmarks[:, corner]
        height = (landmarks[:, [below_first, below_second]] - landmarks[:, [first, second]]).mean(axis=1)
        square = np.stack([-width[:, 1], width[:, 0]], axis=1)
        openings.append((height * square).sum(axis=1) / np.maximum((width**2).sum(axis=1), 1e-6))
    return np.stack(openings, axis=1)


def calibrated_lids(openings: NDArray, true: NDArray) -> tuple[float, float]:
    """Scale and offset that make eyes with ``openings`` (n, 2) close as far as with ``true`` ones (n, 2)."""
    found, labelled = openings.ravel(), true.ravel()
    if _correlation(found, labelled) < _FOLLOWS:
        return 1.0, 0.0
    return matching_line(found, labelled, _LID_QUANTILES)


def logit(scores: NDArray) -> NDArray[np.float64]:
    """Logits of scores 0…1, which count as at least 1 % away from either end."""
    inside = np.clip(scores.astype(np.float64), _LEAST_SCORE, 1.0 - _LEAST_SCORE)
    return np.asarray(np.log(inside / (1.0 - inside)))


def matching_line(found: NDArray, true: NDArray, quantiles: NDArray) -> tuple[float, float]:
    """Scale (1 … 1.3) and offset that take the ``quantiles`` of ``found`` (n,) to those of ``true`` (n,)."""
    a, b = np.quantile(found, quantiles), np.quantile(true, quantiles)
    scale = float(np.clip(np.polyfit(a, b, 1)[0], 1.0, _LARGEST_SCALE)) if np.ptp(a) > 1e-6 else 1.0
    return scale, float((b - scale * a).mean())


def calibrate(
    arkit: NDArray, true_arkit: NDArray, expression: NDArray, true_expression: NDArray,
    openings: NDArray, true_openings: NDArray,
) -> Calibration:  # fmt: skip
    """From scores (n, 52), coefficients (n, 10) and eyes' openings (n, 2) as found and as they should be; both sides
    of a face get the same."""
    arkit_lines = np.tile([1.0, 0.0], (len(ARKIT_NAMES), 1))
    swap = MIRRORED_CHANNELS
    followed = np.array([_correlation(a, b) for a, b in zip(arkit.T, true_arkit.T, strict=True)])
    for index in np.flatnonzero(np.minimum(followed, followed[swap]) >= _FOLLOWS):
        arkit_lines[index] = matching_line(logit(arkit[:, index]), logit(true_arkit[:, index]), _QUANTILES)
    arkit_lines = 0.5 * (arkit_lines + arkit_lines[swap])
    expression_lines = np.tile([1.0, 0.0], (EXPRESSION_COUNT, 1))
    for index, (found, true) in enumerate(zip(expression.T, true_expression.T, strict=True)):
        if _correlation(found, true) >= _FOLLOWS:
            scale = float(np.clip(true.std() / found.std(), 1.0, _LARGEST_SCALE))
            expression_lines[index] = scale, true.mean() - scale * found.mean()
    lids = calibrated_lids(openings, true_openings)
    return Calibration(*arkit_lines.T, *expression_lines.T, *np.array(lids)[:, None])


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
    params, landmarks, arkit = (np.concatenate([output[index] for output in outputs]) for index in range(3))
    return calibrate(
        arkit, pictures.arkit[chosen], params[:, -EXPRESSION_COUNT:], pictures.params[chosen, -EXPRESSION_COUNT:],
        eye_openings(landmarks.reshape(-1, 68, 2)), _wanted_openings(params, pictures.landmarks[chosen]),
    )  # fmt: skip


def _wanted_openings(params: NDArray, true_landmarks: NDArray) -> NDArray[np.float64]:
    """Eyes' openings (n, 2) in the landmark branch with which a Take's points, which lie between it and the surface of
    ``params`` (n, 62), have those of the labels' points (n, 68, 2)."""
    surface = FaceSurface(MorphableModel.load()).project(torch.from_numpy(params))[:, -68:, :2].numpy()
    own = eye_openings(surface * np.array([1.0, -1.0]))  # the surface's y is up
    return (eye_openings(true_landmarks) - (1.0 - BRANCH_SHARE) * own) / BRANCH_SHARE


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
    print(f"eyes' height × {found.lid_scale[0]:.2f} {found.lid_offset[0]:+.3f} of their width")


if __name__ == "__main__":
    main()
