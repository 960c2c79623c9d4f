# SPDX-License-Identifier: GPL-3.0-or-later
"""Labelled pictures in memory and batches of augmented crops from them, deterministic from a seed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ddfa_blender.names import ARKIT_NAMES

from .augmentation import Augmenter, Label
from .faces import PICTURE_SIZE, read_shard, shard_paths
from .workspace import DATA


@dataclass(frozen=True, eq=False)
class Pictures:
    """n pictures (n, 160, 160, 3) RGB with their labels (see :class:`Label`) and a sampling weight each."""

    images: NDArray[np.uint8]
    params: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    arkit: NDArray[np.float32]
    visible: NDArray[np.float32]
    weight: NDArray[np.float32]

    def label(self, index: int) -> Label:
        """Label of one picture."""
        return Label(
            self.params[index].astype(np.float64), self.landmarks[index].astype(np.float64), self.arkit[index],
            float(self.visible[index]),
        )  # fmt: skip

    @staticmethod
    def joined(parts: list[Pictures]) -> Pictures:
        """Several sets as one."""
        return Pictures(*(np.concatenate([getattr(p, name) for p in parts]) for name in Pictures.__annotations__))


def _decode(encoded: list[bytes]) -> NDArray[np.uint8]:
    def one(data: bytes) -> NDArray[np.uint8]:
        return cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)

    result = np.empty((len(encoded), PICTURE_SIZE, PICTURE_SIZE, 3), np.uint8)
    with ThreadPoolExecutor(2) as pool:
        for index, picture in enumerate(pool.map(one, encoded)):
            result[index] = picture
    return result


def real_faces(leave_out_sources: tuple[int, ...] = ()) -> Pictures:
    """The crops of ``../shared/faces`` with the labels of ``make_labels``.

    Sampling is raised for turned heads and strong expressions, which are rare.
    """
    with np.load(DATA / "labels.npz", allow_pickle=False) as data:
        params, landmarks, arkit = data["params"], data["landmarks68"], data["arkit"]
        source, residual = data["source"], data["residual"]
    images = _decode([webp for path in shard_paths() for webp in read_shard(path).webp])
    yaw = np.degrees(np.arcsin(np.clip(-params[:, 8] / np.linalg.norm(params[:, 8:11], axis=1), -1, 1)))
    weight = 1.0 + np.clip(np.abs(yaw) / 15.0, 0, 4)
    weight += 2.0 * (arkit[:, ARKIT_NAMES.index("jawOpen")] > 0.25) + 1.5 * (arkit[:, 8:10].max(axis=1) > 0.5)
    weight[residual > np.quantile(residual, 0.995)] = 0.0
    weight[np.isin(source, leave_out_sources)] = 0.0
    keep = weight > 0
    ones = np.ones(len(images), np.float32)
    sets = (images, params, landmarks, arkit, ones, weight.astype(np.float32))
    return Pictures(*(each[keep] for each in sets))


def rendered_heads(paths: list[Path], weight: float) -> Pictures:
    """Shards written by ``training.rendering``; each picture is drawn ``weight`` times as often as a plain photo."""
    parts = []
    for path in paths:
        with np.load(path, allow_pickle=False) as data:
            offsets, blob = data["offsets"], data["images"].tobytes()
            images = _decode([blob[offsets[i] : offsets[i + 1]] for i in range(len(offsets) - 1)])
            parts.append(
                Pictures(
                    images,
                    data["params"],
                    data["landmarks68"][..., :2],
                    data["arkit"],
                    data["visible"],
                    np.full(len(images), weight, np.float32),
                )
            )
    return Pictures.joined(parts)


@dataclass(frozen=True, eq=False)
class Batch:
    """``images`` (n, s, s, 3) uint8; labels as tensors, in crop pixels."""

    images: Tensor
    params: Tensor
    landmarks: Tensor
    arkit: Tensor
    confidence: Tensor


def make_batch(
    pictures: Pictures, chances: NDArray, augmenter: Augmenter, count: int, size: int, seed: tuple[int, int]
) -> Batch:
    """One batch drawn with the generator of ``seed`` (run seed, step)."""
    rng = np.random.default_rng(seed)
    chosen = np.searchsorted(chances, rng.random(count) * chances[-1])
    others = rng.integers(0, len(pictures.images), count)
    crops, labels = [], []
    for index, other in zip(chosen, others, strict=True):
        crop, label = augmenter(pictures.images[index], pictures.label(index), pictures.images[other], size, rng)
        crops.append(crop)
        labels.append(label)
    return Batch(
        torch.from_numpy(np.stack(crops)),
        torch.from_numpy(np.stack([label.params for label in labels]).astype(np.float32)),
        torch.from_numpy(np.stack([label.landmarks.reshape(136) for label in labels]).astype(np.float32)),
        torch.from_numpy(np.stack([label.arkit for label in labels])),
        torch.tensor([[label.confidence] for label in labels], dtype=torch.float32),
    )


def batches(
    pictures: Pictures, augmenter: Augmenter, count: int, sizes: list[int], seed: int, first_step: int
) -> Iterator[Batch]:
    """Batches of steps ``first_step``…, made ahead in a thread; step i is the same whenever it is made."""
    chances = np.cumsum(pictures.weight, dtype=np.float64)

    def make(step: int) -> Batch:
        return make_batch(pictures, chances, augmenter, count, sizes[step], (seed, step))

    ahead = 3
    with ThreadPoolExecutor(1) as pool:
        waiting = [pool.submit(make, step) for step in range(first_step, min(first_step + ahead, len(sizes)))]
        for step in range(first_step, len(sizes)):
            batch = waiting.pop(0).result()
            if step + ahead < len(sizes):
                waiting.append(pool.submit(make, step + ahead))
            yield batch
