# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours for what the rasteriser sees: textured skin, eyes with iris and pupil, lights, shadow, occlusion.

Nothing here is exact as a path tracer is; it is varied, and fast enough for a hundred thousand faces.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from .rasteriser import NOTHING, Visible, rasterise

#: Materials of triangles.
PLAIN, SKIN, EYE = 0, 1, 2
#: Occlusion: standard widths in millimetres, depth in millimetres that darkens fully, and by how much.
_HOLLOWS = ((5.0, 7.0, 0.65), (16.0, 16.0, 0.5))
_SHADOW_SIZE, _SHADOW_BIAS = 192, 2.5


@dataclass(frozen=True, eq=False)
class Surface:
    """T triangles of V vertices and what they look like; colours are linear RGB."""

    triangles: NDArray[np.int32]  # (T, 3)
    material: NDArray[np.int8]  # (T,)
    sparse: NDArray[np.bool_]  # (T,) half transparent, as lashes are
    colour: NDArray[np.float32]  # (T, 3); skin takes its texture's instead, eyes their ramp's
    shade: NDArray[np.float32]  # (V,) a factor on the colour
    gloss: NDArray[np.float32]  # (T,) strength of the highlight
    uv: NDArray[np.float32]  # (T, 3, 2) place in the texture; on eyes the offset from the axis ÷ the radius
    texture: NDArray[np.float32]  # (S, S, 3), first row at v = 0
    eye_places: NDArray[np.float32]  # (R,) growing distances from the eye's axis, and …
    eye_colours: NDArray[np.float32]  # … (R, 3) the colours there


@dataclass(frozen=True, eq=False)
class Lights:
    """L lights from far away (the first casts shadows) and what comes from above and below."""

    directions: NDArray[np.float32]  # (L, 3) unit, towards the light, x right, y up, z to the viewer
    colours: NDArray[np.float32]  # (L, 3)
    softness: NDArray[np.float32]  # (L,) 0 = a point, 1 = half the sky
    sky: NDArray[np.float32]  # (3,)
    ground: NDArray[np.float32]  # (3,)

    @classmethod
    def random(cls, rng: np.random.Generator) -> Lights:
        """Two to four of them, the first the strongest, seldom from behind."""
        count = int(rng.integers(2, 5))
        directions = rng.normal(size=(count, 3))
        directions[:, 2] = np.abs(directions[:, 2]) * np.where(rng.random(count) < 0.85, 1.0, -0.6) + 0.2
        directions[:, 1] += 0.3
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        strength = rng.uniform(0.1, 0.6, count)
        strength[0] = rng.uniform(0.3, 1.6)
        tint = np.clip(1.0 + rng.normal(0.0, 0.12, (count, 3)), 0.5, 1.5)
        sky = rng.uniform(0.15, 0.7) * np.clip(1.0 + rng.normal(0.0, 0.1, 3), 0.5, 1.5)
        return cls(*(value.astype(np.float32) for value in (
            directions, strength[:, None] * tint, rng.uniform(0.0, 0.8, count), sky,
            sky * rng.uniform(0.25, 1.0) * np.clip(1.0 + rng.normal(0.0, 0.1, 3), 0.5, 1.5),
        )))  # fmt: skip


def hollows(depth: NDArray[np.float32], pixels_per_mm: float) -> NDArray[np.float32]:
    """How much light (H, W), 0…1, gets into what lies deeper than its surroundings; depth in millimetres."""
    there = depth > NOTHING / 2
    filled = np.where(there, depth, depth[there].min() if there.any() else 0.0).astype(np.float32)
    light = np.ones_like(filled)
    for width, full, strength in _HOLLOWS:
        side = max(int(2.0 * width * pixels_per_mm) | 1, 3)
        deeper = (cv2.blur(filled, (side, side)) - filled) / full
        light *= 1.0 - strength * np.clip(deeper, 0.0, 1.0)
    return light


def lit_by(points: NDArray[np.float32], triangles: NDArray[np.int32], direction: NDArray) -> tuple[NDArray, NDArray]:
    """A shadow map: its axes (4, 3) with offset, in map pixels and depth, and depths (S, S).

    Args:
        points: (V, 3) millimetres, y up.
        direction: (3,) towards the light.
    """
    z = direction / np.linalg.norm(direction)
    x = np.cross([0.0, 1.0, 0.0] if abs(z[1]) < 0.9 else [1.0, 0.0, 0.0], z)
    x /= np.linalg.norm(x)
    axes = np.stack([x, -np.cross(z, x), z])  # y down, as pictures have it
    seen = points @ axes.T
    low, span = seen[:, :2].min(axis=0), np.ptp(seen[:, :2], axis=0).max() + 1e-6
    scale = (_SHADOW_SIZE - 2.0) / span
    axes[:2] *= scale
    offset = np.array([1.0 - low[0] * scale, 1.0 - low[1] * scale, 0.0])
    placed = (points @ axes.T + offset).astype(np.float32)
    return np.concatenate([axes, offset[None]]).astype(np.float32), rasterise(placed, triangles, _SHADOW_SIZE).depth


def shaded(
    surface: Surface, seen: Visible, points: NDArray[np.float32], normals: NDArray[np.float32], lights: Lights,
    backdrop: NDArray[np.float32], pixels_per_mm: float,
) -> NDArray[np.float32]:  # fmt: skip
    """The picture (H, W, 3), linear RGB.

    Args:
        points: (V, 3) camera millimetres, y up.
        normals: (V, 3) unit, y up.
        backdrop: (H, W, 3) behind it all.
        pixels_per_mm: of ``seen``, whose depth is in millimetres.
    """
    light = hollows(seen.depth, pixels_per_mm)
    shadow_axes, shadow_depth = lit_by(points, surface.triangles, lights.directions[0])
    picture = np.array(backdrop, np.float32)
    _shade(
        picture, seen.triangle, seen.weights, surface.triangles, surface.material, surface.colour, surface.shade,
        surface.gloss, surface.uv, surface.texture, surface.eye_places, surface.eye_colours, points, normals, light,
        lights.directions, lights.colours, lights.softness, lights.sky, lights.ground, shadow_axes, shadow_depth,
    )  # fmt: skip
    return picture


# No small arrays in what follows: each would be allocated anew for every pixel.


@njit(cache=True, nogil=True, fastmath=True)
def _shade(  # type: ignore[no-untyped-def]
    picture, index, weights, triangles, material, colour, shade, gloss, uv, texture, eye_places, eye_colours, points,
    normals, open_sky, directions, colours, softness, sky, ground, shadow_axes, shadow_depth,
):  # fmt: skip
    for y in range(index.shape[0]):
        for x in range(index.shape[1]):
            t = index[y, x]
            if t < 0:
                continue
            a, b, c = triangles[t]
            w1, w2 = weights[y, x]
            w0 = 1.0 - w1 - w2
            nx, ny, nz = _mixed(normals, a, b, c, w0, w1, w2)
            length = np.sqrt(nx * nx + ny * ny + nz * nz) + 1e-9
            nx, ny, nz = nx / length, ny / length, nz / length
            px, py, pz = _mixed(points, a, b, c, w0, w1, w2)
            free = _unshadowed(px, py, pz, shadow_axes, shadow_depth)
            shine = gloss[t] * _highlight(nx, ny, nz, directions, material[t] == EYE, free)
            u = w0 * uv[t, 0, 0] + w1 * uv[t, 1, 0] + w2 * uv[t, 2, 0]
            v = w0 * uv[t, 0, 1] + w1 * uv[t, 1, 1] + w2 * uv[t, 2, 1]
            own = _own_colour(material[t], colour[t], u, v, texture, eye_places, eye_colours)
            factor = w0 * shade[a] + w1 * shade[b] + w2 * shade[c]
            seen = open_sky[y, x]
            up = 0.5 + 0.5 * ny
            for k in range(3):
                received = (sky[k] * up + ground[k] * (1.0 - up)) * seen
                for i in range(len(directions)):
                    lit = _lit(nx, ny, nz, directions[i], softness[i]) * (0.4 + 0.6 * seen)
                    received += colours[i, k] * (lit * free if i == 0 else lit)
                picture[y, x, k] = received * own[k] * factor + colours[0, k] * shine * (0.4 + 0.6 * seen)


@njit(cache=True, nogil=True, fastmath=True)
def _lit(nx, ny, nz, direction, softness):  # type: ignore[no-untyped-def]
    """What a matt surface takes of a light, 0…1."""
    towards = nx * direction[0] + ny * direction[1] + nz * direction[2]
    return max((towards + softness) / (1.0 + softness), 0.0)


@njit(cache=True, nogil=True, fastmath=True)
def _highlight(nx, ny, nz, directions, is_eye, free):  # type: ignore[no-untyped-def]
    """What a glossy surface throws back of the first light towards the viewer, 0…1."""
    lx, ly, lz = directions[0, 0], directions[0, 1], directions[0, 2] + 1.0
    if nx * lx + ny * ly + nz * directions[0, 2] <= 0.0:
        return 0.0
    half = np.sqrt(lx * lx + ly * ly + lz * lz) + 1e-9
    return max((nx * lx + ny * ly + nz * lz) / half, 0.0) ** (90.0 if is_eye else 14.0) * free


@njit(cache=True, nogil=True, fastmath=True)
def _own_colour(material, colour, u, v, texture, eye_places, eye_colours):  # type: ignore[no-untyped-def]
    """Linear RGB of the surface itself."""
    if material == SKIN:
        last = len(texture) - 1
        row = min(max(int(v * len(texture)), 0), last)
        column = min(max(int(u * len(texture)), 0), last)
        return texture[row, column, 0], texture[row, column, 1], texture[row, column, 2]
    if material == EYE:
        away = np.sqrt(u * u + v * v)
        k = 1
        while k < len(eye_places) - 1 and eye_places[k] < away:
            k += 1
        share = min(max((away - eye_places[k - 1]) / (eye_places[k] - eye_places[k - 1]), 0.0), 1.0)
        rest = 1.0 - share
        return (
            eye_colours[k - 1, 0] * rest + eye_colours[k, 0] * share,
            eye_colours[k - 1, 1] * rest + eye_colours[k, 1] * share,
            eye_colours[k - 1, 2] * rest + eye_colours[k, 2] * share,
        )
    return colour[0], colour[1], colour[2]


@njit(cache=True, nogil=True, fastmath=True)
def _mixed(values, a, b, c, w0, w1, w2):  # type: ignore[no-untyped-def]
    return (
        w0 * values[a, 0] + w1 * values[b, 0] + w2 * values[c, 0],
        w0 * values[a, 1] + w1 * values[b, 1] + w2 * values[c, 1],
        w0 * values[a, 2] + w1 * values[b, 2] + w2 * values[c, 2],
    )


@njit(cache=True, nogil=True, fastmath=True)
def _unshadowed(px, py, pz, axes, depth):  # type: ignore[no-untyped-def]
    """How much of the first light, 0…1, reaches a point: the mean of nine places of the shadow map."""
    last = len(depth) - 1
    column = int(axes[0, 0] * px + axes[0, 1] * py + axes[0, 2] * pz + axes[3, 0])
    row = int(axes[1, 0] * px + axes[1, 1] * py + axes[1, 2] * pz + axes[3, 1])
    towards = axes[2, 0] * px + axes[2, 1] * py + axes[2, 2] * pz + axes[3, 2] + _SHADOW_BIAS
    total = 0.0
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            if depth[min(max(row + dy, 0), last), min(max(column + dx, 0), last)] <= towards:
                total += 1.0
    return total / 9.0
