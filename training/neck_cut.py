# SPDX-License-Identifier: GPL-3.0-or-later
"""Trim the head's lower end to an edge loop around the neck, so that the model ends in a clean line.

The bases are made on the untrimmed head (whose end is a staircase of quads), and labels refer to their
coefficients; trimming takes vertices away and changes none that stay.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.smoothstep import smoothstep

_MIDLINE = 1e-3
_LONGEST_LOOP = 80
#: The neck bends within this distance of its end, millimetres; the jaw lies beyond.
_NECK_REACH = 36.0


class EdgeLoops:
    """Walks along edge loops of quads: at a vertex of four edges the loop goes on through the opposite one."""

    def __init__(self, quads: NDArray) -> None:
        self._quads_at: dict[int, list[set[int]]] = {}
        self.neighbours: dict[int, set[int]] = {}
        for quad in quads.tolist():
            for index, corner in enumerate(quad):
                self._quads_at.setdefault(corner, []).append(set(quad))
                self.neighbours.setdefault(corner, set()).update({quad[index - 1], quad[(index + 1) % 4]})

    def walk(self, start: int, second: int, stop: NDArray[np.bool_]) -> list[int] | None:
        """Vertices from ``start`` through ``second`` to the first in ``stop`` (V,); None where the loop ends before."""
        path = [start, second]
        while len(path) < _LONGEST_LOOP:
            previous, current = path[-2:]
            if stop[current]:
                return path
            around = self.neighbours[current]
            onward = [
                other
                for other in around - {previous}
                if not any({other, previous} <= quad for quad in self._quads_at[current])
            ]
            if len(around) != 4 or len(onward) != 1:
                return None
            path.append(onward[0])
        return None


def neck_loop(model: MorphableModel, quads: NDArray, mirror: NDArray[np.int64]) -> set[tuple[int, int]]:
    """Edges (sorted vertex pairs) of the lowest loop that runs round the neck from back to front.

    Raises:
        ValueError: there is none.
    """
    loops, middle = EdgeLoops(quads), np.abs(model.mean[:, 0]) < _MIDLINE
    best: list[int] | None = None
    for start in np.flatnonzero(middle & (model.mean[:, 2] < 0) & (model.mean[:, 1] < 0)).tolist():
        sideways = [n for n in loops.neighbours.get(start, ()) if model.mean[n, 0] > _MIDLINE]
        for second in sideways:
            path = loops.walk(start, second, middle)
            in_front = path is not None and model.mean[path[-1], 2] > 0
            if path and in_front and (best is None or model.mean[path, 1].mean() < model.mean[best, 1].mean()):
                best = path
    if best is None:
        raise ValueError("no edge loop runs round the neck")
    both = [best, mirror[best].tolist()]
    return {tuple(sorted(pair)) for path in both for pair in itertools.pairwise(path)}  # type: ignore[misc]


def _above(quads: NDArray, fence: set[tuple[int, int]], top: int) -> NDArray[np.bool_]:
    """Mask (F,) of the quads reached from vertex ``top`` without crossing an edge of ``fence``."""
    across: dict[tuple[int, int], list[int]] = {}
    for index, quad in enumerate(quads.tolist()):
        for corner in range(4):
            edge = tuple(sorted((quad[corner], quad[(corner + 1) % 4])))
            if edge not in fence:
                across.setdefault(edge, []).append(index)  # type: ignore[arg-type]
    linked: dict[int, set[int]] = {}
    for pair in across.values():
        for index in pair:
            linked.setdefault(index, set()).update(pair)
    waiting = np.flatnonzero((quads == top).any(axis=1)).tolist()
    reached = np.zeros(len(quads), dtype=bool)
    reached[waiting] = True
    while waiting:
        for other in linked.get(waiting.pop(), ()):
            if not reached[other]:
                reached[other] = True
                waiting.append(other)
    return reached


def trim_neck(model: MorphableModel, mirror: NDArray[np.int64]) -> MorphableModel:
    """The model without what lies below the neck's edge loop; eyes, teeth, tongue and lashes stay.

    ``head_weight`` rises from 0 at that loop to 1 at :data:`_NECK_REACH` from it.
    """
    skin = np.flatnonzero(model.quad_regions == 0)
    top = int(model.mean[:, 1].argmax())
    keep_quads = np.ones(len(model.quads), dtype=bool)
    fence = neck_loop(model, model.quads[skin], mirror)
    keep_quads[skin] = _above(model.quads[skin], fence, top)
    used, renumber = np.unique(model.quads[keep_quads], return_inverse=True)
    uv_used, uv_renumber = np.unique(model.quad_uvs[keep_quads], return_inverse=True)
    new_index = np.full(len(model.mean), -1, dtype=np.int32)
    new_index[used] = np.arange(len(used))
    ring = model.mean[sorted({vertex for edge in fence for vertex in edge})]
    distance = np.linalg.norm(model.mean[used, None] - ring[None], axis=-1).min(axis=1)
    return replace(
        model,
        mean=np.ascontiguousarray(model.mean[used]),
        shape_basis=np.ascontiguousarray(model.shape_basis[:, used]),
        expression_basis=np.ascontiguousarray(model.expression_basis[:, used]),
        arkit_basis=np.ascontiguousarray(model.arkit_basis[:, used]),
        quads=renumber.reshape(-1, 4).astype(np.int32),
        uv=model.uv[uv_used],
        quad_uvs=uv_renumber.reshape(-1, 4).astype(np.int32),
        quad_regions=model.quad_regions[keep_quads],
        head_weight=smoothstep(distance, 0.0, _NECK_REACH).astype(np.float32),
        landmark_vertices=new_index[model.landmark_vertices],
    )
