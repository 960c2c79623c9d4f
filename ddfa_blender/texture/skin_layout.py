# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the skin lies on its texture: the face upright, in the middle and large, the back of the head at the sides.

The model's own layout, made for a whole body, gives an eye 25 texels of 1024. This one gives the face about half of the
texture's width, is mirror-symmetric about u = 0.5, cut up the back of the head where no camera looks, and the same for
every identity. The linings of mouth and eye sockets lie in a strip below.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..morphable_model import MorphableModel
from ..names import REGION_NAMES
from ..smoothstep import smoothstep
from .unwrap import flatten

#: The head's part of the texture and the linings', (u0, v0, u1, v1).
_HEAD_BOX = (0.008, 0.128, 0.992, 0.992)
_LINING_BOX = (0.008, 0.008, 0.992, 0.12)
_LINING_GAP = 0.02
#: Exponent of the outline |x|ⁿ + |y|ⁿ = 1: a square with round corners, convex everywhere.
_ROUNDNESS = 4.5
#: Lengths on the face count in full, those beyond this distance from the landmarks (millimetres) by this share.
_FAR, _FAR_SHARE = 90.0, 0.33
#: Vertices this near to x = 0 lie on the midline, millimetres.
_ON_MIDLINE = 1e-3


class SkinMesh:
    """The skin of a model's mean head: all that layout, texels and paint depend on.

    Equal when the numbers are, so that what was worked out once serves every model read from the same file.
    """

    def __init__(self, model: MorphableModel) -> None:
        skin = model.quad_regions == REGION_NAMES.index("skin")
        self.mean = model.mean  # (V, 3)
        self.quads = model.quads[skin]  # (F, 4)
        self.own, self.uv = model.quad_uvs[skin], model.uv  # the model's own layout, (F, 4) into (U, 2)
        self.landmarks = model.at_landmarks(model.mean)  # (68, 3)
        self._key = tuple(hash(array.tobytes()) for array in (self.mean, self.quads, self.own, self.uv, self.landmarks))

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SkinMesh) and self._key == other._key


def skin_uvs(model: MorphableModel) -> NDArray[np.float64]:
    """(F_skin, 4, 2) for the corners of the model's skin quads, in their order.

    A mesh that is not one head with an open neck keeps the model's own coordinates.
    """
    return layout(SkinMesh(model)).copy()


def linings(model: MorphableModel) -> list[NDArray[np.intp]]:
    """The parts of the skin that lie inside the head, as indices among the skin's quads; one each, in any order."""
    return inner_parts(SkinMesh(model))


@lru_cache(maxsize=2)
def layout(a: SkinMesh) -> NDArray[np.float64]:
    """:func:`skin_uvs`; do not write to it."""
    result = a.uv[a.own].astype(np.float64)
    inside = inner_parts(a)
    outer = np.ones(len(a.quads), dtype=bool)
    for lining in inside:
        outer[lining] = False
    head = _head_uvs(a.mean.astype(np.float64), a.quads[outer], a.landmarks.astype(np.float64))
    if head is None:
        return result
    result[outer] = head
    _pack_linings(result, inside)
    return result


@lru_cache(maxsize=2)
def inner_parts(a: SkinMesh) -> list[NDArray[np.intp]]:
    """:func:`linings`: those islands of the model's own layout that reach no open border, but the largest."""
    border = _border_vertices(a.quads)
    parent = np.arange(len(a.uv))
    changed = True
    while changed:  # union by repeated minimum over each quad: few rounds, islands are compact
        lowest = parent[a.own].min(axis=1)
        updated = parent.copy()
        np.minimum.at(updated, a.own.ravel(), np.repeat(lowest, 4))
        changed = bool((updated != parent).any())
        parent = updated
    island = parent[a.own[:, 0]]
    found = [np.flatnonzero(island == name) for name in np.unique(island)]
    outer = [np.isin(a.quads[quads], border).any() for quads in found]
    largest = int(np.argmax([len(quads) for quads in found]))
    return [quads for i, quads in enumerate(found) if not outer[i] and i != largest]


def _border_vertices(quads: NDArray) -> NDArray[np.intp]:
    return np.unique(border_edges(quads))


def border_edges(quads: NDArray) -> NDArray[np.intp]:
    """Edges (E, 2) of only one quad, in that quad's direction."""
    edges = np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1).reshape(-1, 2)
    _, index, count = np.unique(np.sort(edges, axis=1), axis=0, return_index=True, return_counts=True)
    return edges[index[count == 1]]


def _loops(edges: NDArray) -> list[list[int]] | None:
    """Closed loops of directed edges; None where they do not close or branch."""
    following = dict(edges.tolist())
    if len(following) != len(edges):
        return None
    loops = []
    while following:
        start, vertex = following.popitem()
        loop = [start]
        while vertex != start:
            loop.append(vertex)
            if vertex not in following:
                return None
            vertex = following.pop(vertex)
        loops.append(loop)
    return loops


def _head_uvs(mean: NDArray, quads: NDArray, landmarks: NDArray) -> NDArray[np.float64] | None:
    """Corners (F, 4, 2) of the quads outside the linings, or None if they are no head with an open neck."""
    loops = _loops(border_edges(quads))
    if not loops:
        return None
    neck = min(loops, key=lambda loop: float(mean[loop, 1].mean()))
    cut = _cut(mean, quads, neck)
    if cut is None:
        return None
    opened, points, twins = _opened(mean, quads, cut)
    rim = _rim(neck, cut, twins)
    triangles, edges = _triangles(opened), _edges(opened)
    for hole in (loop for loop in loops if loop is not neck):
        points, plug, spokes = _plug(points, hole)
        triangles, edges = np.concatenate([triangles, plug]), np.concatenate([edges, spokes])
    used, renumbered = np.unique(edges, return_inverse=True)
    place = np.zeros(len(points), dtype=np.intp)
    place[used] = np.arange(len(used))
    outline = _outline(points, rim, len(neck) + 1)
    share = _share(points, landmarks)
    flat = flatten(points[used], place[triangles], renumbered.reshape(edges.shape), share[used], place[rim], outline)
    low, high = np.array(_HEAD_BOX[:2]), np.array(_HEAD_BOX[2:])
    uvs: NDArray[np.float64] = low + (flat[place[opened]] + 1.0) / 2.0 * (high - low)
    return uvs


def _cut(mean: NDArray, quads: NDArray, neck: list[int]) -> list[int] | None:
    """Vertices up the back of the head on the midline, from the neck's rim to the crown; None if there is no such."""
    neighbours = defaultdict(set)
    for a, b in _edges(quads).tolist():
        if abs(mean[a, 0]) < _ON_MIDLINE and abs(mean[b, 0]) < _ON_MIDLINE:
            neighbours[a].add(b)
            neighbours[b].add(a)
    starts = [vertex for vertex in neck if vertex in neighbours]
    if not starts:
        return None
    path = [min(starts, key=lambda vertex: float(mean[vertex, 2]))]
    while True:
        onward = [vertex for vertex in neighbours[path[-1]] if vertex not in path]
        if not onward or mean[onward[0], 1] < mean[path[-1], 1]:
            return path if len(path) > 2 else None
        path.append(onward[0])


def _opened(mean: NDArray, quads: NDArray, cut: list[int]) -> tuple[NDArray, NDArray, dict[int, int]]:
    """The quads with the cut's vertices doubled on the subject's right, all but the crown; the points; the doubles."""
    doubled = cut[:-1]
    twins = {vertex: len(mean) + i for i, vertex in enumerate(doubled)}
    opened = quads.copy()
    right = mean[quads].mean(axis=1)[:, 0] < 0.0
    for vertex, twin in twins.items():
        opened[right] = np.where(opened[right] == vertex, twin, opened[right])
    return opened, np.concatenate([mean, mean[doubled]]), twins


def _rim(neck: list[int], cut: list[int], twins: dict[int, int]) -> NDArray[np.intp]:
    """The opened head's rim, counter-clockwise from the texture's lower left: neck, the cut up, the cut down."""
    start = neck.index(cut[0])
    around = neck[start + 1 :] + neck[:start]
    down = [twins[vertex] for vertex in reversed(cut[1:-1])]
    return np.array([twins[cut[0]], *around, *cut, *down], dtype=np.intp)


def _outline(points: NDArray, rim: NDArray, neck_count: int) -> NDArray[np.float64]:
    """Places (R, 2) of the rim on the round square −1…1: the neck below, the cut's sides meeting at the top."""
    angle = np.radians(np.linspace(225.0, 585.0, 3601))
    direction = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    line = direction / (np.abs(direction) ** _ROUNDNESS).sum(axis=1, keepdims=True) ** (1.0 / _ROUNDNESS)
    line_length = _run(line)
    steps = _run(points[np.append(rim, rim[0])])
    # Corners of the outline, and the vertices that lie there: both ends of the neck's rim, the crown between.
    corner = line_length[[0, 900, 2250, 3600]]
    crown = neck_count - 1 + (len(rim) - neck_count + 1) // 2
    anchor = steps[[0, neck_count - 1, crown, len(rim)]]
    wanted = np.interp(steps[:-1], anchor, corner)
    return np.stack([np.interp(wanted, line_length, line[:, axis]) for axis in range(2)], axis=1)


def _run(points: NDArray) -> NDArray[np.float64]:
    """Length along a line (N, D) up to each of its points (N,)."""
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])


def _edges(quads: NDArray) -> NDArray[np.intp]:
    edges = np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1).reshape(-1, 2)
    return np.unique(np.sort(edges, axis=1), axis=0)


def _triangles(quads: NDArray) -> NDArray[np.intp]:
    """Both ways to cut each quad in two, so that neither diagonal is favoured: (4F, 3), every part twice."""
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]], quads[:, [0, 1, 3]], quads[:, [1, 2, 3]]])


def _plug(points: NDArray, hole: list[int]) -> tuple[NDArray, NDArray, NDArray]:
    """Close a hole with a fan, lest it be flattened as wide as it likes: points, triangles (twice), spokes."""
    loop = np.array(hole)
    middle = np.full(len(loop), len(points))
    fan = np.stack([loop, np.roll(loop, -1), middle], axis=1)
    return (
        np.concatenate([points, points[loop].mean(axis=0, keepdims=True)]),
        np.concatenate([fan, fan]),
        np.stack([loop, middle], axis=1),
    )


def _share(points: NDArray, landmarks: NDArray) -> NDArray[np.float64]:
    """How large each vertex's surroundings are drawn (V,): the face in full."""
    distance = np.min([np.linalg.norm(points - landmark, axis=1) for landmark in landmarks], axis=0)
    share: NDArray[np.float64] = 1.0 - (1.0 - _FAR_SHARE) * smoothstep(distance, 0.0, _FAR)
    return share


def _pack_linings(uvs: NDArray, inside: list[NDArray[np.intp]]) -> None:
    """The linings side by side in their strip, upright as they are, each as high as the strip if its width allows."""
    u0, v0, u1, v1 = _LINING_BOX
    boxes = [(uvs[quads].reshape(-1, 2).min(axis=0), np.ptp(uvs[quads].reshape(-1, 2), axis=0)) for quads in inside]
    room = (u1 - u0 - _LINING_GAP * max(len(inside) - 1, 0)) / max(len(inside), 1)
    left = u0
    for quads, (low, extent) in zip(inside, boxes, strict=True):
        scale = min((v1 - v0) / extent[1], room / extent[0])
        uvs[quads] = (uvs[quads] - low) * scale + (left, v0)
        left += extent[0] * scale + _LINING_GAP
