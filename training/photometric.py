# SPDX-License-Identifier: GPL-3.0-or-later
"""Random changes of a crop's look: colour, blur, noise, compression, covering patches."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def change_colour(picture: Picture, rng: np.random.Generator) -> Picture:
    """Brightness, contrast, gamma, white balance, saturation; sometimes grey."""
    lookup = np.linspace(0.0, 1.0, 256)[:, None] ** np.exp(rng.normal(0, 0.25))
    lookup = (lookup - 0.5) * np.exp(rng.normal(0, 0.2)) + 0.5 + rng.normal(0, 0.08)
    lookup = lookup * np.exp(rng.normal(0, 0.06, 3))
    table = np.clip(lookup * 255, 0, 255).astype(np.uint8)
    result = np.stack([cv2.LUT(picture[..., c], table[:, c]) for c in range(3)], axis=-1)
    saturation = 0.0 if rng.random() < 0.08 else np.exp(rng.normal(0, 0.25))
    if abs(saturation - 1) > 0.05:
        grey = cv2.cvtColor(cv2.cvtColor(result, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        result = cv2.addWeighted(result, saturation, grey, 1 - saturation, 0)
    return result


def blur(picture: Picture, rng: np.random.Generator) -> Picture:
    """Gaussian blur, motion blur or a loss of resolution."""
    kind, size = rng.integers(3), picture.shape[0]
    if kind == 0:
        return cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.6) * size / 120)
    if kind == 1:
        length = int(rng.integers(3, 10))
        kernel = np.zeros((length, length), np.float32)
        kernel[length // 2] = 1.0 / length
        turn = cv2.getRotationMatrix2D(((length - 1) / 2, (length - 1) / 2), rng.uniform(0, 180), 1.0)
        kernel = cv2.warpAffine(kernel, turn, (length, length))
        return cv2.filter2D(picture, -1, kernel / max(float(kernel.sum()), 1e-6))
    small = max(16, int(size * rng.uniform(0.25, 0.7)))
    return cv2.resize(cv2.resize(picture, (small, small), interpolation=cv2.INTER_AREA), (size, size))


def compress(picture: Picture, rng: np.random.Generator) -> Picture:
    """JPEG artefacts."""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 70))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))


def add_noise(picture: Picture, rng: np.random.Generator) -> Picture:
    """Sensor noise, standard deviation up to 12 grey levels."""
    noise = rng.standard_normal(picture.shape, dtype=np.float32) * rng.uniform(2, 12)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def cover(picture: Picture, other: Picture, rng: np.random.Generator) -> tuple[Picture, NDArray[np.bool_]]:
    """Cover a part with an ellipse or a rotated box: plain, noisy or cut out of ``other``. Returns the mask too."""
    size = picture.shape[0]
    mask = np.zeros((size, size), np.uint8)
    centre = tuple(float(v) for v in rng.uniform(0.05, 0.95, 2) * size)
    axes = tuple(float(v) for v in rng.uniform(0.1, 0.5, 2) * size)
    box = (centre, axes, float(rng.uniform(0, 180)))
    if rng.random() < 0.5:
        cv2.ellipse(mask, box, 1, -1)
    else:
        cv2.fillPoly(mask, [cv2.boxPoints(box).astype(np.int32)], 1)
    chosen = mask.astype(bool)
    if rng.random() < 0.5:
        patch = np.roll(other, rng.integers(0, size, 2), axis=(0, 1))
    else:
        patch = np.broadcast_to(rng.integers(0, 256, 3).astype(np.uint8), picture.shape)
    result = picture.copy()
    result[chosen] = patch[chosen]
    return result, chosen


def shuffle_tiles(picture: Picture, rng: np.random.Generator) -> Picture:
    """A picture with a face's colours and textures but no face: 4×4 tiles in random order."""
    tiles, step = 4, picture.shape[0] // 4
    cut = picture[: tiles * step, : tiles * step].reshape(tiles, step, tiles, step, 3).swapaxes(1, 2)
    cut = rng.permutation(cut.reshape(-1, step, step, 3)).reshape(tiles, tiles, step, step, 3)
    return cv2.resize(cut.swapaxes(1, 2).reshape(tiles * step, tiles * step, 3), picture.shape[1::-1])


def change_look(picture: Picture, rng: np.random.Generator) -> Picture:
    """The photometric chain as used in training."""
    result = change_colour(picture, rng) if rng.random() < 0.85 else picture
    if rng.random() < 0.3:
        result = blur(result, rng)
    if rng.random() < 0.3:
        result = add_noise(result, rng)
    if rng.random() < 0.15:
        result = compress(result, rng)
    return result
