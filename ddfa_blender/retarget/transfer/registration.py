# SPDX-License-Identifier: GPL-3.0-or-later
"""Our neutral head laid over somebody else's: first as one of the heads that our model knows, then bent to fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...names import SHAPE_COUNT
from . import alignment
from .alignment import Similarity
from .nearest import NearestOnSurface
from .progress import Progress, silent
from .smoothness import Pull, fitted
from .surface import Surface
from .template import Template

#: Distance between the places that are looked up on the target, and what normals count for; millimetres.
_SPACING, _NORMAL_REACH = 4.0, 8.0
#: Matches this far away count little, millimetres: from the first round of a stage to its last.
_IDENTITY_REACH, _BENDING_REACH = (18.0, 6.0), (12.0, 4.0)
_IDENTITY_ROUNDS, _EVERY = 14, 2
#: Fewer matches than this tell nothing.
_LEAST_MATCHES = 10
#: How much the 40 coefficients are held back; sliding along the surface costs this share of moving off it.
_HELD_BACK, _SLIDING = 6.0, 0.005
#: Stiffness of the bent head, round by round: coarse to fine.
_STIFFNESS = (15.0, 5.0, 2.0, 0.8, 0.3, 0.1, 0.05)
#: Weight of a place that the user marked, against 1 of a matched vertex.
_MARKED = 60.0
#: Largest coefficient of an identity that we believe.
_MOST = 3.0


@dataclass(frozen=True, eq=False)
class Registration:
    """Our head over the target's; millimetres, model axes."""

    similarity: Similarity  # from there to the target's own coordinates
    neutral: NDArray[np.float64]  # (V, 3), the head of our model that is most like it
    fitted: NDArray[np.float64]  # (V, 3), bent to lie on it


def register(
    template: Template,
    skin: Surface,
    similarity: Similarity,
    marks: Mapping[str, NDArray],
    tell: Progress = silent,
) -> Registration:
    """Lay our head over the visible skin of another one.

    Args:
        skin: in the target's own coordinates.
        similarity: that nearly does it.
        marks: places (3,) by the names of ``template.LANDMARKS``, in the target's coordinates.
    """
    target = _Target(skin.at(similarity.back(skin.vertices)))
    inside = {name: similarity.back(place) for name, place in marks.items()}
    shape, nudge = _as_known_head(template, target, inside, tell)
    neutral = template.model.vertices(shape).astype(np.float64)
    bent = _bent(template, nudge.apply(neutral), target, inside, tell)
    return Registration(similarity.after(nudge), neutral, nudge.back(bent))


def _as_known_head(
    template: Template, target: _Target, marks: Mapping[str, NDArray], tell: Progress
) -> tuple[NDArray[np.float64], Similarity]:
    """Coefficients (40,) of the head of our model that is most like the target, and the similarity that lays it there.

    Iterated closest points; point to plane, for along the surface nothing tells where a point belongs.
    """
    shape, nudge = np.zeros(SHAPE_COUNT), Similarity(1.0, np.eye(3), np.zeros(3))
    for step in range(_IDENTITY_ROUNDS):
        reach = _between(_IDENTITY_REACH, step / (_IDENTITY_ROUNDS - 1))
        points = template.model.vertices(shape).astype(np.float64)
        weight, places, normals = target.matches(template, nudge.apply(points), reach, every=_EVERY)
        rows = _mark_rows(template, nudge.apply(points), marks)
        nudge = _nudged(nudge, points, places, weight, rows)
        rows = _mark_rows(template, nudge.apply(points), marks)
        shape = _identity(
            template, shape, nudge.turn_back(places - nudge.apply(points)), normals @ nudge.rotation, weight,
            replace(rows, moves=nudge.turn_back(rows.moves)),
        )  # fmt: skip
        tell(0.5 * (step + 1) / _IDENTITY_ROUNDS)
    return shape, nudge


@dataclass(frozen=True, eq=False)
class _Marks:
    """What marks ask of vertices: each is the weighted mean of some that should lie at its place."""

    vertices: NDArray[np.int64]  # (K,)
    weight: NDArray[np.float64]  # (K,)
    moves: NDArray[np.float64]  # (K, 3), how far the mean has to go


def _mark_rows(template: Template, points: NDArray, places: Mapping[str, NDArray]) -> _Marks:
    own = template.landmarks(points)
    vertices, weights, moves = [np.empty(0, dtype=np.int64)], [np.empty(0)], [np.empty((0, 3))]
    for name, place in places.items():
        index, weight = template.landmark_weights(name)
        vertices.append(index)
        weights.append(_MARKED * weight)
        moves.append(np.tile(place - own[name], (len(index), 1)))
    return _Marks(np.concatenate(vertices), np.concatenate(weights), np.concatenate(moves))


class _Target:
    """The skin to lie on, in our millimetres."""

    def __init__(self, skin: Surface) -> None:
        self._skin = skin
        self._nearest = NearestOnSurface(skin, _SPACING, _NORMAL_REACH)

    def matches(
        self, template: Template, points: NDArray, reach: float, every: int = 1
    ) -> tuple[NDArray, NDArray, NDArray]:
        """Weights (V,), places (V, 3) and their normals (V, 3); vertices that do not count have weight 0."""
        counts = np.flatnonzero(template.weight > 0.0)[::every]
        own_normals = template.outer_surface(points).normals
        found = self._nearest(points[counts], own_normals[counts])
        normals = self._skin.face_normals[found.triangles]
        facing = np.clip(np.einsum("pd,pd->p", normals, own_normals[counts]), 0.0, 1.0)
        weight, places = np.zeros(len(points)), points.copy()
        weight[counts] = template.weight[counts] * facing**2 * np.exp(-((found.distances / reach) ** 2))
        places[counts] = found.points
        all_normals = np.zeros_like(points)
        all_normals[counts] = normals
        return weight, places, all_normals


def _nudged(s: Similarity, points: NDArray, places: NDArray, weight: NDArray, marks: _Marks) -> Similarity:
    """The similarity that brings the points nearer to their places."""
    source = np.concatenate([points, points[marks.vertices]])
    target = np.concatenate([places, s.apply(points[marks.vertices]) + marks.moves])
    weights = np.concatenate([weight, marks.weight])
    return alignment.fit_similarity(source, target, weights) if np.count_nonzero(weights) >= _LEAST_MATCHES else s


def _identity(
    template: Template, shape: NDArray, moves: NDArray, normals: NDArray, weight: NDArray, marks: _Marks
) -> NDArray[np.float64]:
    """Coefficients (40,) whose head has moved by ``moves`` (V, 3), mostly across the surface."""
    counts = np.flatnonzero(weight > 1e-4)
    basis = template.model.shape_basis[:, counts].astype(np.float64)
    wanted = moves[counts] + np.einsum("k,kvd->vd", shape, basis)
    across = np.einsum("kvd,vd->vk", basis, normals[counts])
    w = weight[counts]
    flat, aim = basis.reshape(len(basis), -1), wanted.reshape(-1)
    each = np.repeat(w, 3)
    left = (1.0 - _SLIDING) * (across * w[:, None]).T @ across + _SLIDING * (flat * each) @ flat.T
    right = (1.0 - _SLIDING) * across.T @ (w * np.einsum("vd,vd->v", wanted, normals[counts]))
    right += _SLIDING * (flat * each) @ aim
    marked = template.model.shape_basis[:, marks.vertices].astype(np.float64)
    aims = marks.moves + np.einsum("k,kvd->vd", shape, marked)
    left += np.einsum("kvd,lvd,v->kl", marked, marked, marks.weight, optimize=True)
    right += np.einsum("kvd,vd,v->k", marked, aims, marks.weight, optimize=True)
    solved = np.linalg.solve(left + _HELD_BACK * np.eye(len(shape)), right)
    return np.asarray(np.clip(solved, -_MOST, _MOST))


def _bent(
    template: Template, neutral: NDArray, target: _Target, marks: Mapping[str, NDArray], tell: Progress
) -> NDArray[np.float64]:
    """The head as it lies on the target; what does not count follows smoothly."""
    offset = np.zeros_like(neutral)
    for step, stiffness in enumerate(_STIFFNESS):
        reach = _between(_BENDING_REACH, step / (len(_STIFFNESS) - 1))
        points = neutral + offset
        weight, places, normals = target.matches(template, points, reach)
        rows = _mark_rows(template, points, marks)
        pull = _with_marks(Pull(places - neutral, weight, normals, template.sliding), offset, rows)
        offset = fitted(template.graph, pull, stiffness, stiffness, offset)
        tell(0.5 + 0.5 * (step + 1) / len(_STIFFNESS))
    return neutral + offset


def _with_marks(pull: Pull, offset: NDArray, marks: _Marks) -> Pull:
    """The pull, and that of what the user marked, which counts in every direction."""
    if not len(marks.vertices):
        return pull
    wanted, weight, sliding = pull.wanted.copy(), pull.weight.copy(), pull.sliding.copy()
    wanted[marks.vertices] = offset[marks.vertices] + marks.moves
    weight[marks.vertices], sliding[marks.vertices] = marks.weight, 1.0
    return replace(pull, wanted=wanted, weight=weight, sliding=sliding)


def _between(ends: tuple[float, float], part: float) -> float:
    """From the first to the second, by equal factors."""
    return float(ends[0] ** (1.0 - part) * ends[1] ** part)
