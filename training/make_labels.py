# SPDX-License-Identifier: GPL-3.0-or-later
"""Fit the 62 parameters to every face of ``../shared/faces`` and store the labels.

    python -m training.make_labels

Writes ``training/data/labels.npz``: ``params`` (n, 62) for the 160-pixel picture with y up, ``landmarks68``
(n, 68, 2) picture pixels with y down (the model's, moved by the teacher's local residual: the target of the
landmark branch), ``arkit`` (n, 52), ``source`` (n,), ``residual`` (n,) pixels.

Landmarks of one picture cannot tell a wide mouth from a smile: with a prior of no expression, the shape takes over
part of every smile, and components that 468 points hardly see come out as nothing. The teacher's scores can tell, so
the expression's prior is centred on the coefficients that they stand for.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import EXPRESSION_COUNT, SHAPE_COUNT
from ddfa_blender.projection import apply, split
from ddfa_blender.symmetry import MIRRORED_CHANNELS

from .faces import PICTURE_SIZE, SHARED, read_shard, shard_paths
from .fitting import Fit, fit_landmarks
from .make_morphable_model import make_parts
from .place_landmarks import read_places
from .rendering.labels import expression_fit
from .teacher_landmarks import MESH_LANDMARKS, HeadBases, landmark_weights, picture_to_camera
from .workspace import DATA

_CHUNK = 250
#: Reach of a teacher landmark's residual on the mesh, millimetres.
_RESIDUAL_REACH = 4.0
#: The share of faces taken to be at rest in a channel; what the teacher scores there is its own offset.
_AT_REST = 0.15


def resting_scores(arkit: NDArray) -> NDArray:
    """The teacher's scores (52,) of a face at rest, the same for either side, from scores (n, 52) of many faces."""
    low = np.quantile(arkit, _AT_REST, axis=0)
    return (low + low[MIRRORED_CHANNELS]) / 2


class LabelFitter:
    """Fits the parameters to the teacher's landmarks and places the 68 points."""

    def __init__(self) -> None:
        head = HeadBases.of(make_parts())
        teacher, points68 = read_places("teacher_landmarks.npz"), read_places("landmarks68.npz")
        self._mean, self._bases = head.at(teacher)
        self._model = MorphableModel.load()
        self._expression_of_scores = expression_fit(self._model)
        distance = np.linalg.norm(points68.of(head.mean)[:, None] - teacher.of(head.mean)[None], axis=-1)
        nearness = np.exp(-0.5 * (distance / _RESIDUAL_REACH) ** 2) + 1e-12
        self._spread = nearness / np.maximum(nearness.sum(axis=1, keepdims=True), 1.0)

    def fit(self, landmarks: NDArray, scores: NDArray | None = None) -> tuple[Fit, NDArray]:
        """Fit to (n, 468, 3) picture landmarks; returns the fit and the 68 points (n, 68, 2), y down.

        ``scores`` (n, 52), zero at rest, centre the prior on the expression; without them it is centred on none.
        """
        points = torch.from_numpy(picture_to_camera(landmarks))
        centre = points.new_zeros(len(points), SHAPE_COUNT + EXPRESSION_COUNT)
        if scores is not None:
            centre[:, SHAPE_COUNT:] = torch.from_numpy(scores @ self._expression_of_scores)
        fit = fit_landmarks(points, self._mean, self._bases, landmark_weights(), prior_mean=centre)
        transform, shape, expression = split(fit.params.numpy())
        coefficients = torch.from_numpy(np.concatenate([shape, expression], axis=1))
        teacher = self._mean + torch.einsum("lck,nk->nlc", self._bases, coefficients)
        residual = points.numpy()[..., :2] - apply(transform, teacher.numpy())[..., :2]
        projected = apply(transform, self._model.landmarks68(shape, expression))[..., :2]
        corrected = projected + np.einsum("ml,nlc->nmc", self._spread, residual)
        return fit, corrected * [1, -1] + [0, PICTURE_SIZE]


def print_calibration(fitter: LabelFitter) -> None:
    """Error of the corrected 68 points on the human labels of the calibration photos."""
    with np.load(SHARED / "bench" / "calibration.npz", allow_pickle=False) as data:
        _, points = fitter.fit(data["landmarks"][:, :MESH_LANDMARKS])
        human = data["landmarks68"]
    box = np.sqrt(np.prod(np.ptp(human, axis=1), axis=-1))
    error = 100 * np.linalg.norm(points - human, axis=-1) / box[:, None]
    print(f"corrected points on human labels: NME-68 {error.mean():.2f} %, NME-51 {error[:, 17:].mean():.2f} %")


def main() -> None:
    fitter = LabelFitter()
    print_calibration(fitter)
    shards = [read_shard(path) for path in shard_paths()]
    landmarks = np.concatenate([shard.landmarks[:, :MESH_LANDMARKS] for shard in shards])
    arkit = np.concatenate([shard.arkit for shard in shards])
    scores = np.clip(arkit - resting_scores(arkit), 0.0, 1.0)
    params, points, residual = [], [], []
    for start in range(0, len(landmarks), _CHUNK):
        fit, placed = fitter.fit(landmarks[start : start + _CHUNK], scores[start : start + _CHUNK])
        params.append(fit.params.numpy().astype(np.float32))
        points.append(placed.astype(np.float32))
        residual.append(fit.residual.numpy().astype(np.float32))
        print(f"\r{start + len(placed)} of {len(landmarks)}", end="", flush=True)
    size = np.ptp(landmarks[..., :2], axis=1).max(axis=1)
    share = 100 * np.concatenate(residual) / size
    print(f"\nresidual {share.mean():.2f} % of the face box, 95th percentile {np.quantile(share, 0.95):.2f} %")
    _, shape, expression = split(np.concatenate(params))
    for name, coefficients in (("shape", shape), ("expression", expression)):
        largest = np.quantile(np.abs(coefficients), 0.999)
        print(f"{name} coefficients: spread {coefficients.std():.2f}, 99.9th percentile of size {largest:.1f}")
    DATA.mkdir(parents=True, exist_ok=True)
    source = np.concatenate([shard.source for shard in shards])
    np.savez(DATA / "labels.npz", params=np.concatenate(params), landmarks68=np.concatenate(points),
             arkit=arkit, source=source, residual=np.concatenate(residual))  # fmt: skip


if __name__ == "__main__":
    main()
