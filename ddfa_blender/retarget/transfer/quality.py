# SPDX-License-Identifier: GPL-3.0-or-later
"""How well our head lies on another one, in numbers that people can judge, and whether that is a head at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import CaptureError
from .nearest import NearestOnSurface
from .registration import Registration
from .surface import Surface
from .template import Template

#: Millimetres between the places that are looked up.
_SPACING = 3.0
#: A known head this far from the target on average (percent of the head's height) is no likeness.
_UNLIKE = 4.0
#: Mean cosine between the normals of our face, bent to fit, and the target's below which it has no such features.
_FEATURELESS = 0.8

#: Parts of the face by iBUG-68 points.
_REGIONS: dict[str, tuple[int, ...]] = {
    "jaw left": (12, 13, 14), "jaw right": (2, 3, 4), "chin": (6, 7, 8, 9, 10), "brow left": (22, 23, 24, 25, 26),
    "brow right": (17, 18, 19, 20, 21), "nose": (27, 28, 29, 30, 31, 33, 35), "eye left": (42, 43, 44, 45, 46, 47),
    "eye right": (36, 37, 38, 39, 40, 41), "mouth": (48, 49, 51, 53, 54, 55, 57, 59), "ear left": (16,),
    "ear right": (0,),
}  # fmt: skip


@dataclass(frozen=True)
class Quality:
    """Distances between our bent head and the target's skin, percent of the head's height."""

    mean: float
    largest: float
    regions: tuple[tuple[str, float], ...]  # the mean of each part of the face, worst first


def judge(template: Template, registered: Registration, skin: Surface) -> Quality:
    """The quality of a fit to the visible ``skin``, in the target's coordinates.

    Raises:
        CaptureError: what lies there is no face.
    """
    target = skin.at(registered.similarity.back(skin.vertices))
    look_up = NearestOnSurface(target, _SPACING)
    chosen = np.flatnonzero(template.face)
    height = float(np.ptp(registered.fitted[template.outer][:, 1]))
    bent, known = (look_up(points[chosen]) for points in (registered.fitted, registered.neutral))
    normals = template.outer_surface(registered.fitted).normals[chosen]
    agreement = np.einsum("pd,pd->p", normals, target.face_normals[bent.triangles])
    far = 100.0 * known.distances / height
    if far.mean() > _UNLIKE or agreement.mean() < _FEATURELESS:
        raise CaptureError(
            "No face was found in this mesh; choose the mesh of the face, or place the landmarks on its eyes, nose, "
            "mouth and chin."
        )
    percent = 100.0 * bent.distances / height
    return Quality(float(percent.mean()), float(percent.max()), _by_region(template, chosen, percent))


def _by_region(template: Template, chosen: NDArray, percent: NDArray) -> tuple[tuple[str, float], ...]:
    marks = template.model.at_landmarks(template.model.mean).astype(np.float64)
    names = [name for name, points in _REGIONS.items() for _ in points]
    anchors = marks[[point for points in _REGIONS.values() for point in points]]
    owner = np.linalg.norm(template.mean[chosen][:, None] - anchors, axis=2).argmin(axis=1)
    found = {name: percent[[names[i] == name for i in owner]] for name in _REGIONS}
    means = [(name, float(values.mean())) for name, values in found.items() if len(values)]
    return tuple(sorted(means, key=lambda pair: -pair[1]))
