# SPDX-License-Identifier: GPL-3.0-or-later
"""Small polygon helpers for the renderer: meshes as arrays, primitive shapes, smooth noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Mesh:
    """``vertices`` (V, 3) millimetres in model axes, ``quads`` (F, 4)."""

    vertices: NDArray[np.floating]
    quads: NDArray[np.int32]

    def moved(self, rotation: NDArray, offset: NDArray) -> Mesh:
        """Rotated (3, 3), then shifted (3,)."""
        return Mesh(self.vertices @ rotation.T + offset, self.quads)


EMPTY = Mesh(np.zeros((0, 3)), np.zeros((0, 4), dtype=np.int32))


def join(meshes: list[Mesh]) -> Mesh:
    """All of them as one mesh."""
    if not meshes:
        return EMPTY
    starts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.quads + start for mesh, start in zip(meshes, starts, strict=True)]).astype(np.int32),
    )


def grid_quads(rows: int, columns: int, wrap: bool = False) -> NDArray[np.int32]:
    """Quads of a (rows, columns) grid of vertices; ``wrap`` closes it along the columns."""
    index = np.arange(rows * columns).reshape(rows, columns)
    right = np.roll(index, -1, axis=1)
    quads = np.stack([index[:-1], index[1:], right[1:], right[:-1]], axis=-1)
    return (quads if wrap else quads[:, :-1]).reshape(-1, 4).astype(np.int32)


def tube(path: NDArray, radius: float | NDArray, sides: int = 8, closed: bool = False) -> Mesh:
    """A tube of ``radius`` (scalar or per point) around ``path`` (N, 3); ``closed`` joins its ends."""
    points = np.asarray(path, dtype=np.float64)
    if closed:
        tangent = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    else:
        tangent = np.gradient(points, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    helper = np.eye(3)[np.argmin(np.abs(tangent).max(axis=0))]
    first = np.cross(tangent, helper)
    first /= np.maximum(np.linalg.norm(first, axis=1, keepdims=True), 1e-9)
    second = np.cross(tangent, first)
    angle = np.linspace(0.0, 2.0 * np.pi, sides, endpoint=False)
    ring = np.cos(angle)[None, :, None] * first[:, None] + np.sin(angle)[None, :, None] * second[:, None]
    width = np.broadcast_to(np.asarray(radius, dtype=np.float64), (len(points),))[:, None, None]
    vertices = points[:, None] + ring * width
    if closed:
        vertices = np.concatenate([vertices, vertices[:1]])
    return Mesh(vertices.reshape(-1, 3), grid_quads(len(vertices), sides, wrap=True))


def ellipsoid(radii: NDArray, rows: int = 10, columns: int = 16) -> Mesh:
    """An ellipsoid of ``radii`` (3,) about the origin."""
    polar, around = np.meshgrid(
        np.linspace(0.0, np.pi, rows), np.linspace(0.0, 2.0 * np.pi, columns, endpoint=False), indexing="ij"
    )
    unit = np.stack([np.sin(polar) * np.sin(around), np.cos(polar), np.sin(polar) * np.cos(around)], axis=-1)
    return Mesh((unit * np.asarray(radii)).reshape(-1, 3), grid_quads(rows, columns, wrap=True))


def box(half_size: NDArray) -> Mesh:
    """A box of half edge lengths (3,) about the origin."""
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * np.asarray(half_size)
    quads = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    return Mesh(corners.astype(np.float64), np.array(quads, dtype=np.int32))


def capsule(start: NDArray, end: NDArray, radius: float) -> Mesh:
    """A rounded rod from ``start`` to ``end`` (3,)."""
    along = np.array([0.0, 0.02, 0.1, 0.5, 0.9, 0.98, 1.0])
    width = radius * np.array([0.05, 0.6, 0.95, 1.0, 0.9, 0.6, 0.05])
    return tube(np.asarray(start) + along[:, None] * (np.asarray(end) - np.asarray(start)), width, sides=8)


def smooth_noise(points: NDArray, wavelength: float, rng: np.random.Generator, waves: int = 8) -> NDArray[np.float32]:
    """Seamless noise (N,) at ``points`` (N, d): zero mean, about unit variance, features of ``wavelength``."""
    total = np.zeros(len(points), dtype=np.float32)
    for _ in range(waves):
        direction = rng.normal(size=points.shape[1])
        direction *= 2.0 * np.pi * rng.uniform(0.6, 1.6) / (wavelength * np.linalg.norm(direction))
        total += np.sin(points @ direction.astype(points.dtype) + points.dtype.type(rng.uniform(0.0, 2.0 * np.pi)))
    return total * np.float32(np.sqrt(2.0 / waves))
