# SPDX-License-Identifier: GPL-3.0-or-later
"""Batches of upright faces as footage shows them: a little off their place, in any look, now and then mirrored or
covered; deterministic from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from ddfa_blender.symmetry import MIRRORED_CHANNELS, MIRRORED_LANDMARKS
from ddfa_blender.tracking.upright import UPRIGHT_SIZE
from training.occluders import Occluder
from training.photometric import Look, Picture, lose_resolution

from .faces import UprightFaces

#: How far the tracker sets a face beside its place (pixels), turns it (degrees) and mistakes its size: standard
#: deviations, a little more than was measured.
_SHIFT, _TURN, _GROWTH = 1.5, 2.0, 0.03
_COVERED_SHARE = 0.08
#: Much footage shows faces smaller than the network sees them; to this share of the size at least.
_COARSE_SHARE, _COARSEST = 0.3, 0.4
#: So many get another look: colours, blur, noise. The pictures differ enough not to be learnt by heart, and small
#: movements are seen best on plain ones.
_LOOK_SHARE = 0.5


class Batch(NamedTuple):
    """``images`` (n, 128, 128, 3) uint8, ``landmarks`` (n, 136) their pixels; else as in :class:`UprightFaces`."""

    images: Tensor
    arkit: Tensor
    exact: Tensor
    scored: Tensor
    landmarks: Tensor


def augmented(picture: Picture, other: Picture, rng: np.random.Generator) -> tuple[Picture, NDArray[np.float64], bool]:
    """A stored picture as the network is to see it (128, 128, 3), the warp (2, 3) that its pixels took, and whether it
    is mirrored; ``other`` may cover it."""
    grown = np.exp(_GROWTH * rng.normal())
    turn = np.radians(_TURN * rng.normal())
    linear = grown * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    mirrored = bool(rng.random() < 0.5)
    if mirrored:
        linear[:, 0] *= -1.0
    middle, wanted = (len(picture) - 1) / 2.0, (UPRIGHT_SIZE - 1) / 2.0
    offset = wanted + _SHIFT * rng.normal(size=2) - linear @ [middle, middle]
    warp = np.concatenate([linear, offset[:, None]], axis=1)
    flags = cv2.INTER_LINEAR
    seen = cv2.warpAffine(picture, warp, (UPRIGHT_SIZE, UPRIGHT_SIZE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    if rng.random() < _COVERED_SHARE:
        cover = cv2.resize(other, (UPRIGHT_SIZE, UPRIGHT_SIZE))
        seen = Occluder.draw(seen, rng.uniform(0.1, 0.9, (68, 2)) * UPRIGHT_SIZE, cover, rng).cover(seen)
    if rng.random() < _COARSE_SHARE:
        seen = lose_resolution(seen, rng.uniform(_COARSEST, 1.0))
    return (Look.draw(rng).apply(seen, rng) if rng.random() < _LOOK_SHARE else seen), warp, mirrored


class BatchSequence(Dataset[Batch]):
    """Batch of each step, ``shares`` of it from each group; step i is the same whenever it is made."""

    def __init__(
        self, groups: Sequence[Sequence[UprightFaces]], shares: Sequence[float], batch: int, steps: int, seed: int
    ) -> None:
        self._groups = [list(group) for group in groups]
        self._ends = [np.cumsum([len(part) for part in group]) for group in self._groups]
        self._shares, self._batch, self._steps, self._seed = np.array(shares), batch, steps, seed

    def __len__(self) -> int:
        return self._steps

    def _draw(self, rng: np.random.Generator) -> tuple[UprightFaces, int]:
        which = int(rng.choice(len(self._groups), p=self._shares / self._shares.sum()))
        index = int(rng.integers(self._ends[which][-1]))
        part = int(np.searchsorted(self._ends[which], index, side="right"))
        start = 0 if part == 0 else int(self._ends[which][part - 1])
        return self._groups[which][part], index - start

    def __getitem__(self, step: int) -> Batch:
        rng = np.random.default_rng((self._seed, step))
        images = np.empty((self._batch, UPRIGHT_SIZE, UPRIGHT_SIZE, 3), np.uint8)
        rows: list[list[NDArray]] = []
        other = np.asarray(self._groups[0][0].pictures[0])
        for place in range(self._batch):
            faces, index = self._draw(rng)
            picture = np.asarray(faces.pictures[index])
            images[place], warp, mirrored = augmented(picture, other, rng)
            other = picture
            order = MIRRORED_CHANNELS if mirrored else slice(None)
            points = (faces.landmarks[index] - 0.5) @ warp[:, :2].T + warp[:, 2] + 0.5
            points = points[MIRRORED_LANDMARKS] if mirrored else points
            known = [values[index][order] for values in (faces.arkit, faces.exact, faces.scored)]
            rows.append([*known, points.astype(np.float32).reshape(136)])
        return Batch(
            torch.from_numpy(images), *(torch.from_numpy(np.stack(column)) for column in zip(*rows, strict=True))
        )
