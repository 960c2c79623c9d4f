# SPDX-License-Identifier: GPL-3.0-or-later
"""What of our own head matters when it is laid over another one: its skin's outside, rims of lids and lips, parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...morphable_model import MorphableModel
from ...names import REGION_NAMES
from ...texture.skin_layout import linings
from .smoothness import Graph
from .surface import Surface, edges_of, unit

#: The places that a user may mark, and the iBUG-68 points that they are the mean of.
LANDMARKS: dict[str, tuple[int, ...]] = {
    "eye_left": (42, 43, 44, 45, 46, 47),
    "eye_right": (36, 37, 38, 39, 40, 41),
    "nose_tip": (30,),
    "mouth_left": (54,),
    "mouth_right": (48,),
    "chin": (8,),
}
#: iBUG-68 points at the corners of the eyes: the one at the nose, then the one at the temple.
_EYE_CORNERS = {"Left": (42, 45), "Right": (39, 36)}

#: Heights around the mean head's middle of the eyes, millimetres: above, all counts; below, nothing.
_COUNTS_FROM, _COUNTS_UP_TO = -150.0, -105.0
#: What matches say along the surface counts little: there, nothing tells where a point belongs.
_SLIDING = 0.05
#: The front of the head, where the face is, counts fully; its back this much.
_BACK_WEIGHT = 0.15


@dataclass(frozen=True, eq=False)
class Rim:
    """An eye's opening: vertices of the upper lid's rim, and of the lower one's, from the nose outwards."""

    upper: NDArray[np.int64]
    lower: NDArray[np.int64]


class Template:
    """Our head, mean identity, millimetres, model axes."""

    def __init__(self, model: MorphableModel) -> None:
        self.model = model
        self.mean = model.mean.astype(np.float64)
        self.surface = Surface(self.mean, model.triangles.astype(np.int64))
        skin = model.quad_regions == REGION_NAMES.index("skin")
        quads = model.quads[skin]
        self._linings = [np.unique(quads[part]) for part in linings(model)]
        inner = np.zeros(len(skin), dtype=bool)
        for part in linings(model):
            inner[np.flatnonzero(skin)[part]] = True
        self._outer_quads = model.quads[skin & ~inner]
        self._inner_quads = model.quads[inner]
        #: (V,): skin that is seen from outside, rims included.
        self.outer = np.zeros(len(self.mean), dtype=bool)
        self.outer[self._outer_quads] = True

    def region(self, name: str) -> NDArray[np.int64]:
        """Indices (N,) of the vertices of a part of the head, one of ``REGION_NAMES``."""
        return np.unique(self.model.quads[self.model.quad_regions == REGION_NAMES.index(name)]).astype(np.int64)

    def region_surface(self, name: str, vertices: NDArray) -> Surface:
        """The triangles of a part of the head between vertices (V, 3)."""
        chosen = np.repeat(self.model.quad_regions == REGION_NAMES.index(name), 2)
        return Surface(np.asarray(vertices, dtype=np.float64), self.surface.triangles[chosen])

    def outer_surface(self, vertices: NDArray) -> Surface:
        """The skin's outside between vertices (V, 3)."""
        quads = self._outer_quads.astype(np.int64)
        triangles = np.stack([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]], axis=1).reshape(-1, 3)
        return Surface(np.asarray(vertices, dtype=np.float64), triangles)

    @cached_property
    def graph(self) -> Graph:
        """All vertices; edges and diagonals of the quads."""
        quads = self.model.quads.astype(np.int64)
        edges = edges_of(np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]], quads[:, [0, 1, 3]]]))
        return Graph(len(self.mean), edges)

    @cached_property
    def weight(self) -> NDArray[np.float64]:
        """(V,): how much a vertex counts when the head is laid over another: its skin's outside, the face most."""
        height = self.mean[:, 1] - self.landmarks(self.mean)["eye_left"][1]
        vertical = np.clip((height - _COUNTS_FROM) / (_COUNTS_UP_TO - _COUNTS_FROM), 0.0, 1.0)
        front = np.clip((self.mean[:, 2] - 20.0) / 50.0, _BACK_WEIGHT, 1.0)
        return self.outer * vertical * front

    @cached_property
    def sliding(self) -> NDArray[np.float64]:
        """(V,): how much a vertex holds on to its match along the surface, too: rims of lids do, cheeks not."""
        result = np.full(len(self.mean), _SLIDING)
        for part in self._linings:
            result[part] = 1.0
        return result

    @cached_property
    def face(self) -> NDArray[np.bool_]:
        """(V,): from the brows to the chin, without ears; what expressions move most."""
        marks = self.model.at_landmarks(self.model.mean).astype(np.float64)
        low, high = marks[8], marks[17:27].max(axis=0)
        inside = (self.mean[:, 1] > low[1] - 5.0) & (self.mean[:, 1] < high[1] + 15.0)
        inside &= (np.abs(self.mean[:, 0]) < marks[45, 0] + 12.0) & (self.mean[:, 2] > low[2] - 40.0)
        return np.asarray(self.outer & inside)

    def landmarks(self, vertices: NDArray) -> dict[str, NDArray[np.float64]]:
        """The places (3,) that a user may mark, on vertices (V, 3)."""
        points = self.model.at_landmarks(vertices).astype(np.float64)
        return {name: points[list(chosen)].mean(axis=0) for name, chosen in LANDMARKS.items()}

    def landmark_weights(self, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Vertices (K,) and weights (K,) whose sum a landmark is."""
        chosen = list(LANDMARKS[name])
        vertices = self.model.landmark_vertices[chosen].ravel().astype(np.int64)
        return vertices, self.model.landmark_weights[chosen].ravel().astype(np.float64) / len(chosen)

    @cached_property
    def rims(self) -> dict[str, Rim]:
        """The openings of the eyes, by side, "Left" and "Right"."""
        points = self.model.at_landmarks(self.model.mean).astype(np.float64)
        return {side: self._rim(points[inner], points[outer]) for side, (inner, outer) in _EYE_CORNERS.items()}

    def _rim(self, nose: NDArray, temple: NDArray) -> Rim:
        middle = (nose + temple) / 2.0
        lining = min(self._linings, key=lambda part: float(np.linalg.norm(self.mean[part].mean(axis=0) - middle)))
        border = lining[self.outer[lining]]
        along = unit(temple - nose)
        place = (self.mean[border] - nose) @ along
        ends = border[[np.argmin(place), np.argmax(place)]]
        base = self.mean[ends[0]]
        line = unit(self.mean[ends[1]] - base)
        away = (self.mean[border] - base) - np.outer((self.mean[border] - base) @ line, line)
        order = np.argsort(place)
        above = away[order, 1] >= 0.0
        is_end = np.isin(border[order], ends)
        return Rim(border[order][above | is_end], border[order][~above | is_end])
