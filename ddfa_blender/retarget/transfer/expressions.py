# SPDX-License-Identifier: GPL-3.0-or-later
"""The 52 shapes on our head as it lies on another one: turned and stretched with it, the lids brought to meet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...names import ARKIT_NAMES
from ...projection import nearest_rotation
from .registration import Registration
from .smoothness import Graph
from .template import Rim, Template

#: Rounds of averaging of the local frames; the least and greatest stretch of one.
_ROUNDS, _STRETCH = 30, (0.4, 2.5)
#: How far closed upper lids go over lower ones beyond what ours do, as a share of the opening.
_OVERLAP = 0.1
_BLINKS = {"Left": "eyeBlinkLeft", "Right": "eyeBlinkRight"}


def on_registered(template: Template, registered: Registration) -> NDArray[np.float64]:
    """Differences (52, V, 3) that the shapes make on the registered head, millimetres, model axes."""
    frames = local_frames(template.graph, registered.neutral, registered.fitted)
    deltas = np.einsum("vij,kvj->kvi", frames, template.model.arkit_basis.astype(np.float64), optimize=True)
    for side, channel in _BLINKS.items():
        row = ARKIT_NAMES.index(channel)
        deltas[row] = _closed(template, registered, template.rims[side], deltas[row], row)
    return deltas


def local_frames(graph: Graph, before: NDArray, after: NDArray) -> NDArray[np.float64]:
    """(V, 3, 3): how the surroundings of each vertex were turned and stretched between two states (V, 3) of a mesh."""
    outer = graph.products(before, before)
    mixed = graph.products(after, before)
    outer, mixed = graph.smoothed(outer, _ROUNDS), graph.smoothed(mixed, _ROUNDS)
    # A surface tells nothing across itself: there, the frame turns along and keeps the length.
    size = np.trace(outer, axis1=1, axis2=2)[:, None, None] * np.eye(3)
    rotation, _ = nearest_rotation(mixed)
    held = 0.02 * size
    frames = (mixed + rotation @ held) @ np.linalg.inv(outer + held)
    u, s, vt = np.linalg.svd(frames)
    return np.asarray((u * np.clip(s, *_STRETCH)[:, None, :]) @ vt)


def _closed(template: Template, registered: Registration, rim: Rim, delta: NDArray, row: int) -> NDArray[np.float64]:
    """A blink (V, 3) that brings the upper lid's rim where it lies against the lower one's on our own head."""
    own = template.mean + template.model.arkit_basis[row].astype(np.float64)
    there = registered.fitted + delta
    scale = _length(registered.fitted[rim.lower]) / _length(template.mean[rim.lower])
    lower, weights = _along(own[rim.lower], own[rim.upper])
    beside = own[rim.upper] - np.einsum("uk,ukd->ud", weights, own[rim.lower][lower])
    wanted = np.einsum("uk,ukd->ud", weights, there[rim.lower][lower]) + scale * beside
    # A little further: where the target's rims are not quite where ours came to lie, no slit is left.
    below, shares = _along(registered.fitted[rim.lower], registered.fitted[rim.upper])
    opening = registered.fitted[rim.upper] - np.einsum("uk,ukd->ud", shares, registered.fitted[rim.lower][below])
    missing = wanted - _OVERLAP * opening - there[rim.upper]
    missing[[0, -1]] = 0.0
    # Skin between the rim and what stays at rest follows in its measure.
    moved = np.linalg.norm(template.model.arkit_basis[row], axis=1).astype(np.float64)
    return delta + _spread(registered.neutral, rim.upper, missing, moved)


def _spread(points: NDArray, rim: NDArray, moves: NDArray, moved: NDArray) -> NDArray[np.float64]:
    """Moves (R, 3) of a rim as moves (V, 3) of all that goes with it, in the measure in which it is ``moved`` (V,)."""
    reach = max(float(moved[rim].max()), 1e-9)
    result = np.zeros_like(points)
    near = np.flatnonzero(moved > 0.02 * reach)
    distance = np.linalg.norm(points[near][:, None] - points[rim][None], axis=2)
    weight = 1.0 / np.maximum(distance, 0.05) ** 2
    shared = weight @ moves / weight.sum(axis=1, keepdims=True)
    nearest = distance.argmin(axis=1)
    share = np.clip(moved[near] / np.maximum(moved[rim][nearest], 0.2 * reach), 0.0, 1.0)
    result[near] = share[:, None] * shared
    result[rim] = moves
    return result


def _along(curve: NDArray, points: NDArray) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The places on a polyline (C, 3) nearest to points (P, 3): its two ends' indices (P, 2), their weights (P, 2)."""
    start, step = curve[:-1], np.diff(curve, axis=0)
    length = np.maximum((step * step).sum(axis=1), 1e-12)
    share = np.clip(np.einsum("psd,sd->ps", points[:, None] - start, step) / length, 0.0, 1.0)
    places = start + share[..., None] * step
    best = np.linalg.norm(points[:, None] - places, axis=2).argmin(axis=1)
    chosen = share[range(len(points)), best]
    return np.column_stack([best, best + 1]), np.column_stack([1.0 - chosen, chosen])


def _length(curve: NDArray) -> float:
    return float(np.linalg.norm(np.diff(curve, axis=0), axis=1).sum())


def eye_turn(points: NDArray, delta: NDArray) -> NDArray[np.float64]:
    """The rotation (3, 3) about its middle that an eyeball's shape stands for; points and delta (P, 3)."""
    centred = points - points.mean(axis=0)
    moved = points + delta
    rotation, _ = nearest_rotation((moved - moved.mean(axis=0)).T @ centred)
    return rotation
