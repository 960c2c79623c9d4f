# SPDX-License-Identifier: GPL-3.0-or-later
"""One call from a neutral head without keys to its 52 ARKit shapes.

Our own head is laid over it: roughly by iterated closest points (or by places that the user marked), then as the most
similar of the heads that our model knows (Paysan et al. 2009, fitting a morphable model to a scan), then bent with
decreasing stiffness (after Amberg et al. 2007, optimal step non-rigid ICP). What our shapes do there is turned and
stretched with the surroundings (delta transfer through local frames, after Sumner & Popović 2004), and read off at the
places that the target's vertices correspond to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import CaptureError
from ...morphable_model import MorphableModel
from ...names import ARKIT_NAMES
from . import alignment, correspondence, expressions, parts, quality, registration
from .alignment import Similarity
from .parts import Kind, Part
from .progress import Progress, silent, stage, stoppable
from .quality import Quality
from .registration import Registration
from .smoothness import Graph
from .surface import Surface
from .template import Template
from .visibility import seen_from_outside

__all__ = ["HeadMesh", "Transferred", "transfer"]

#: A mesh with fewer vertices has no face to speak of; with more triangles it is no mesh to put shape keys on.
_LEAST_VERTICES, _MOST_TRIANGLES = 150, 2_000_000
#: The head is looked for among the islands with at least this share of the largest one's area.
_LARGE = 0.25
#: What may be on a head, around ours, millimetres.
_AROUND = 60.0
#: Belief in what cannot be seen from outside, beside 1.
_HIDDEN = 0.05
#: Matches farther away than this look on the linings of mouth and eyes, too; millimetres.
_DEEP = 4.0
#: Smallest differences that count as moving, millimetres on our head.
_STILL = 0.02
#: How far lids stay away from the eyeball, in its radii.
_CLEAR = 0.01
#: Where the stages end of which the progress is told: the head found, ours laid over it.
_FOUND, _LAID = 0.2, 0.5
_LID_CHANNELS = ("eyeBlink", "eyeSquint", "eyeWide", "eyeLookUp", "eyeLookDown", "eyeLookIn", "eyeLookOut")


@dataclass(frozen=True, eq=False)
class HeadMesh:
    """A neutral head, or a whole character; in Blender's axes, any unit."""

    vertices: NDArray[np.float64]  # (P, 3)
    triangles: NDArray[np.int64]  # (T, 3), counter-clockwise from outside
    head: NDArray[np.bool_] | None = None  # (P,), which of them belong to the head, if that is known


@dataclass(frozen=True, eq=False)
class Transferred:
    """The shapes of a head that had none."""

    deltas: NDArray[np.float64]  # (52, P, 3), in the mesh's own coordinates
    quality: Quality
    landmarks: dict[str, NDArray[np.float64]]  # (3,), where the fit has what a user could mark
    parts: tuple[Part, ...]


def transfer(
    model: MorphableModel,
    mesh: HeadMesh,
    landmarks: Mapping[str, NDArray] | None = None,
    *,
    eyes_and_teeth: bool = True,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Transferred:
    """The 52 shapes for a mesh.

    Args:
        landmarks: places (3,) by names of ``template.LANDMARKS``; three or more also tell where the head is.
        eyes_and_teeth: eyeballs turn with the gaze, lower teeth and tongue go with the jaw; else they stay still.
        progress: is told the part done, 0…1.
        cancelled: is asked now and then whether to stop.

    Raises:
        CaptureError: the mesh has no face, or too little or too much of one.
        CaptureCancelled: ``cancelled`` said so.
    """
    _check(mesh)
    tell = stoppable(progress or silent, cancelled or (lambda: False))
    template, marks = Template(model), dict(landmarks or {})
    whole = parts.welded(Surface(mesh.vertices.astype(np.float64), mesh.triangles))
    start = _start(template, whole, mesh.head, marks, stage(tell, 0.0, _FOUND))
    tell(_FOUND)
    near = _near(template, whole.at(start.back(whole.vertices)), mesh.head)
    skin = parts.main_island(template, near)
    tell(_FOUND)
    seen = seen_from_outside(near) & skin
    if seen.sum() < _LEAST_VERTICES:
        raise CaptureError("Too little of a face was found in this mesh; choose the mesh of the face.")
    visible = Surface(whole.vertices, near.part(seen).triangles)
    tell(_FOUND)
    registered = registration.register(template, visible, start, marks, stage(tell, _FOUND, _LAID))
    judged = quality.judge(template, registered, visible)
    tell(_LAID)
    here = near.at(registered.similarity.back(whole.vertices))
    found = parts.sort_out(template, registered.fitted, here, skin)
    deltas = _deltas(template, registered, here, seen, found, eyes_and_teeth, stage(tell, _LAID, 1.0))
    if len(whole.triangles) and not np.array_equal(whole.triangles, mesh.triangles):
        deltas = deltas[:, _twins(whole, mesh)]
    places = template.landmarks(registered.fitted)
    return Transferred(
        registered.similarity.turn(deltas), judged,
        {name: registered.similarity.apply(place) for name, place in places.items()}, tuple(found),
    )  # fmt: skip


def _check(mesh: HeadMesh) -> None:
    if len(mesh.triangles) > _MOST_TRIANGLES:
        raise CaptureError(
            f"The mesh has {len(mesh.triangles):,} triangles; use one with fewer than {_MOST_TRIANGLES:,}, "
            "subdivide it by a modifier."
        )
    if len(np.unique(mesh.triangles)) < _LEAST_VERTICES:
        raise CaptureError("The mesh has too few vertices for a face; choose the mesh of the face.")
    if not np.isfinite(mesh.vertices).all():
        raise CaptureError("The mesh has vertices at no place (NaN); repair it first.")


def _start(
    template: Template, whole: Surface, head: NDArray[np.bool_] | None, marks: Mapping[str, NDArray], tell: Progress
) -> Similarity:
    marked = alignment.from_landmarks(template, marks)
    if marked is not None:
        return marked
    searched = whole if head is None else whole.part(head)
    areas = np.bincount(searched.islands, searched.vertex_areas)
    if not areas.any():
        raise CaptureError("What belongs to the head of this mesh has no surface; choose the mesh of the face.")
    return alignment.find(template, searched.part((areas >= _LARGE * areas.max())[searched.islands]), tell)


def _near(template: Template, surface: Surface, head: NDArray[np.bool_] | None) -> Surface:
    """Only what lies around our head, in our millimetres."""
    low, high = template.mean.min(axis=0) - _AROUND, template.mean.max(axis=0) + _AROUND
    inside = ((surface.vertices > low) & (surface.vertices < high)).all(axis=1)
    return surface.part(inside if head is None else inside & head)


def _twins(whole: Surface, mesh: HeadMesh) -> NDArray[np.int64]:
    """(P,): the vertex whose movement each one shares; others than itself where seams were joined."""
    twins = np.arange(len(mesh.vertices))
    twins[mesh.triangles.ravel()] = whole.triangles.ravel()
    return twins


def _deltas(
    template: Template,
    registered: Registration,
    here: Surface,
    seen: NDArray[np.bool_],
    found: list[Part],
    eyes_and_teeth: bool,
    tell: Progress,
) -> NDArray[np.float64]:
    """Differences (52, P, 3), our millimetres."""
    own = expressions.on_registered(template, registered)
    result = np.zeros((len(ARKIT_NAMES), len(here.vertices), 3))
    graph = Graph(len(here.vertices), here.edges)
    done, most = 0, max(sum(len(part.vertices) for part in found), 1)
    for part in found:
        told = stage(tell, done / most, (done + len(part.vertices)) / most)
        told(0.0)
        done += len(part.vertices)
        if part.kind is Kind.SKIN:
            result[:, part.vertices] = _skin(template, registered, here, seen, part, own, graph, told)
        elif part.kind is Kind.ON_SKIN:
            result[:, part.vertices] = _on_skin(template, registered, here, part, own, graph, told)
        elif eyes_and_teeth and part.kind in (Kind.TEETH_LOWER, Kind.TEETH_UPPER, Kind.TONGUE):
            surface = template.region_surface(part.kind.value, registered.fitted)
            match = correspondence.find(surface, here.vertices[part.vertices], here.normals[part.vertices])
            result[:, part.vertices] = match.values(own)
    tell(1.0)
    for side in ("Left", "Right"):
        _eye(template, here, found, side, result, turns=eyes_and_teeth)
    result[np.abs(result).max(axis=2) < _STILL] = 0.0
    return result


def _skin(
    template: Template,
    registered: Registration,
    here: Surface,
    seen: NDArray[np.bool_],
    part: Part,
    own: NDArray,
    graph: Graph,
    tell: Progress,
) -> NDArray[np.float64]:
    outer, whole = correspondence.skin_surfaces(template, registered.fitted)
    points, normals = here.vertices[part.vertices], here.normals[part.vertices]
    match = correspondence.find(outer, points, normals)
    deltas, belief = match.values(own), match.belief.copy()
    inner = np.flatnonzero(~seen[part.vertices] | (match.distances > _DEEP))
    if len(inner):
        deep = correspondence.find(whole, points[inner], normals[inner])
        deltas[:, inner], belief[inner] = deep.values(own), _HIDDEN * deep.belief
    return correspondence.smooth(graph.among(part.vertices), deltas, belief, tell)


def _on_skin(
    template: Template,
    registered: Registration,
    here: Surface,
    part: Part,
    own: NDArray,
    graph: Graph,
    tell: Progress,
) -> NDArray[np.float64]:
    """Lashes, brows, beards: as the skin below their roots moves."""
    outer = template.outer_surface(registered.fitted)
    match = correspondence.find(outer, here.vertices[part.vertices], np.zeros((len(part.vertices), 3)))
    belief = 1.0 / (1.0 + (2.0 * match.distances) ** 2)
    return correspondence.smooth(graph.among(part.vertices), match.values(own), belief, tell)


def _eye(
    template: Template, here: Surface, found: list[Part], side: str, result: NDArray[np.float64], *, turns: bool
) -> None:
    """The eyeball of a side turns with the gaze; lids stay outside it."""
    name = f"eye_{side.lower()}"
    balls = [part.vertices for part in found if part.kind.value == name]
    if not balls:
        return
    centre, radius = parts.ball(here.vertices[max(balls, key=len)])
    own = template.region(name)
    skin = found[0].vertices
    for row, channel in enumerate(ARKIT_NAMES):
        if not channel.endswith(side) or not channel.startswith(_LID_CHANNELS):
            continue
        if turns:
            turn = expressions.eye_turn(template.mean[own], template.model.arkit_basis[row, own].astype(np.float64))
            for vertices in balls:
                arm = here.vertices[vertices] - centre
                result[row, vertices] = arm @ turn.T - arm
        result[row, skin] += _pushed_out(here.vertices[skin], result[row, skin], centre, radius)


def _pushed_out(points: NDArray, deltas: NDArray, centre: NDArray, radius: float) -> NDArray[np.float64]:
    """What is missing (P, 3) for skin that was outside a ball to stay outside."""
    arm = points + deltas - centre
    away = np.linalg.norm(arm, axis=1)
    limit = np.minimum(np.linalg.norm(points - centre, axis=1), (1.0 + _CLEAR) * radius)
    moving = np.linalg.norm(deltas, axis=1) > _STILL
    short = np.where(moving & (limit > 0.9 * radius), np.maximum(limit - away, 0.0), 0.0)
    return np.asarray(short[:, None] * arm / np.maximum(away, 1e-9)[:, None])
