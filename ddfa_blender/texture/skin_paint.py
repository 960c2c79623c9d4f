# SPDX-License-Identifier: GPL-3.0-or-later
"""A generated skin: lips, brows, a flush where blood runs close, darker linings. For heads without a baked actor.

Painted by where each texel lies on the mean head, so that the features sit right on every identity. Colours are
display-referred (sRGB) shares of 1.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..morphable_model import MorphableModel
from ..smoothstep import smoothstep
from .position_map import texels_of
from .skin_layout import SkinMesh, border_edges, inner_parts

#: A fair, slightly tanned skin.
SKIN = np.array((0.775, 0.615, 0.53), dtype=np.float32)
_LIPS = np.array((0.69, 0.44, 0.41), dtype=np.float32)
_BROWS = np.array((0.27, 0.19, 0.145), dtype=np.float32)
_MOUTH = np.array((0.42, 0.17, 0.165), dtype=np.float32)
_LID_RIM = np.array((0.66, 0.43, 0.39), dtype=np.float32)
#: Multipliers that blood, thin skin and shadow put on the skin.
_FLUSH = np.array((1.03, 0.86, 0.85), dtype=np.float32)
_THIN = np.array((0.93, 0.885, 0.90), dtype=np.float32)

#: Soft spots: landmarks whose mean is the middle, offset and radius in millimetres, tint, strength.
_SPOTS: tuple[tuple[tuple[int, ...], tuple[float, float, float], float, NDArray[np.float32], float], ...] = (
    ((30, 33), (0.0, 2.0, 0.0), 11.0, _FLUSH, 0.75),  # tip of the nose
    ((2, 41, 31), (0.0, 0.0, 0.0), 15.0, _FLUSH, 0.6),  # cheeks
    ((14, 46, 35), (0.0, 0.0, 0.0), 15.0, _FLUSH, 0.7),
    ((0,), (-12.0, -10.0, -38.0), 16.0, _FLUSH, 0.7),  # ears
    ((16,), (12.0, -10.0, -38.0), 16.0, _FLUSH, 0.7),
    ((8,), (0.0, 10.0, 0.0), 11.0, _FLUSH, 0.4),  # chin
    ((40, 41), (0.0, -5.0, 0.0), 7.0, _THIN, 0.75),  # under the eyes
    ((46, 47), (0.0, -5.0, 0.0), 7.0, _THIN, 0.75),
    ((37, 38), (0.0, 5.0, 0.0), 7.0, _THIN, 0.6),  # upper lids
    ((43, 44), (0.0, 5.0, 0.0), 7.0, _THIN, 0.6),
)
#: Wavelength in millimetres and strength of the skin's blotches and pores.
_MOTTLING = ((28.0, 0.012), (8.0, 0.010), (2.2, 0.010), (0.9, 0.010))
_WAVES = 7  # per wavelength
_BROW_WIDTH, _BROW_TAIL = 4.4, 0.45  # half width at the thick end in millimetres, and the share of it at the tail
#: Side of the texture that new heads get, texels. The first one takes some seconds, all others share it.
TEXTURE_SIZE = 1024
_HAIR_SPACING, _HAIR_LENGTH = 0.62, 5.0  # millimetres
_RIM_WIDTH, _EYE_REACH = 2.2, 22.0  # of the lids, and from the eye's middle past them, millimetres


def paint_skin(model: MorphableModel, size: int, *, bare: bool = False) -> NDArray[np.float32]:
    """The texture (S, S, 3), first row at the top; off the skin it has the skin's mean colour. Don't write to it.

    ``bare``: without brows and flush, to lie behind a real actor's.
    """
    paint = _paint if size <= TEXTURE_SIZE else _painted
    return paint(SkinMesh(model), size, bare)


@lru_cache(maxsize=2)
def _paint(mesh: SkinMesh, size: int, bare: bool) -> NDArray[np.float32]:
    return _painted(mesh, size, bare)


def _painted(mesh: SkinMesh, size: int, bare: bool) -> NDArray[np.float32]:
    texels = texels_of(mesh, size)
    covered = texels.raster.covered
    points = texels.raster.interpolate(mesh.mean, texels.triangles)[covered]
    landmarks = mesh.landmarks.astype(np.float32)
    colour = np.broadcast_to(SKIN, points.shape).copy()
    if not bare:
        _tint(colour, points, landmarks)
    colour *= 1.0 + _mottling(points)[:, None]
    front = points[:, 2] > landmarks[[0, 16], 2].mean()
    _paint_lips(colour, points, landmarks, front)
    for brow in () if bare else (landmarks[17:22], landmarks[22:27][::-1]):
        _paint_brow(colour, points, brow, front)
    _paint_linings(colour, points, mesh, texels.raster.triangle[covered] // 2)
    result = np.broadcast_to(SKIN, (size, size, 3)).astype(np.float32)
    result[covered] = np.clip(colour, 0.0, 1.0)
    result.flags.writeable = False
    return result


def _tint(colour: NDArray, points: NDArray, landmarks: NDArray) -> None:
    for corners, offset, radius, tint, strength in _SPOTS:
        middle = landmarks[list(corners)].mean(axis=0) + np.array(offset, dtype=np.float32)
        away = points - middle
        squared = np.einsum("nc,nc->n", away, away)
        amount = strength * np.exp(-squared / (2.0 * radius * radius))
        colour *= 1.0 + amount[:, None] * (tint - 1.0)


def _mottling(points: NDArray) -> NDArray[np.float32]:
    """A smooth random field (N,) of a few wavelengths: sums of plane waves in random directions."""
    rng = np.random.default_rng(1)  # a fixed seed: every head gets the same skin
    total = np.zeros(len(points), dtype=np.float32)
    for wavelength, strength in _MOTTLING:
        for _ in range(_WAVES):
            direction = rng.normal(size=3)
            direction *= rng.uniform(0.7, 1.4) * 2.0 * np.pi / wavelength / np.linalg.norm(direction)
            total += strength / _WAVES**0.5 * np.cos(points @ direction.astype(np.float32) + rng.uniform(0.0, 6.3))
    return total


def _paint_lips(colour: NDArray, points: NDArray, landmarks: NDArray, front: NDArray) -> None:
    outline = landmarks[48:60]
    low, high = outline.min(axis=0) - (8.0, 8.0, 12.0), outline.max(axis=0) + 8.0
    near = np.flatnonzero(front & (points > low).all(axis=1) & (points < high).all(axis=1))
    here = points[near, :2]
    distance, _ = _distance_to_line(here, np.concatenate([outline, outline[:1]])[:, :2])
    signed = np.where(_inside(here, outline[:, :2]), distance, -distance)
    amount = 0.85 * smoothstep(signed, -1.3, 1.3)[:, None]
    lips = _LIPS * (1.0 + 1.2 * _mottling(points[near] * np.array((3.0, 0.6, 1.0), dtype=np.float32)))[:, None]
    colour[near] += amount * (lips - colour[near])


def _paint_linings(colour: NDArray, points: NDArray, mesh: SkinMesh, quad: NDArray) -> None:
    """Mouth and eye sockets inside, and the moist rims of the lids; ``quad`` (N,) is the skin quad of each point."""
    for lining in inner_parts(mesh):
        vertices = np.unique(mesh.quads[lining])
        is_eye = mesh.mean[vertices, 1].mean() > mesh.landmarks[33, 1]
        colour[np.isin(quad, lining)] = _LID_RIM if is_eye else _MOUTH
        if is_eye:
            rim = mesh.mean[border_edges(mesh.quads[lining])]
            near = np.flatnonzero(np.linalg.norm(points - rim.mean(axis=(0, 1)), axis=1) < _EYE_REACH)
            distance = np.min([_distance_to_line(points[near], edge)[0] for edge in rim], axis=0)
            amount = 0.75 * smoothstep(distance, _RIM_WIDTH, 0.5 * _RIM_WIDTH)[:, None]
            colour[near] += amount * (_LID_RIM - colour[near])


def _paint_brow(colour: NDArray, points: NDArray, brow: NDArray, front: NDArray) -> None:
    """Hairs along a brow, (5, 3) from its tail to the nose, seen from the front."""
    low, high = brow.min(axis=0) - 12.0, brow.max(axis=0) + (12.0, 12.0, 40.0)
    near = np.flatnonzero(front & (points > low).all(axis=1) & (points < high).all(axis=1))
    here = points[near, :2]
    distance, along = _distance_to_line(here, _rounded(brow[:, :2]))
    # Thick over the nose's side, thin at the tail.
    width = _BROW_WIDTH * (_BROW_TAIL + (1.0 - _BROW_TAIL) * smoothstep(along, 0.0, 0.5))
    ends = smoothstep(along, 0.0, 0.05) * smoothstep(along, 1.0, 0.9)
    body = np.clip(1.9 * (1.0 - distance / width), 0.0, 1.0) * ends
    # Hairs grow up and outwards by the nose and lie down towards the tail.
    outward = -1.0 if brow[0, 0] < 0.0 else 1.0
    lean = np.radians(20.0 + 50.0 * along**2)
    across = here[:, 0] * outward * np.sin(lean) - here[:, 1] * np.cos(lean)
    with_hair = here[:, 0] * outward * np.cos(lean) + here[:, 1] * np.sin(lean)
    rng = np.random.default_rng(2)
    strokes = np.zeros(len(near))
    for _ in range(6):
        phase, bend = rng.uniform(0.0, 6.3, 2)
        wobble = np.sin(with_hair * 2.0 * np.pi / _HAIR_LENGTH * rng.uniform(0.6, 1.2) + bend)
        strokes += np.cos(across * 2.0 * np.pi / (_HAIR_SPACING * rng.uniform(0.8, 2.6)) + wobble + phase)
    amount = np.clip(body * (0.62 + 0.16 * strokes), 0.0, 0.92)[:, None]
    colour[near] += amount * (_BROWS - colour[near])


def _rounded(line: NDArray, pieces: int = 6) -> NDArray[np.float64]:
    """A smooth curve through the points (K, D) (Catmull–Rom), as a finer polyline."""
    padded = np.concatenate([2.0 * line[:1] - line[1:2], line, 2.0 * line[-1:] - line[-2:-1]])
    t = np.linspace(0.0, 1.0, pieces, endpoint=False)[:, None]
    parts = []
    for i in range(len(line) - 1):
        a, b, c, d = padded[i : i + 4]
        parts.append(b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))))
    return np.concatenate([*parts, line[-1:]])


def _distance_to_line(points: NDArray, line: NDArray) -> tuple[NDArray, NDArray]:
    """Distance (N,) from points (N, D) to a polyline (K, D), and how far along it they lie (N,), 0…1."""
    best, along = np.full(len(points), np.inf), np.zeros(len(points))
    for i in range(len(line) - 1):
        edge = line[i + 1] - line[i]
        t = np.clip((points - line[i]) @ edge / max(float(edge @ edge), 1e-12), 0.0, 1.0)
        away = points - line[i] - t[:, None] * edge
        distance = np.sqrt(np.einsum("nc,nc->n", away, away))
        closer = distance < best
        best[closer], along[closer] = distance[closer], (i + t[closer]) / (len(line) - 1)
    return best, along


def _inside(points: NDArray, polygon: NDArray) -> NDArray[np.bool_]:
    """Which points (N, 2) lie in a polygon (K, 2), by the even-odd rule."""
    inside = np.zeros(len(points), dtype=bool)
    x, y = points.T
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if y0 != y1:
            inside ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside
