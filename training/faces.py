# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the labelled face crops of ``../shared/faces`` (its README gives the format)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

#: Side of a stored crop, pixels.
PICTURE_SIZE = 160
SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@dataclass(frozen=True, eq=False)
class FaceShard:
    """One shard: ``webp`` n encoded pictures, ``landmarks`` (n, 478, 3) picture pixels (z negative towards the
    viewer), ``arkit`` (n, 52) in the order of ``ARKIT_NAMES`` (``tongueOut`` 0), ``source`` (n,)."""

    webp: list[bytes]
    landmarks: NDArray[np.float32]
    arkit: NDArray[np.float32]
    source: NDArray[np.uint8]


def shard_paths() -> list[Path]:
    """The shards in order.

    Raises:
        FileNotFoundError: ``../shared/faces`` is absent.
    """
    paths = sorted((SHARED / "faces").glob("faces-*.npz"))
    if not paths:
        raise FileNotFoundError(f"no labelled faces in {SHARED / 'faces'}")
    return paths


def encoded_pictures(images: NDArray[np.uint8], offsets: NDArray[np.int64]) -> list[bytes]:
    """The n picture files that a shard, of photos or of renders, holds in one array; ``offsets`` (n + 1,)."""
    blob = images.tobytes()
    return [blob[start:end] for start, end in pairwise(offsets)]


def decode_picture(data: bytes) -> NDArray[np.uint8]:
    """A picture file as (H, W, 3) RGB."""
    decoded = cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    return np.asarray(decoded, np.uint8)


def read_shard(path: Path) -> FaceShard:
    """Decode a shard's labels; the pictures stay encoded."""
    with np.load(path.parent / "landmark_basis.npz", allow_pickle=False) as basis:
        mean, components = basis["mean"], basis["components"]
    with np.load(path, allow_pickle=False) as data:
        webp = encoded_pictures(data["images"], data["offsets"])
        coefficients = data["landmark_coefficients"].astype(np.float32)
        scores = data["arkit"].astype(np.float32) / 255.0
        source = data["source"]
    names = json.loads((path.parent / "arkit_names.json").read_text(encoding="utf-8"))
    # The teacher's first score is `_neutral`; it has no `tongueOut`, which stands last in ARKIT_NAMES.
    if names[0] != "_neutral":
        raise ValueError(f"unexpected first score {names[0]} in arkit_names.json")
    arkit = np.concatenate([scores[:, 1:], np.zeros((len(scores), 1), np.float32)], axis=1)
    landmarks = (coefficients @ components.reshape(len(components), -1)).reshape(-1, *mean.shape) + mean
    return FaceShard(webp, landmarks.astype(np.float32), arkit, source)
