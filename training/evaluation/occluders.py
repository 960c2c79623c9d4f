# SPDX-License-Identifier: GPL-3.0-or-later
"""Cover an exact share of a labelled face: bars, boxes, ellipses and hands, plain or cut out of another photo.

All depends on the generator that is given, so every model meets the same pictures.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

#: Kinds of occluder, in the turn in which photos get them.
KINDS = ("box", "ellipse", "bar", "hand")
#: The covered share may be off by this much.
TOLERANCE = 0.005
_BISECTIONS = 30
#: Fixed-point bits of the shapes' corners.
_SHIFT = 4


class Shape(NamedTuple):
    """An occluder before it is given a size: ``kind``, ``centre`` (2,) pixels, ``angle`` radians, ``aspect``."""

    kind: str
    centre: NDArray[np.float64]
    angle: float
    aspect: float


def face_mask(size: tuple[int, ...], landmarks68: NDArray) -> NDArray[np.bool_]:
    """Pixels (h, w) inside the convex hull of the 68 points."""
    mask = np.zeros(size, np.uint8)
    hull = cv2.convexHull(np.asarray(landmarks68, dtype=np.float32)[:, :2])
    cv2.fillConvexPoly(mask, np.rint(hull * 2**_SHIFT).astype(np.int32), 1, shift=_SHIFT)
    return mask.astype(bool)


def random_shape(kind: str, face: NDArray[np.bool_], rng: np.random.Generator) -> Shape:
    """An occluder of a kind, centred on any of the face's pixels (h, w) with equal chance."""
    rows, columns = np.nonzero(face)
    pixel = rng.integers(len(rows))
    centre = np.array([columns[pixel], rows[pixel]], dtype=np.float64)
    return Shape(kind, centre, float(rng.uniform(0.0, np.pi)), float(rng.uniform(0.5, 1.0)))


def draw_shape(shape: Shape, radius: float, size: tuple[int, ...]) -> NDArray[np.bool_]:
    """The pixels (h, w) that an occluder hides at a size of ``radius`` pixels."""
    mask = np.zeros(size, np.uint8)
    for outline in _OUTLINES[shape.kind](radius, shape.aspect):
        turn = np.array([[np.cos(shape.angle), np.sin(shape.angle)], [-np.sin(shape.angle), np.cos(shape.angle)]])
        points = outline @ turn + shape.centre
        cv2.fillPoly(mask, [np.rint(points * 2**_SHIFT).astype(np.int32)], 1, shift=_SHIFT)
    return mask.astype(bool)


def cover_share(face: NDArray[np.bool_], shape: Shape, share: float) -> NDArray[np.bool_]:
    """The occluder at the size that hides ``share`` of the face's pixels, as a mask (h, w).

    A shape at the face's edge that cannot reach the share before it hides everything still does so: it grows.
    """
    low, high, area = 0.0, 4.0 * float(max(face.shape)), float(face.sum())
    mask = draw_shape(shape, high, face.shape)
    for _ in range(_BISECTIONS):
        radius = (low + high) / 2.0
        mask = draw_shape(shape, radius, face.shape)
        covered = float((mask & face).sum()) / area
        if abs(covered - share) <= TOLERANCE:
            break
        low, high = (radius, high) if covered < share else (low, radius)
    return mask


def paint(
    image: NDArray[np.uint8], mask: NDArray[np.bool_], kind: str, other: NDArray[np.uint8], landmarks68: NDArray,
    rng: np.random.Generator,
) -> NDArray[np.uint8]:  # fmt: skip
    """A copy of a photo with the mask's pixels hidden.

    A hand wears the face's own skin colour, shaded; other kinds are one colour with noise, or the texture of the
    corner of ``other``, where in these photos the background is: a second face's features would be another test.
    """
    size = image.shape[:2]
    if kind == "hand":
        points = np.clip(np.rint(landmarks68[[1, 15, 30, 33]]).astype(int), 0, [size[1] - 1, size[0] - 1])
        skin = image[points[:, 1], points[:, 0]].mean(axis=0)
        shade = np.linspace(rng.uniform(0.6, 0.9), rng.uniform(0.9, 1.15), size[1])[None, :, None]
        cover = np.broadcast_to(skin * shade, image.shape) + rng.normal(0.0, 4.0, image.shape)
    elif rng.random() < 0.5:
        cover = rng.uniform(0.0, 255.0, 3) + rng.normal(0.0, 6.0, image.shape)
    else:
        corner = other[: other.shape[0] // 4, : other.shape[1] // 4]
        cover = cv2.resize(corner, (size[1], size[0]), interpolation=cv2.INTER_LINEAR).astype(np.float64)
    result = image.copy()
    result[mask] = np.clip(cover, 0.0, 255.0).astype(np.uint8)[mask]
    return result


def cover_face(
    image: NDArray[np.uint8], landmarks68: NDArray, other: NDArray[np.uint8], kind: str, share: float,
    rng: np.random.Generator,
) -> NDArray[np.uint8]:  # fmt: skip
    """A photo (H, W, 3) with ``share`` (0…1) of its face hidden by an occluder of ``kind``."""
    face = face_mask(image.shape[:2], landmarks68)
    mask = cover_share(face, random_shape(kind, face, rng), share)
    return paint(image, mask, kind, other, landmarks68, rng)


def _box(radius: float, aspect: float) -> list[NDArray]:
    return [radius * np.array([[-1.0, -aspect], [1.0, -aspect], [1.0, aspect], [-1.0, aspect]])]


def _ellipse(radius: float, aspect: float) -> list[NDArray]:
    turn = np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False)
    return [radius * np.stack([np.cos(turn), aspect * np.sin(turn)], axis=1)]


def _bar(radius: float, aspect: float) -> list[NDArray]:
    return [radius * np.array([[-8.0, -aspect], [8.0, -aspect], [8.0, aspect], [-8.0, aspect]])]


def _hand(radius: float, aspect: float) -> list[NDArray]:
    palm = _ellipse(radius, 0.85)[0]
    fingers = [
        np.array([[0.0, -0.16], [length, -0.13], [length, 0.13], [0.0, 0.16]]) * radius
        + [0.6 * radius, offset * radius]
        for length, offset in ((1.2, -0.6), (1.4, -0.2), (1.35, 0.2), (1.1 * (0.7 + 0.3 * aspect), 0.6))
    ]
    return [palm, *fingers]


_OUTLINES = {"box": _box, "ellipse": _ellipse, "bar": _bar, "hand": _hand}
