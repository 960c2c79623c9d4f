# SPDX-License-Identifier: GPL-3.0-or-later
"""Flatten a mesh that is a disc onto a convex outline, without folds and with little stretch.

Tutte's theorem: with its rim on a convex outline and every other vertex at a weighted mean of its neighbours, a disc
lies flat without folds, whatever the positive weights. Which weights keep the surface's proportions is found by
loosening the springs where it is squeezed (after Yoshizawa, Belyaev, Seidel, 2004). Symmetric weights keep the
system symmetric, so that conjugate gradients solve it in milliseconds without a sparse solver.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ROUNDS = 12
#: How strongly one round reacts to stretch: 1 overshoots, 0 does nothing.
_REACTION = 0.7
_ACCURACY = 1e-8
_MOST_STEPS = 2000


def flatten(
    points: NDArray, triangles: NDArray, edges: NDArray, share: NDArray, rim: NDArray[np.intp], outline: NDArray
) -> NDArray[np.float64]:
    """Places (V, 2) in the plane of a disc's vertices.

    Args:
        points: (V, 3); distances between neighbours are what the flat mesh shall keep, up to one common scale.
        triangles: (T, 3) that cover the surface, every part as often as any other.
        edges: (E, 2) the springs: the edges of the mesh's faces, each once.
        share: (V,) by what lengths around a vertex are multiplied: what is 0.5 comes out half as large.
        rim: (R,) the vertices of the disc's rim in order.
        outline: (R, 2) their places, a convex polygon.
    """
    first, second = edges.T
    free = np.ones(len(points), dtype=bool)
    free[rim] = False
    lengths = np.linalg.norm(points[first] - points[second], axis=1) * (share[first] + share[second]) / 2.0
    weights = 1.0 / np.maximum(lengths, 1e-3 * lengths.mean())
    places = np.full((len(points), 2), outline.mean(axis=0))
    places[rim] = outline
    best, least = places, np.inf
    for _ in range(_ROUNDS):
        places = _settle(edges, weights, free, places)
        stretch, mean_stretch = _stretch(points, triangles, share, places)
        if mean_stretch < least:
            best, least = places, mean_stretch
        # A vertex whose surroundings are squeezed (stretch above the mean) gets looser springs.
        loosening = (stretch / stretch.mean()) ** (0.5 * _REACTION)
        weights = weights / (loosening[first] * loosening[second])
    return best


def _settle(edges: NDArray, weights: NDArray, free: NDArray[np.bool_], start: NDArray) -> NDArray[np.float64]:
    """Every free vertex at the weighted mean of its neighbours, by preconditioned conjugate gradients."""
    first, second = edges.T
    count = len(start)
    total = np.bincount(first, weights, count) + np.bincount(second, weights, count)

    def laplacian(x: NDArray) -> NDArray:
        pulled = [
            np.bincount(first, weights * x[second, c], count) + np.bincount(second, weights * x[first, c], count)
            for c in range(2)
        ]
        result: NDArray = total[:, None] * x - np.stack(pulled, axis=1)
        result[~free] = 0.0
        return result

    x = start.copy()
    residual = -laplacian(x)
    goal = _ACCURACY * float(total.max())
    direction = step = residual / total[:, None]
    energy = float((residual * step).sum())
    for _ in range(_MOST_STEPS):
        if np.abs(residual).max() < goal:
            break
        moved = laplacian(direction)
        length = energy / float((direction * moved).sum())
        x = x + length * direction
        residual = residual - length * moved
        step = residual / total[:, None]
        energy, before = float((residual * step).sum()), energy
        direction = step + (energy / before) * direction
    return x


def _stretch(points: NDArray, triangles: NDArray, share: NDArray, places: NDArray) -> tuple[NDArray[np.float64], float]:
    """L² stretch (Sander et al., 2001) around each vertex (V,), 1 where nothing is stretched, and of the whole.

    Stretch is how much longer a step on the surface is than the same step in the plane, which has been scaled to
    the surface's area.
    """
    scale = share[triangles].mean(axis=1)[:, None]
    edge1, edge2 = ((points[triangles[:, k]] - points[triangles[:, 0]]) * scale for k in (1, 2))
    flat1, flat2 = (places[triangles[:, k]] - places[triangles[:, 0]] for k in (1, 2))
    surface = np.linalg.norm(np.cross(edge1, edge2), axis=1)
    flat = np.abs(flat1[:, 0] * flat2[:, 1] - flat1[:, 1] * flat2[:, 0])
    flat = np.maximum(flat, 1e-6 * flat.mean())
    along_u = (edge1 * flat2[:, 1:] - edge2 * flat1[:, 1:]) / flat[:, None]
    along_v = (edge2 * flat1[:, :1] - edge1 * flat2[:, :1]) / flat[:, None]
    squared = 0.5 * ((along_u**2).sum(axis=1) + (along_v**2).sum(axis=1)) * flat.sum() / surface.sum()
    around, area = np.zeros(len(points)), np.zeros(len(points))
    for k in range(3):
        around += np.bincount(triangles[:, k], surface * squared, len(points))
        area += np.bincount(triangles[:, k], surface, len(points))
    around = np.divide(around, area, out=np.ones_like(area), where=area > 0.0)
    return np.sqrt(around), float(np.sqrt((surface * squared).sum() / surface.sum()))
