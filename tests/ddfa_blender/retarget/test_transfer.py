# SPDX-License-Identifier: GPL-3.0-or-later
"""Our shapes on heads without any, against what those heads' expressions really are."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from ddfa_blender.errors import CaptureCancelled, CaptureError
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.retarget.transfer import correspondence
from ddfa_blender.retarget.transfer.parts import Kind
from ddfa_blender.retarget.transfer.smoothness import Graph
from ddfa_blender.retarget.transfer.template import Template
from ddfa_blender.retarget.transfer.transfer import HeadMesh, transfer
from tests.ddfa_blender.retarget import other_heads
from tests.ddfa_blender.retarget.other_heads import channel

#: Model axes → Blender's.
_UPRIGHT = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


def turn(axis, degrees):
    """(3, 3) about an axis."""
    a, angle = np.asarray(axis, dtype=float) / np.linalg.norm(axis), np.radians(degrees)
    cross = np.array([[0.0, -a[2], a[1]], [a[2], 0.0, -a[0]], [-a[1], a[0], 0.0]])
    return np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross


@pytest.fixture(scope="module")
def model():
    return MorphableModel.load()


@pytest.fixture(scope="module")
def template(model):
    return Template(model)


@pytest.fixture(scope="module")
def stylised(model, template):
    """Another actor as a cartoon, with 60 % of the vertices, turned by 35°, in centimetres: fitted on its own."""
    rims = np.concatenate([part for rim in template.rims.values() for part in (rim.upper, rim.lower)])
    mesh = other_heads.decimated(other_heads.as_it_is(model), 0.6, seed=3, kept=rims)
    identity = np.random.default_rng(5).normal(0.0, 1.0, 40)
    head = other_heads.make(model, mesh, identity, style=0.7)
    head = other_heads.moved(head, turn((0.2, 0.3, 1.0), 35.0) @ _UPRIGHT, 0.1, (40.0, -3.0, 160.0))
    told = []
    result = transfer(model, HeadMesh(head.vertices, head.triangles), progress=told.append)
    return SimpleNamespace(mesh=mesh, head=head, result=result, told=told)


def on_skin(template, mesh):
    """(V,) where a remeshed vertex consists of nothing but skin that is seen from outside, above the neck."""
    used = mesh.weights > 0.0
    inside = template.outer[mesh.indices] & (template.mean[mesh.indices, 1] > -110.0)
    return (inside | ~used).all(axis=1)


def shares(result, head, chosen):
    """(52,): error of each channel as a share of what it really does; NaN for what does nothing there."""
    wrong = np.linalg.norm(result.deltas - head.deltas, axis=2)[:, chosen].sum(axis=1)
    right = np.linalg.norm(head.deltas, axis=2)[:, chosen]
    return np.where(right.max(axis=1) > 0.5 * head.size, wrong / np.maximum(right.sum(axis=1), 1e-9), np.nan)


def test_a_stylised_head_of_another_topology_moves_as_it_really_does(stylised, template):
    errors = shares(stylised.result, stylised.head, on_skin(template, stylised.mesh))
    assert np.isfinite(errors).sum() == 51  # the tongue is no skin
    assert np.nanmean(errors) < 0.27, sorted(zip(errors, ARKIT_NAMES, strict=True))[-8:]
    assert np.nanmax(errors) < 0.5


def test_the_quality_is_told_in_percent_of_the_head(stylised):
    quality = stylised.result.quality
    assert 0.0 < quality.mean < 0.3 < quality.largest < 3.0
    assert [value for _, value in quality.regions] == sorted((value for _, value in quality.regions), reverse=True)
    assert {"mouth", "nose", "eye left", "chin"} <= dict(quality.regions).keys()


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_lids_meet_where_the_opening_was(stylised, template, side):
    rim = template.rims[side]
    upper, lower = (places_of(stylised.mesh, part) for part in (rim.upper[3:-3], rim.lower))
    points, deltas = stylised.head.vertices, stylised.result.deltas[channel(f"eyeBlink{side}")]
    opening = from_curve(points[upper], points[lower])
    left = from_curve((points + deltas)[upper], (points + deltas)[lower])
    size = np.linalg.norm(opening, axis=1)
    # What is left of the opening, beside its largest height; below 0 the upper lid lies over the lower one.
    height = np.einsum("pd,pd->p", left, opening) / size / size.max()
    assert height.max() < 0.2 and height.min() > -0.45
    assert np.linalg.norm(left, axis=1).max() < 0.5 * size.max()


def places_of(mesh, vertices):
    """Where vertices of the model that were kept are in a remeshed head."""
    return np.array([int(np.flatnonzero((mesh.indices[:, 0] == v) & (mesh.weights[:, 0] == 1.0))[0]) for v in vertices])


def from_curve(points, curve):
    """(P, 3): from the nearest places on a polyline to points."""
    start, step = curve[:-1], np.diff(curve, axis=0)
    share = np.einsum("psd,sd->ps", points[:, None] - start, step) / (step * step).sum(axis=1)
    places = start + np.clip(share, 0.0, 1.0)[..., None] * step
    away = points[:, None] - places
    return away[np.arange(len(points)), np.linalg.norm(away, axis=2).argmin(axis=1)]


def test_lips_part_when_the_jaw_opens(stylised, template, model):
    marks = model.landmark_vertices
    upper, lower = (nearest_to(stylised.mesh, template, marks[chosen, 0]) for chosen in ([50, 51, 52], [56, 57, 58]))
    row = channel("jawOpen")
    moved = np.linalg.norm(stylised.result.deltas[row], axis=1)
    assert moved[upper].max() < 0.2 * moved[lower].min()


def nearest_to(mesh, template, vertices):
    places = np.einsum("vk,vkd->vd", mesh.weights, template.mean[mesh.indices])
    return np.linalg.norm(places[:, None] - template.mean[vertices], axis=2).argmin(axis=0)


def test_eyes_turn_and_keep_their_shape(stylised):
    parts = {part.kind: part.vertices for part in stylised.result.parts}
    eye = parts[Kind.EYE_LEFT]
    assert not stylised.result.deltas[channel("eyeBlinkLeft"), eye].any()
    for name in ("eyeLookUpLeft", "eyeLookOutLeft"):
        before, after = (stylised.head.vertices[eye] + k * stylised.result.deltas[channel(name), eye] for k in (0, 1))
        size = np.linalg.norm(before[:, None] - before, axis=2)
        np.testing.assert_allclose(np.linalg.norm(after[:, None] - after, axis=2), size, atol=1e-6 * size.max())
        assert np.abs(after - before).max() > 0.05 * size.max()
    assert not stylised.result.deltas[channel("eyeLookUpRight"), eye].any()


def test_lower_teeth_go_with_the_jaw_and_upper_ones_stay(stylised):
    parts = {part.kind: part.vertices for part in stylised.result.parts}
    opened = np.linalg.norm(stylised.result.deltas[channel("jawOpen")], axis=1)
    truth = np.linalg.norm(stylised.head.deltas[channel("jawOpen")], axis=1)
    lower, upper = parts[Kind.TEETH_LOWER], parts[Kind.TEETH_UPPER]
    assert opened[lower].mean() == pytest.approx(truth[lower].mean(), rel=0.35)
    assert opened[upper].max() < 0.1 * opened[lower].mean()


def test_with_landmarks_any_turn_will_do_and_eyes_can_stay(model, template):
    identity = np.random.default_rng(8).normal(0.0, 0.8, 40)
    mesh = other_heads.decimated(other_heads.as_it_is(model, ("skin", "eye_left", "eye_right")), 0.5)
    head = other_heads.moved(
        other_heads.make(model, mesh, identity), turn((1.0, -2.0, 0.5), 140.0), 3.0, (9.0, 8.0, 7.0)
    )
    truth = template.landmarks(model.vertices(identity))
    places = {name: 3.0 * turn((1.0, -2.0, 0.5), 140.0) @ place + (9.0, 8.0, 7.0) for name, place in truth.items()}
    told = []
    result = transfer(
        model, HeadMesh(head.vertices, head.triangles), places, eyes_and_teeth=False, progress=told.append
    )
    errors = shares(result, head, on_skin(template, mesh))
    assert np.nanmean(errors) < 0.18
    for part in result.parts:
        if part.kind in (Kind.EYE_LEFT, Kind.EYE_RIGHT):
            assert not result.deltas[:, part.vertices].any()
    for name, place in result.landmarks.items():
        assert np.linalg.norm(place - places[name]) < 3.0 * 2.5, name
    assert told == sorted(told) and told[-1] == 1.0


@pytest.mark.parametrize("shape", ["sphere", "cube"])
def test_what_has_no_face_is_refused(model, template, shape):
    vertices, triangles = other_heads.sphere() if shape == "sphere" else other_heads.cube()
    # Landmarks where ours lie: nothing needs to be searched for.
    places = {name: place - (0.0, 10.0, 55.0) for name, place in template.landmarks(template.mean).items()}
    with pytest.raises(CaptureError, match=r"No face|Too little"):
        transfer(model, HeadMesh(vertices, triangles), places)


def test_too_few_vertices_and_broken_ones_are_refused(model):
    with pytest.raises(CaptureError, match="too few"):
        transfer(model, HeadMesh(np.eye(3), np.array([[0, 1, 2]])))
    vertices, triangles = other_heads.sphere()
    vertices[5] = np.nan
    with pytest.raises(CaptureError, match="NaN"):
        transfer(model, HeadMesh(vertices, triangles))


@pytest.mark.parametrize("shrunk", [0.0, (1.0, 0.0, 0.0)])
def test_a_mesh_without_a_surface_is_refused(model, shrunk):
    vertices = model.mean.astype(np.float64) * shrunk
    with pytest.raises(CaptureError, match="no surface; choose the mesh of the face"):
        transfer(model, HeadMesh(vertices, model.triangles.astype(np.int64)))


def test_a_head_bone_that_holds_nothing_but_loose_vertices_is_refused(model):
    vertices = np.concatenate([model.mean.astype(np.float64), np.zeros((3, 3))])
    head = np.arange(len(vertices)) >= len(model.mean)
    with pytest.raises(CaptureError, match="no surface; choose the mesh of the face"):
        transfer(model, HeadMesh(vertices, model.triangles.astype(np.int64), head))


def test_the_progress_grows_from_nothing_to_all_of_it(stylised):
    told = stylised.told
    assert told[0] == 0.0 and told[-1] == 1.0 and told == sorted(told)
    assert len(set(told)) > 20 and max(np.diff(told)) < 0.3


class Stopped:
    """Says so once the progress has come to ``at``; counts who asks afterwards."""

    def __init__(self, at):
        self.at, self.done, self.asked = at, 0.0, 0

    def tell(self, done):
        self.done = done

    def __call__(self):
        self.asked += self.done >= self.at
        return self.done >= self.at


@pytest.mark.parametrize("at", [0.0, 0.2])
def test_it_stops_when_asked_to(model, at):
    head = other_heads.make(model, other_heads.as_it_is(model))
    stopped = Stopped(at)
    with pytest.raises(CaptureCancelled):
        transfer(model, HeadMesh(head.vertices, head.triangles), progress=stopped.tell, cancelled=stopped)
    assert stopped.asked == 1 and stopped.done < at + 0.1


def test_smoothing_in_pieces_is_smoothing_at_once(monkeypatch):
    rng = np.random.default_rng(0)
    graph = Graph(50, np.column_stack([np.arange(49), np.arange(1, 50)]))
    deltas, belief = rng.normal(size=(52, 50, 3)), rng.uniform(0.0, 1.0, 50)
    whole, told = correspondence.smooth(graph, deltas, belief), []
    monkeypatch.setattr(correspondence, "_AT_ONCE", 7 * 3 * 50)
    np.testing.assert_allclose(correspondence.smooth(graph, deltas, belief, told.append), whole, atol=0.02)
    assert len(told) == 8
