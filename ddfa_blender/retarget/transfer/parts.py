# SPDX-License-Identifier: GPL-3.0-or-later
"""What the islands of a head's mesh are: skin, eyeballs, teeth, tongue, lashes, and what stays still."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from .nearest import NearestOnSurface
from .surface import Surface
from .template import Template

#: Millimetres between the places that are looked up.
_SPACING = 3.0
#: An eyeball's radius beside our eye's, at most; how far its middle may be off, in our eye's radii.
_LARGEST_EYE, _EYE_OFF = 2.2, 1.0
#: How round an eyeball is: its least width beside its greatest; painted eyes are a front half.
_ROUND = 0.45
#: Millimetres from our teeth and tongue within which something is in the mouth; from the skin, to go with it.
_IN_MOUTH, _ON_SKIN = 10.0, 3.0
#: The share of an island's vertices that must be so near to the skin: lashes and brows stand on it with their roots.
_ROOTS = 0.1
#: Things this much larger than our head, along any axis, are no part of a face.
_LARGEST = 0.6

_MOUTH = ("teeth_upper", "teeth_lower", "tongue")


class Kind(Enum):
    """What an island does."""

    SKIN = "skin"  # the face itself
    ON_SKIN = "on skin"  # goes with the skin near its roots
    EYE_LEFT = "eye_left"
    EYE_RIGHT = "eye_right"
    TEETH_UPPER = "teeth_upper"
    TEETH_LOWER = "teeth_lower"
    TONGUE = "tongue"
    STILL = "still"


@dataclass(frozen=True, eq=False)
class Part:
    """Some vertices of the target and what they are."""

    kind: Kind
    vertices: NDArray[np.int64]


def welded(surface: Surface) -> Surface:
    """The same surface with vertices of open borders joined where they coincide: files split them along seams.

    All vertices stay; triangles use the first of those that coincide.
    """
    ends = np.stack([surface.triangles, np.roll(surface.triangles, -1, axis=1)], axis=-1).reshape(-1, 2)
    edges, counts = np.unique(np.sort(ends, axis=1), axis=0, return_counts=True)
    border = np.unique(edges[counts == 1])
    if not len(border):
        return surface
    size = float(np.ptp(surface.vertices[border], axis=0).max())
    cells = np.round(surface.vertices[border] / max(size * 1e-6, 1e-12)).astype(np.int64)
    _, first, which = np.unique(cells, axis=0, return_index=True, return_inverse=True)
    joined = np.arange(len(surface.vertices))
    joined[border] = border[first[which.reshape(-1)]]
    return Surface(surface.vertices, joined[surface.triangles])


def main_island(template: Template, surface: Surface) -> NDArray[np.bool_]:
    """(P,): the island with the largest area in front of our face; ``surface`` in our millimetres, roughly laid."""
    low, high = template.mean[template.face].min(axis=0) - 25.0, template.mean[template.face].max(axis=0) + 25.0
    inside = ((surface.vertices > low) & (surface.vertices < high)).all(axis=1)
    areas = np.bincount(surface.islands, surface.vertex_areas * inside)
    return np.asarray(surface.islands == np.argmax(areas))


def sort_out(template: Template, fitted: NDArray, surface: Surface, skin: NDArray[np.bool_]) -> list[Part]:
    """What each island is, once our head (V, 3) lies on the ``skin`` (P,) of the target; in our millimetres."""
    used = np.unique(surface.triangles)
    parts = [Part(Kind.SKIN, np.flatnonzero(skin))]
    judge = _Judge(template, fitted)
    names = surface.islands[used]
    for name in np.unique(names):
        vertices = used[names == name]
        if not skin[vertices[0]]:
            parts.append(Part(judge.kind(surface.vertices[vertices]), vertices))
    return parts


class _Judge:
    def __init__(self, template: Template, fitted: NDArray) -> None:
        self._size = np.ptp(fitted[template.outer], axis=0)
        self._eyes = {name: ball(fitted[template.region(name)]) for name in ("eye_left", "eye_right")}
        self._mouth = {name: NearestOnSurface(template.region_surface(name, fitted), _SPACING) for name in _MOUTH}
        self._skin = NearestOnSurface(template.outer_surface(fitted), _SPACING)

    def kind(self, points: NDArray) -> Kind:
        for name, (eye, own) in self._eyes.items():
            near = np.linalg.norm(points.mean(axis=0) - eye) < _EYE_OFF * own
            widths = np.sort(np.ptp(points, axis=0))
            # An eyeball, or something small in or on it: lashes are long and thin.
            is_ball = _ROUND * widths[2] < widths[0] and widths[2] / 2.0 < _LARGEST_EYE * own
            if near and (is_ball or widths[2] < own):
                return Kind(name)
        if (np.ptp(points, axis=0) > _LARGEST * self._size).any():
            return Kind.STILL
        distances = {name: float(look_up(points).distances.mean()) for name, look_up in self._mouth.items()}
        nearest = min(distances, key=lambda name: distances[name])
        to_skin = self._skin(points).distances
        if distances[nearest] < _IN_MOUTH and distances[nearest] < to_skin.mean():
            return Kind(nearest)
        return Kind.ON_SKIN if np.quantile(to_skin, _ROOTS) < _ON_SKIN else Kind.STILL


def ball(points: NDArray) -> tuple[NDArray[np.float64], float]:
    """Middle (3,) and radius of the sphere that points (P, 3) lie on, least squares; of few points, their mean."""
    centre = points.mean(axis=0)
    if len(points) < 8:
        return centre, float(np.linalg.norm(points - centre, axis=1).mean())
    x = points - centre
    rows = np.column_stack([2.0 * x, np.ones(len(x))])
    solved = np.linalg.lstsq(rows, (x * x).sum(axis=1), rcond=1e-6)[0]
    radius = float(np.sqrt(max(solved[3] + solved[:3] @ solved[:3], 0.0)))
    # A flat disc lies on no certain sphere.
    if radius > 2.0 * float(np.linalg.norm(x, axis=1).max()):
        return centre, float(np.linalg.norm(x, axis=1).mean())
    return centre + solved[:3], radius
