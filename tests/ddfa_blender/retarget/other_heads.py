# SPDX-License-Identifier: GPL-3.0-or-later
"""Heads with other meshes whose true expressions are known: identities, proportions and topology of their own.

Every vertex of a remeshed head is a weighted mean of some of the model's vertices, so whatever moves those moves it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES, REGION_NAMES


@dataclass(frozen=True, eq=False)
class Remesh:
    """Triangles between vertices that are weighted means of the model's."""

    indices: NDArray[np.int64]  # (V, K), into the model's vertices
    weights: NDArray[np.float64]  # (V, K)
    triangles: NDArray[np.int64]  # (T, 3)

    def apply(self, values: NDArray) -> NDArray[np.float64]:
        """(…, V, 3) of the model's (…, M, 3)."""
        return np.einsum("vk,...vkd->...vd", self.weights, np.asarray(values, dtype=np.float64)[..., self.indices, :])


@dataclass(frozen=True, eq=False)
class OtherHead:
    """A neutral mesh and what each expression really does to it."""

    vertices: NDArray[np.float64]  # (V, 3)
    triangles: NDArray[np.int64]  # (T, 3)
    deltas: NDArray[np.float64]  # (52, V, 3)
    size: float  # millimetres × this = its units


def as_it_is(model: MorphableModel, parts: tuple[str, ...] = REGION_NAMES) -> Remesh:
    """The model's own triangles, of some parts of the head."""
    wanted = np.isin(model.quad_regions, [REGION_NAMES.index(name) for name in parts])
    quads = model.quads[wanted].astype(np.int64)
    triangles = np.stack([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]], axis=1).reshape(-1, 3)
    count = len(model.mean)
    return _compact(Remesh(np.arange(count)[:, None], np.ones((count, 1)), triangles))


def subdivided(mesh: Remesh) -> Remesh:
    """Each triangle cut into four."""
    pairs = np.sort(np.stack([mesh.triangles, np.roll(mesh.triangles, -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    edges, which = np.unique(pairs, axis=0, return_inverse=True)
    middle = len(mesh.indices) + which.reshape(-1, 3)
    a, b, c = mesh.triangles.T
    ab, bc, ca = middle.T
    triangles = np.concatenate([np.stack(t, axis=1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))])
    indices = np.concatenate([np.repeat(mesh.indices, 2, axis=1), mesh.indices[edges].reshape(len(edges), -1)])
    weights = np.concatenate([np.repeat(mesh.weights / 2, 2, axis=1), mesh.weights[edges].reshape(len(edges), -1) / 2])
    return Remesh(indices, weights, triangles)


def decimated(mesh: Remesh, share: float, seed: int = 1, kept: Collection[int] = ()) -> Remesh:
    """About ``share`` of the vertices left: random edges collapse to their middles, where the mesh stays one.

    ``kept``: vertices of the model that stay what they are.
    """
    fixed = set(np.flatnonzero(np.isin(mesh.indices[:, 0], list(kept))).tolist())
    rng = np.random.default_rng(seed)
    faces = {i: tuple(map(int, face)) for i, face in enumerate(mesh.triangles)}
    around: dict[int, set[int]] = defaultdict(set)
    for i, face in faces.items():
        for vertex in face:
            around[vertex].add(i)
    rows = {i: [(int(k), float(w)) for k, w in zip(*row, strict=True)] for i, row in
            enumerate(zip(mesh.indices, mesh.weights, strict=True))}  # fmt: skip
    goal = share * len(around)
    candidates = rng.integers(0, len(rows), 40 * len(rows))
    for a in candidates.tolist():
        if len(around) <= goal:
            break
        if a not in around or a in fixed:
            continue
        neighbours = {v for i in around[a] for v in faces[i]} - {a}
        b = int(rng.choice(sorted(neighbours)))
        common = (neighbours & {v for i in around[b] for v in faces[i]}) - {b}
        if b in fixed or len(common) != 2 or len(around[a] & around[b]) != 2 or min(len(around[v]) for v in common) < 4:
            continue
        rows[a] = [(k, w / 2) for k, w in rows[a] + rows[b]]
        for i in around.pop(b):
            face = tuple(a if v == b else v for v in faces[i])
            if len(set(face)) < 3:
                for v in set(face):
                    around[v].discard(i)
                del faces[i]
            else:
                faces[i] = face
                around[a].add(i)
    return _from_rows(rows, np.array(list(faces.values())))


def _from_rows(rows: dict[int, list[tuple[int, float]]], triangles: NDArray) -> Remesh:
    used = np.unique(triangles)
    longest = max(len(rows[v]) for v in used)
    indices, weights = np.zeros((len(used), longest), dtype=np.int64), np.zeros((len(used), longest))
    for place, vertex in enumerate(used):
        for k, (index, weight) in enumerate(rows[vertex]):
            indices[place, k], weights[place, k] = index, weight
    return Remesh(indices, weights, np.searchsorted(used, triangles))


def _compact(mesh: Remesh) -> Remesh:
    used = np.unique(mesh.triangles)
    return Remesh(mesh.indices[used], mesh.weights[used], np.searchsorted(used, mesh.triangles))


def make(model: MorphableModel, mesh: Remesh, identity: NDArray | None = None, *, style: float = 0.0) -> OtherHead:
    """A head of an identity (40,), of ``style`` > 0 with the proportions of a cartoon, remeshed."""
    neutral = model.vertices(identity).astype(np.float64)
    deltas = np.stack([
        mesh.apply(_stylised(model, neutral + delta, style) - _stylised(model, neutral, style))
        for delta in model.arkit_basis.astype(np.float64)
    ])  # fmt: skip
    return OtherHead(mesh.apply(_stylised(model, neutral, style)), mesh.triangles, deltas, 1.0)


def moved(head: OtherHead, rotation: NDArray, scale: float, offset: tuple[float, float, float]) -> OtherHead:
    """The head in other axes (3, 3) and units, elsewhere."""
    return replace(
        head,
        vertices=scale * head.vertices @ rotation.T + offset,
        deltas=scale * head.deltas @ rotation.T,
        size=scale * head.size,
    )


def _stylised(model: MorphableModel, points: NDArray, style: float) -> NDArray[np.float64]:
    """Larger eyes and skull, a smaller jaw and nose: a smooth map of space, so folds and contacts stay."""
    if style == 0.0:
        return points
    mean = model.mean
    eyes = [_middle(mean, model, name) for name in ("eye_left", "eye_right")]
    result = points.copy()
    for eye in eyes:
        near = np.exp(-(((points - eye) / (34.0, 30.0, 60.0)) ** 2).sum(axis=1))
        result += style * 0.5 * near[:, None] * (points - eye) * (1.0, 1.0, 0.2)
    jaw = 1.0 / (1.0 + np.exp((points[:, 1] + 35.0) / 15.0))
    result[:, 0] -= style * 0.25 * jaw * points[:, 0]
    skull = 1.0 / (1.0 + np.exp(-(points[:, 1] - 70.0) / 18.0))
    result += style * 0.22 * skull[:, None] * (points - (0.0, 70.0, 50.0))
    nose = np.exp(-(((points - (0.0, -4.0, 166.0)) / (16.0, 18.0, 30.0)) ** 2).sum(axis=1))
    result[:, 2] -= style * 10.0 * nose
    return result


def _middle(mean: NDArray, model: MorphableModel, region: str) -> NDArray[np.float64]:
    points = mean[np.unique(model.quads[model.quad_regions == REGION_NAMES.index(region)])]
    return (points.min(axis=0) + points.max(axis=0)) / 2.0


def sphere(rings: int = 40, segments: int = 60, radius: float = 100.0) -> tuple[NDArray, NDArray]:
    """Vertices and triangles of a ball."""
    polar = np.linspace(0.02, np.pi - 0.02, rings)[:, None]
    angle = np.linspace(0.0, 2.0 * np.pi, segments, endpoint=False)[None]
    points = np.stack(
        np.broadcast_arrays(np.sin(polar) * np.sin(angle), np.cos(polar), np.sin(polar) * np.cos(angle)), -1
    )
    index = np.arange(rings * segments).reshape(rings, segments)
    right = np.roll(index, -1, axis=1)
    quads = np.stack([index[:-1], index[1:], right[1:], right[:-1]], axis=-1).reshape(-1, 4)
    return radius * points.reshape(-1, 3), np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def cube(steps: int = 30, side: float = 200.0) -> tuple[NDArray, NDArray]:
    """Vertices and triangles of a box of six grids."""
    grid = np.linspace(-0.5, 0.5, steps + 1) * side
    u, v = np.meshgrid(grid, grid, indexing="ij")
    w = np.full_like(u, side / 2.0)
    index = np.arange(u.size).reshape(u.shape)
    quads = np.stack([index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]], axis=-1).reshape(-1, 4)
    points, faces = [], []
    for axis in range(3):
        for sign in (1.0, -1.0):
            side_points = np.roll(np.stack([u, v, sign * w], axis=-1).reshape(-1, 3), axis, axis=1)
            points.append(side_points)
            faces.append((quads if sign > 0 else quads[:, ::-1]) + u.size * (len(points) - 1))
    quads = np.concatenate(faces)
    return np.concatenate(points), np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def channel(name: str) -> int:
    """Its place in arrays (…, 52)."""
    return ARKIT_NAMES.index(name)
