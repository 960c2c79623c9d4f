# SPDX-License-Identifier: GPL-3.0-or-later
"""Texture coordinates of the head: skin laid out anew, eyes by angle, lashes by rows from root to tip.

Teeth and tongue keep the model's own.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from ..morphable_model import MorphableModel
from ..names import REGION_NAMES
from .skin_layout import skin_uvs

#: Half angle that the eye's texture covers, seen from the eye's centre: its front half.
EYE_TEXTURE_DEGREES = 90.0
_EYES = ("eye_left", "eye_right")


def corner_uvs(model: MorphableModel) -> NDArray[np.float64]:
    """(F, 4, 2) for the corners of the model's quads; the same for every identity."""
    uvs = model.uv[model.quad_uvs].astype(np.float64)
    uvs[_faces(model, "skin")] = skin_uvs(model)
    for region in _EYES:
        faces = _faces(model, region)
        uvs[faces] = eye_uv(model.mean[model.quads[faces]] - eye_centre(model, region))
    lashes = _faces(model, "lashes")
    strip_uv = lash_uv(model.quads[lashes], model.mean, np.array([eye_centre(model, region) for region in _EYES]))
    uvs[lashes] = strip_uv[model.quads[lashes]]
    return uvs


def eye_centre(model: MorphableModel, region: str) -> NDArray[np.float64]:
    """The middle (3,) of an eyeball of the mean head, millimetres."""
    points = model.mean[np.unique(model.quads[_faces(model, region)])].astype(np.float64)
    return (points.min(axis=0) + points.max(axis=0)) / 2.0


def eye_uv(directions: NDArray) -> NDArray[np.float64]:
    """Texture coordinates (…, 2) of directions (…, 3) from the eye's centre, model axes.

    The angle from straight ahead becomes the distance from the texture's middle, so the iris stays round whatever
    the mesh.
    """
    d = np.asarray(directions, dtype=np.float64)
    across = np.hypot(d[..., 0], d[..., 1])
    degrees = np.degrees(np.arctan2(across, d[..., 2]))
    radius = 0.5 * np.minimum(degrees / EYE_TEXTURE_DEGREES, 1.0)
    safe = np.where(across > 0.0, across, 1.0)[..., None]
    return 0.5 + radius[..., None] * d[..., :2] / safe


def lash_uv(quads: NDArray, vertices: NDArray, eye_centres: NDArray) -> NDArray[np.float64]:
    """Coordinates (V, 2) on strips of quads: u along the lid, v from 0 at the roots to 1 at the tips.

    A strip is a grid of quads whose long sides are its roots and its tips; the roots lie nearer to the eye. Parts
    that are no such grid get v = 0.
    """
    result = np.zeros((len(vertices), 2))
    neighbours = _neighbours(quads)
    quad_count = np.bincount(quads.ravel(), minlength=len(vertices))
    for strip in _components(neighbours):
        sides = _sides(strip, quad_count, neighbours)
        if sides is None:
            continue
        ends, long_sides = sides
        roots = min(long_sides, key=lambda side: _distance_to_eye(vertices[side], eye_centres))
        along, across = _steps_from(ends[0], neighbours), _steps_from(roots, neighbours)
        length, width = max(along.values()), max(across.values())
        for vertex in strip:
            result[vertex] = along[vertex] / length, across[vertex] / width
    return result


def _faces(model: MorphableModel, region: str) -> NDArray[np.intp]:
    return np.flatnonzero(model.quad_regions == REGION_NAMES.index(region))


def _distance_to_eye(points: NDArray, eye_centres: NDArray) -> float:
    return float(np.linalg.norm(points[:, None] - eye_centres, axis=-1).min(axis=1).mean())


def _neighbours(quads: NDArray) -> dict[int, set[int]]:
    """Vertices joined by an edge."""
    result: dict[int, set[int]] = defaultdict(set)
    for a, b in zip(quads.ravel().tolist(), np.roll(quads, -1, axis=1).ravel().tolist(), strict=True):
        result[a].add(b)
        result[b].add(a)
    return result


def _components(neighbours: dict[int, set[int]]) -> list[list[int]]:
    left, result = set(neighbours), []
    while left:
        component = list(_steps_from([min(left)], neighbours))
        left.difference_update(component)
        result.append(component)
    return result


def _steps_from(start: list[int], neighbours: dict[int, set[int]]) -> dict[int, int]:
    """Edges to the nearest vertex of ``start``, for every vertex within reach."""
    steps = dict.fromkeys(start, 0)
    front = list(start)
    while front:
        following = []
        for vertex in front:
            for neighbour in neighbours[vertex]:
                if neighbour not in steps:
                    steps[neighbour] = steps[vertex] + 1
                    following.append(neighbour)
        front = following
    return steps


def _sides(
    strip: list[int], quad_count: NDArray, neighbours: dict[int, set[int]]
) -> tuple[list[list[int]], list[list[int]]] | None:
    """The two short and the two long sides of a grid, corners included; None if it has no four corners."""
    corners = [vertex for vertex in strip if quad_count[vertex] == 1]
    if len(corners) != 4:
        return None
    rim = {v for v in strip if len(neighbours[v]) < 4}
    loop, previous = [corners[0]], None
    while True:
        onward = [n for n in neighbours[loop[-1]] if n in rim and n != previous and quad_count[n] <= 2]
        previous = loop[-1]
        if not onward or onward[0] == loop[0]:
            break
        loop.append(onward[0])
    places = [i for i, vertex in enumerate(loop) if vertex in corners]
    if len(places) != 4:
        return None
    closed = [*loop, loop[0]]
    sides = [closed[a : b + 1] for a, b in zip(places, [*places[1:], len(loop)], strict=True)]
    pairs = sorted((sides[0::2], sides[1::2]), key=lambda pair: len(pair[0]))
    return pairs[0], pairs[1]
