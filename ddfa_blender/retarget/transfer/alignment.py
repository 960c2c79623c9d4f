# SPDX-License-Identifier: GPL-3.0-or-later
"""Where in a mesh the head is, which way it looks, and how large it is: a similarity from our head to it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .progress import Progress, silent
from .surface import Surface, sample, unit
from .template import Template

#: Points on either side of the coarse search; steps of it; those of the last, finer one.
_COARSE, _FINE, _STEPS, _LAST_STEPS = 250, 1000, 10, 10
#: About how many points of the target a fit is judged by; dense meshes have a sample on each triangle.
_JUDGED, _MOST_JUDGED = 3000, 12000
#: This share of the matches counts, the nearest ones: hair, hats and shoulders have none on our head.
_TRIMMED, _TRIMMED_FACE = 0.8, 0.9
#: Millimetres by which a place that faces the other way counts as further away, halved.
_NORMAL_REACH = 25.0
#: Upright heads that look along −y in Blender need no search if they fit this well: mean millimetres on our head.
_GOOD = 7.0
#: Half way between turns of a cube: 60° about its diagonal.
_ASKEW = np.array([[2.0, -1.0, 2.0], [2.0, 2.0, -1.0], [-1.0, 2.0, 2.0]]) / 3.0
#: What moving along the surface counts for beside moving off it; most that one step turns (radians) and grows.
_ALONG, _MOST_TURN, _GROWTH = 0.05, 0.5, (0.85, 1.18)
#: A turn that was not expected must fit better by this factor.
_PREFERENCE = 0.93


@dataclass(frozen=True, eq=False)
class Similarity:
    """x → scale · rotation · x + offset."""

    scale: float
    rotation: NDArray[np.float64]  # (3, 3)
    offset: NDArray[np.float64]  # (3,)

    def apply(self, points: NDArray) -> NDArray[np.float64]:
        """Points (…, 3) moved."""
        return np.asarray(self.scale * points @ self.rotation.T + self.offset)

    def back(self, points: NDArray) -> NDArray[np.float64]:
        """Points (…, 3) moved the other way."""
        return np.asarray((points - self.offset) @ self.rotation / self.scale)

    def turn_back(self, vectors: NDArray) -> NDArray[np.float64]:
        """Directions or differences (…, 3) turned and scaled the other way."""
        return np.asarray(vectors @ self.rotation / self.scale)

    def after(self, first: Similarity) -> Similarity:
        """The similarity that does ``first``, then this one."""
        return Similarity(self.scale * first.scale, self.rotation @ first.rotation, self.apply(first.offset))

    def turn(self, vectors: NDArray) -> NDArray[np.float64]:
        """Differences (…, 3) turned and scaled."""
        return np.asarray(self.scale * vectors @ self.rotation.T)


def fit_similarity(source: NDArray, target: NDArray, weight: NDArray | None = None) -> Similarity:
    """Least squares (Umeyama 1991) between points (P, 3) and points (P, 3), three or more that lie on no line."""
    w = np.ones(len(source)) if weight is None else weight
    w = w / w.sum()
    a, b = w @ source, w @ target
    x, y = source - a, target - b
    u, s, vt = np.linalg.svd((y * w[:, None]).T @ x)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * sign) @ vt
    spread = float((w * (x * x).sum(axis=1)).sum())
    scale = max(float((s * sign).sum()) / max(spread, 1e-12), 1e-9)
    return Similarity(scale, rotation, b - scale * rotation @ a)


def from_landmarks(template: Template, places: Mapping[str, NDArray]) -> Similarity | None:
    """The similarity that brings our landmarks to ``places`` (3,); None with fewer than three of them."""
    if len(places) < 3:
        return None
    own = template.landmarks(template.mean)
    names = sorted(places)
    return fit_similarity(np.array([own[n] for n in names]), np.array([places[n] for n in names], dtype=np.float64))


def find(template: Template, target: Surface, tell: Progress = silent) -> Similarity:
    """The similarity that lays our head over a mesh that is a head or a bust, whatever its axes and units.

    ``target`` is in Blender's axes: that it is upright and looks along −y is tried first.
    """
    rng = np.random.default_rng(0)
    matcher = _Matcher(template, target, rng)
    straight = _turns_of_a_cube()
    best, error = _start(template, target, straight[0]), np.inf
    askew = [_ASKEW @ turn for turn in straight]
    tried, most = 0, len(straight) + len(askew)
    # One after the other only while nothing fits: upright, on its axes, askew.
    for starts in (straight[:1], straight[1:], askew):
        for rotation in starts:
            tell(tried / most)
            tried += 1
            found = matcher.run(_start(template, target, rotation), _STEPS)
            found_error = matcher.error(found)
            if found_error < _PREFERENCE * error:
                best, error = found, found_error
        if error < _GOOD:
            break
    return _Matcher(template, target, rng, fine=True).run(best, _LAST_STEPS)


def _turns_of_a_cube() -> list[NDArray[np.float64]]:
    """All 24; first that of a head which looks along −y with z up."""
    usual = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
    turns = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            turn = np.zeros((3, 3))
            turn[range(3), order] = signs
            if np.linalg.det(turn) > 0.0:
                turns.append(turn)
    return sorted((turn @ usual for turn in turns), key=lambda turn: -float(np.trace(turn @ usual.T)))


def _start(template: Template, target: Surface, rotation: NDArray) -> Similarity:
    """As large as the target, the tops of both heads at one height: necks and shoulders may be missing or many."""
    used = np.unique(target.triangles)
    own = template.mean[template.outer] @ rotation.T
    low, high = target.vertices[used].min(axis=0), target.vertices[used].max(axis=0)
    up, across = rotation[:, 1], np.abs(rotation[:, 0])
    tall = float(np.abs(up) @ (high - low)) / float(np.abs(up) @ (own.max(axis=0) - own.min(axis=0)))
    wide = float(across @ (high - low)) / float(across @ (own.max(axis=0) - own.min(axis=0)))
    scale = max(min(tall, wide), 1e-3 * max(tall, wide))  # of something flat nothing can be told
    top = np.where(up > 0.5, high, np.where(up < -0.5, low, (low + high) / 2.0))
    own_low, own_high = scale * own.min(axis=0), scale * own.max(axis=0)
    own_top = np.where(up > 0.5, own_high, np.where(up < -0.5, own_low, (own_low + own_high) / 2.0))
    return Similarity(scale, rotation, top - own_top)


def _step(source: NDArray, target: NDArray, normals: NDArray, weight: NDArray) -> Similarity:
    """A small similarity that brings points (M, 3) towards the planes they should lie on, and a little along them.

    Point to plane converges in a few steps where point to point crawls: heads are round.
    """
    w = weight / weight.sum()
    middle, missing = w @ source, target - source
    arm = source - middle
    turn = np.zeros((len(arm), 3, 7))  # rows: how turning, shifting and growing move each coordinate
    turn[:, 0, 1], turn[:, 0, 2] = arm[:, 2], -arm[:, 1]
    turn[:, 1, 0], turn[:, 1, 2] = -arm[:, 2], arm[:, 0]
    turn[:, 2, 0], turn[:, 2, 1] = arm[:, 1], -arm[:, 0]
    turn[:, range(3), range(3, 6)] = 1.0
    turn[:, :, 6] = arm
    across = np.einsum("md,mdk->mk", normals, turn)
    left = (across * w[:, None]).T @ across + _ALONG * np.einsum("m,mdk,mdl->kl", w, turn, turn, optimize=True)
    right = across.T @ (w * np.einsum("md,md->m", normals, missing))
    right += _ALONG * np.einsum("m,mdk,md->k", w, turn, missing, optimize=True)
    x = np.linalg.solve(left + 1e-9 * np.trace(left) * np.eye(7), right)
    angle = float(np.linalg.norm(x[:3]))
    axis = x[:3] / max(angle, 1e-12)
    cross = np.array([[0.0, -axis[2], axis[1]], [axis[2], 0.0, -axis[0]], [-axis[1], axis[0], 0.0]])
    angle = min(angle, _MOST_TURN)
    rotation = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross
    scale = float(np.clip(1.0 + x[6], *_GROWTH))
    return Similarity(scale, rotation, middle + x[3:6] - scale * rotation @ middle)


class _Matcher:
    """Iterated closest points, both ways, on some points of either surface."""

    def __init__(self, template: Template, target: Surface, rng: np.random.Generator, *, fine: bool = False) -> None:
        count = _FINE if fine else _COARSE
        weight = template.weight / template.weight.sum()
        chosen = rng.choice(len(weight), size=count, replace=False, p=weight)
        self._own, self._own_normals = template.mean[chosen], template.surface.normals[chosen]
        self._is_face = template.face[chosen]
        areas = target.vertex_areas
        size = min(2 * count, int((areas > 0.0).sum()))
        picked = rng.choice(len(areas), size=size, replace=False, p=areas / areas.sum())
        self._other, self._other_normals = target.vertices[picked], target.normals[picked]
        judged = sample(target, 1.5 * float(np.sqrt(areas.sum() / _JUDGED)))
        every = -(-len(judged.points) // _MOST_JUDGED)
        self._judged, self._judged_normals = judged.points[::every], judged.normals[::every]

    def run(self, start: Similarity, steps: int) -> Similarity:
        """The similarity after some steps."""
        current = start
        for _ in range(steps):
            current = current.after(_step(*self._matches(current)))
        return current

    def error(self, similarity: Similarity) -> float:
        """Mean distance of the face's points, millimetres on our head; places that face elsewhere count as far."""
        face = self._is_face
        table = _table(similarity, self._own[face], self._own_normals[face], self._judged, self._judged_normals)
        score = np.sort(table.min(axis=1))
        return float(np.sqrt(score[: int(_TRIMMED_FACE * len(score))]).mean())

    def _matches(self, s: Similarity) -> tuple[NDArray, NDArray, NDArray, NDArray]:
        """Our points (M, 3), what they should lie on (M, 3), its normals (M, 3), weights (M,); in our millimetres."""
        table = _table(s, self._own, self._own_normals, self._other, self._other_normals)
        to, of = table.argmin(axis=1), table.argmin(axis=0)
        forward, backward = table[range(len(to)), to], table[of, range(len(of))]
        kept = forward <= np.quantile(forward, _TRIMMED)
        # Of the target only what lies near to us: the rest of a body has no match.
        kept_back = backward <= np.quantile(forward, _TRIMMED)
        source = np.concatenate([self._own[kept], self._own[of[kept_back]]])
        target = s.back(np.concatenate([self._other[to[kept]], self._other[kept_back]]))
        normals = unit(s.turn_back(np.concatenate([self._other_normals[to[kept]], self._other_normals[kept_back]])))
        share = kept.sum() / max(int(kept_back.sum()), 1)
        weight = np.concatenate([np.ones(int(kept.sum())), np.full(int(kept_back.sum()), 0.5 * min(share, 1.0))])
        return source, target, normals, weight


def _table(s: Similarity, own: NDArray, own_normals: NDArray, other: NDArray, normals: NDArray) -> NDArray[np.float64]:
    """(own, other): squared distances in our millimetres, with what the normals add."""
    other = s.back(other)
    table = (own**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2.0 * own @ other.T
    table += 2.0 * _NORMAL_REACH**2 * (1.0 - own_normals @ unit(s.turn_back(normals)).T)
    return np.asarray(np.maximum(table, 0.0))
