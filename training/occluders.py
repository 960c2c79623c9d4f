# SPDX-License-Identifier: GPL-3.0-or-later
"""What hides a part of a training crop: hands, bars, boxes and blobs, plain, skin-coloured or cut out of another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Mask = NDArray[np.uint8]

#: Share of the occluders whose middle lies on the face; the others lie anywhere.
_ON_FACE = 0.7


@dataclass(frozen=True, eq=False)
class Occluder:
    """What hides a part of a crop: ``mask`` (s, s) and the ``patch`` (s, s, 3) that shows there."""

    mask: NDArray[np.bool_]
    patch: Picture

    @classmethod
    def draw(cls, crop: Picture, points: NDArray, other: Picture, rng: np.random.Generator) -> Occluder:
        """A random occluder of ``crop`` (s, s, 3) with a face at ``points`` (68, 2); ``other`` (s, s, 3) is another
        picture that it may be cut out of."""
        size = len(crop)
        if rng.random() < _ON_FACE:
            one, two = points[rng.integers(0, len(points), 2)]
            centre = one + rng.random() * (two - one)
        else:
            centre = rng.uniform(0.05, 0.95, 2) * size
        shape = _SHAPES[rng.choice(len(_SHAPES), p=_CHANCES)]
        mask = np.zeros((size, size), np.uint8)
        shape(mask, np.asarray(centre, dtype=np.float64), rng)
        paint = _PAINTS[rng.integers(len(_PAINTS))]
        patch = np.clip(paint(crop, points, other, rng), 0, 255).astype(np.uint8)
        return cls(mask.astype(bool), patch)

    def cover(self, picture: Picture) -> Picture:
        """The crop with the occluder in front of it."""
        return np.where(self.mask[..., None], self.patch, picture)

    def hidden_share(self, points: NDArray) -> float:
        """Share of the points (n, 2), pixels of the crop, that are hidden."""
        index = np.clip(points, 0, len(self.mask) - 1).astype(int)
        return float(self.mask[index[:, 1], index[:, 0]].mean())


def _ellipse(mask: Mask, centre: NDArray, rng: np.random.Generator) -> None:
    axes = rng.uniform(0.1, 0.65, 2) * len(mask)
    cv2.ellipse(mask, (tuple(map(float, centre)), tuple(map(float, axes)), float(rng.uniform(0, 180))), 1, -1)


def _box(mask: Mask, centre: NDArray, rng: np.random.Generator) -> None:
    _fill_box(mask, centre, rng.uniform(0.1, 0.6, 2) * len(mask), float(rng.uniform(0, 180)))


def _bar(mask: Mask, centre: NDArray, rng: np.random.Generator) -> None:
    """A stick, a strap or a scarf right across the crop."""
    _fill_box(mask, centre, len(mask) * np.array([3.0, rng.uniform(0.05, 0.4)]), float(rng.uniform(0, 180)))


def _fill_box(mask: Mask, centre: NDArray, axes: NDArray, degrees: float) -> None:
    corners = cv2.boxPoints((tuple(map(float, centre)), tuple(map(float, axes)), degrees))
    cv2.fillPoly(mask, [corners.astype(np.int32)], 1)


def _hand(mask: Mask, centre: NDArray, rng: np.random.Generator) -> None:
    """A palm with a wrist and a few fingers that spread from it."""
    size = len(mask)
    palm, turn = rng.uniform(0.08, 0.22) * size, rng.uniform(0, 2 * np.pi)
    along = np.array([np.cos(turn), np.sin(turn)])
    across = np.array([-along[1], along[0]])
    cv2.circle(mask, _pixel(centre), round(palm), 1, -1)
    if rng.random() < 0.7:
        cv2.line(mask, _pixel(centre), _pixel(centre - along * 2 * size), 1, max(1, round(1.2 * palm)))
    spread = rng.uniform(0.0, 0.5)
    for finger in np.linspace(-1.0, 1.0, rng.integers(3, 6)):
        root = centre + 0.75 * palm * (along * 0.8 + across * finger)
        tip = root + rng.uniform(0.7, 1.9) * palm * (along + across * finger * spread)
        cv2.line(mask, _pixel(root), _pixel(tip), 1, max(1, round(rng.uniform(0.3, 0.45) * palm)))


def _pixel(point: NDArray) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))


def _plain(crop: Picture, _points: NDArray, _other: Picture, rng: np.random.Generator) -> NDArray:
    return _shaded(crop.shape, rng.integers(0, 256, 3).astype(np.float64), rng)


def _skin(crop: Picture, points: NDArray, _other: Picture, rng: np.random.Generator) -> NDArray:
    """The colour of the face itself, taken where a few of its points are."""
    index = np.clip(points[rng.integers(0, len(points), 8)], 0, len(crop) - 1).astype(int)
    return _shaded(crop.shape, crop[index[:, 1], index[:, 0]].mean(axis=0), rng)


def _shaded(shape: tuple[int, ...], colour: NDArray, rng: np.random.Generator) -> NDArray:
    """One colour in a light that changes across the crop."""
    side = shape[0]
    ramp = np.linspace(-1.0, 1.0, side)
    light = 1.0 + rng.normal(0, 0.15) * ramp[:, None] + rng.normal(0, 0.15) * ramp[None] + rng.normal(0, 0.1)
    return np.asarray(colour * light[..., None])


def _cut_out(_crop: Picture, _points: NDArray, other: Picture, rng: np.random.Generator) -> NDArray:
    return np.roll(other, rng.integers(0, len(other), 2), axis=(0, 1))


_Shape = Callable[[Mask, NDArray, np.random.Generator], None]
_SHAPES: tuple[_Shape, ...] = (_ellipse, _box, _bar, _hand)
_CHANCES = (0.25, 0.25, 0.15, 0.35)
_PAINTS: tuple[Callable[[Picture, NDArray, Picture, np.random.Generator], NDArray], ...] = (_plain, _skin, _cut_out)
