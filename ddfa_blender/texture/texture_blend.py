# SPDX-License-Identifier: GPL-3.0-or-later
"""Several pictures of one surface into one texture: evened out, outvoted, blended in two bands. Linear light."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

#: Added to colours before taking logarithms: black has no tone.
_DARK = 0.004
#: How much overlap outweighs the overall difference.
_EVEN_TRUST = 0.003
#: Differences in tone (natural logarithms) against the overall one that go into it, and that come out, at most.
_OUTLIER, _MOST_GAIN = 0.7, 3.0
#: Natural logarithms by which a picture may differ from the median of all, and at which it no longer counts.
_AGREES, _DISAGREES = 0.22, 0.5
#: Reach of the broad band as a share of the texture's side; how sharply the better picture wins in each band.
_BROAD_REACH, _BROAD_POWER, _DETAIL_POWER = 0.02, 2, 8


def to_linear(display: NDArray) -> NDArray[np.float32]:
    """sRGB (…, 3), uint8 or shares of 1, to linear light 0…1 of the same shape."""
    if display.dtype == np.uint8:
        table = to_linear(np.arange(256, dtype=np.float32) / 255.0)
        return table[display]
    x = np.asarray(display, dtype=np.float32)
    return np.where(x <= 0.04045, x / 12.92, ((np.maximum(x, 0.04045) + 0.055) / 1.055) ** 2.4).astype(np.float32)


def to_display(linear: NDArray) -> NDArray[np.float32]:
    """Linear light (…, 3) to sRGB of the same shape, shares of 1, clipped."""
    x = np.clip(linear, 0.0, 1.0)
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 0.0031308) ** (1.0 / 2.4) - 0.055).astype(
        np.float32
    )


def tone(colour: NDArray) -> NDArray[np.float32]:
    """Natural logarithm of linear colours (…, 3): equal steps are equal ratios of light."""
    result: NDArray[np.float32] = np.log(np.maximum(colour, 0.0) + _DARK)
    return result


def broad(values: NDArray, weight: NDArray, reach: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weighted mean of values (S, S, 3) over ``reach`` of the texture's side, and the weight found there (S, S)."""
    sigma = max(reach * len(values), 0.5)
    weighted = cv2.GaussianBlur((values * weight[..., None]).astype(np.float32), (0, 0), sigma)
    total = cv2.GaussianBlur(weight.astype(np.float32), (0, 0), sigma)
    return weighted / np.maximum(total, 1e-8)[..., None], total


def even_out(
    colour: NDArray,
    weight: NDArray,
    target: NDArray,
    target_weight: NDArray,
    *,
    reach: float,
    most: float = _OUTLIER,
) -> NDArray[np.float32]:
    """The smooth field of tones (S, S, 3) to add to ``colour`` to bring it to ``target``'s exposure and light.

    Judged where both are seen, over ``reach`` of the texture's side; elsewhere the field runs out into the overall
    difference, from which it may differ by ``most``.
    """
    overlap = np.sqrt(np.maximum(weight * target_weight, 0.0)).astype(np.float32)
    if not (overlap > 1e-3).any():
        return np.zeros_like(colour, dtype=np.float32)
    difference = tone(target) - tone(colour)
    overall = np.median(difference[overlap > 0.3 * overlap.max()], axis=0)
    difference = np.clip(difference, overall - most, overall + most)
    mean, total = broad(difference, overlap, reach)
    share = (total / (total + _EVEN_TRUST))[..., None]
    field: NDArray[np.float32] = np.clip(share * mean + (1.0 - share) * overall, -_MOST_GAIN, _MOST_GAIN)
    return field.astype(np.float32)


def outvoted(colours: NDArray, weights: NDArray) -> NDArray[np.float32]:
    """How far each of N pictures (N, S, S, 3) agrees with their weighted median: (N, S, S), 0…1.

    Hands, hair and highlights come and go; the skin stays. Where fewer than three pictures see a texel nobody is
    outvoted.
    """
    tones = tone(colours)
    order = np.argsort(tones, axis=0)
    heavy = np.take_along_axis(np.broadcast_to(weights[..., None], tones.shape), order, axis=0)
    running = np.cumsum(heavy, axis=0)
    middle = (running >= 0.5 * running[-1:]).argmax(axis=0)[None]
    median = np.take_along_axis(np.take_along_axis(tones, order, axis=0), middle, axis=0)
    difference = np.abs(tones - median).mean(axis=3)
    agreement = 1.0 - np.clip((difference - _AGREES) / (_DISAGREES - _AGREES), 0.0, 1.0)
    agreement[:, (weights > 0.05).sum(axis=0) < 3] = 1.0
    return np.stack([cv2.GaussianBlur(layer.astype(np.float32), (0, 0), 0.004 * layer.shape[0]) for layer in agreement])


class Blender:
    """Adds pictures up, broad colour and detail apart."""

    def __init__(self, size: int) -> None:
        self._broad, self._broad_weight = np.zeros((size, size, 3), np.float32), np.zeros((size, size), np.float32)
        self._detail, self._detail_weight = np.zeros((size, size, 3), np.float32), np.zeros((size, size), np.float32)
        self.weight = np.zeros((size, size), np.float32)

    def add(self, colour: NDArray, weight: NDArray, priority: float = 1.0) -> None:
        """One picture (S, S, 3), linear, with its weight (S, S); ``priority`` counts for detail alone."""
        base, _ = broad(colour, weight, _BROAD_REACH)
        strength = np.asarray(weight, dtype=np.float32) ** _BROAD_POWER
        self._broad += base * strength[..., None]
        self._broad_weight += strength
        strength = np.asarray(priority * weight, dtype=np.float32) ** _DETAIL_POWER
        self._detail += (colour - base) * strength[..., None]
        self._detail_weight += strength
        np.maximum(self.weight, weight, out=self.weight)

    def result(self) -> NDArray[np.float32]:
        """The blend (S, S, 3), linear; 0 where nothing was added."""
        broad_part = self._broad / np.maximum(self._broad_weight, 1e-12)[..., None]
        detail = self._detail / np.maximum(self._detail_weight, 1e-20)[..., None]
        result: NDArray[np.float32] = np.maximum(broad_part + detail, 0.0)
        result[self._broad_weight <= 0.0] = 0.0
        return result
