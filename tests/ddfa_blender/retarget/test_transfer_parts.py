# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools of the transfer, each against what can be computed plainly."""

from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.projection import rotation_from_euler
from ddfa_blender.retarget.transfer import alignment, correspondence
from ddfa_blender.retarget.transfer.expressions import eye_turn, local_frames
from ddfa_blender.retarget.transfer.nearest import NearestOnSurface, closest_weights
from ddfa_blender.retarget.transfer.parts import ball, welded
from ddfa_blender.retarget.transfer.smoothness import Graph, Pull, conjugate_gradients, fitted
from ddfa_blender.retarget.transfer.surface import Surface, sample
from ddfa_blender.retarget.transfer.visibility import seen_from_outside
from tests.ddfa_blender.retarget import other_heads


@pytest.fixture
def rng():
    return np.random.default_rng(2)


def test_the_place_nearest_to_a_point_is_found(rng):
    surface = Surface(*other_heads.sphere(12, 16, 10.0))
    points = rng.normal(0.0, 9.0, (60, 3))
    found = NearestOnSurface(surface, 0.7)(points)
    corners = surface.vertices[surface.triangles]
    grid = np.array([(a, b, 1.0 - a - b) for a in np.linspace(0, 1, 21) for b in np.linspace(0, 1 - a, 21)])
    places = np.einsum("sk,tkd->tsd", grid, corners).reshape(-1, 3)
    plain = np.linalg.norm(points[:, None] - places, axis=2).min(axis=1)
    assert (found.distances <= 1.05 * plain + 0.12).all() and (found.distances >= plain - 0.12).all()
    np.testing.assert_allclose(np.linalg.norm(points - found.points, axis=1), found.distances)


def test_of_two_sheets_the_one_that_faces_the_same_way_is_taken():
    square = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    both = Surface(
        np.concatenate([square, square + (0.0, 0.0, 0.1)]), np.array([[0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7]])
    )
    look_up = NearestOnSurface(both, 0.1, normal_reach=1.0)
    found = look_up(np.array([[0.5, 0.4, 0.02], [0.5, 0.4, 0.08]]), np.array([[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]]))
    np.testing.assert_allclose(found.points[:, 2], [0.1, 0.0])


def test_closest_weights_on_corners_edges_and_faces():
    triangle = np.array([[[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]])
    for point, wanted in (
        ((-1.0, -1.0, 3.0), (1.0, 0.0, 0.0)),
        ((1.0, -5.0, 0.0), (0.5, 0.5, 0.0)),
        ((2.0, 2.0, 1.0), (0.0, 0.5, 0.5)),
        ((0.5, 0.5, 9.0), (0.5, 0.25, 0.25)),
    ):
        np.testing.assert_allclose(closest_weights(np.array([point]), triangle)[0], wanted, atol=1e-12)
    flat = np.array([[[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [2.0, 0.0, 0.0]]])
    weights = closest_weights(np.array([[1.5, 1.0, 0.0]]), flat)[0]
    np.testing.assert_allclose(weights @ flat[0], [1.5, 0.0, 0.0], atol=1e-9)


def test_samples_are_as_dense_as_asked_and_lie_on_their_triangles():
    surface = Surface(np.array([[0.0, 0.0, 0.0], [10.0, 0.0, 0.0], [0.0, 10.0, 0.0]]), np.array([[0, 1, 2]]))
    samples = sample(surface, 1.0)
    assert (samples.points >= 0.0).all() and (samples.points.sum(axis=1) <= 10.0 + 1e-9).all()
    apart = np.linalg.norm(samples.points[:, None] - samples.points, axis=2) + 99.0 * np.eye(len(samples.points))
    assert apart.min(axis=1).max() < 1.0


def test_conjugate_gradients_solve_what_a_dense_solver_does(rng):
    root = rng.normal(size=(30, 30))
    matrix, right = root @ root.T + 3.0 * np.eye(30), rng.normal(size=(30, 4))
    found = conjugate_gradients(lambda x: matrix @ x, right, np.diag(matrix), tolerance=1e-10)
    np.testing.assert_allclose(found, np.linalg.solve(matrix, right), atol=1e-6)


def test_a_field_follows_its_pull_across_the_surface_and_is_smooth_along_it():
    count = 12
    graph = Graph(count, np.array([(i, i + 1) for i in range(count - 1)]))
    normals = np.tile([0.0, 0.0, 1.0], (count, 1))
    wanted = np.tile([5.0, 0.0, 2.0], (count, 1))
    pull = Pull(wanted, np.ones(count), normals, np.zeros(count))
    field = fitted(graph, pull, 0.1, 0.1, np.zeros((count, 3)))
    np.testing.assert_allclose(field[:, 2], 2.0, atol=1e-2)
    np.testing.assert_allclose(field[:, :2], 0.0, atol=1e-9)


def test_graphs_know_their_neighbours_even_of_lonely_vertices():
    graph = Graph(5, np.array([[0, 1], [1, 3]]))
    field = np.arange(5.0)[:, None]
    np.testing.assert_allclose(graph.mean_around(field)[:, 0], [1.0, 1.5, 2.0, 1.0, 4.0])
    part = graph.among(np.array([1, 3, 4]))
    np.testing.assert_allclose(part.degree, [1.0, 1.0, 0.0])


def test_a_similarity_is_found_again(rng):
    points = rng.normal(size=(20, 3))
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    wanted = alignment.Similarity(2.5, turn, np.array([1.0, -2.0, 3.0]))
    found = alignment.fit_similarity(points, wanted.apply(points))
    assert found.scale == pytest.approx(2.5)
    np.testing.assert_allclose(found.rotation, turn, atol=1e-9)
    np.testing.assert_allclose(found.back(found.apply(points)), points, atol=1e-9)
    twice = found.after(found)
    np.testing.assert_allclose(twice.apply(points), found.apply(found.apply(points)), atol=1e-9)


def test_seams_are_welded_and_islands_told_apart():
    vertices, triangles = other_heads.cube(3, 2.0)
    surface = Surface(vertices, triangles)
    assert surface.islands.max() + 1 == 6
    joined = welded(surface)
    assert len(np.unique(joined.islands[np.unique(joined.triangles)])) == 1
    two = Surface(np.concatenate([vertices, vertices + 9.0]), np.concatenate([triangles, triangles + len(vertices)]))
    whole = welded(two)
    assert len(np.unique(whole.islands[np.unique(whole.triangles)])) == 2


def test_what_lies_inside_is_not_seen():
    outer, faces = other_heads.sphere(20, 30, 100.0)
    both = Surface(np.concatenate([outer, 0.5 * outer]), np.concatenate([faces, faces + len(outer)]))
    seen = seen_from_outside(both)
    assert seen[: len(outer)].mean() > 0.9 and not seen[len(outer) :].any()


def test_a_ball_is_told_from_a_part_of_it():
    points = other_heads.sphere(20, 30, 12.0)[0]
    half = points[points[:, 2] > 2.0] + (5.0, 6.0, 7.0)
    centre, radius = ball(half)
    np.testing.assert_allclose(centre, (5.0, 6.0, 7.0), atol=1e-6)
    assert radius == pytest.approx(12.0)


@pytest.mark.parametrize(("stretch", "atol"), [(1.0, 1e-6), (1.4, 0.06)])
def test_local_frames_are_the_turn_and_stretch_of_the_surroundings(stretch, atol):
    """Across the surface nothing tells of a stretch: there it is held back a little."""
    points, faces = other_heads.sphere(16, 24, 50.0)
    graph = Graph(len(points), Surface(points, faces).edges)
    linear = stretch * rotation_from_euler([30.0, -20.0, 65.0])
    frames = local_frames(graph, points, points @ linear.T + (3.0, -2.0, 9.0))
    np.testing.assert_allclose(frames, np.broadcast_to(linear, frames.shape), atol=atol)


def test_a_frame_is_never_stretched_beyond_belief():
    points, faces = other_heads.sphere(16, 24, 50.0)
    graph = Graph(len(points), Surface(points, faces).edges)
    stretches = np.linalg.svd(local_frames(graph, points, 100.0 * points), compute_uv=False)
    np.testing.assert_allclose(stretches, 2.5, atol=1e-6)


def test_the_turn_of_an_eyeball_is_found_whatever_it_slides(rng):
    points = other_heads.sphere(12, 16, 12.0)[0] + (30.0, 5.0, 60.0)
    turn = rotation_from_euler([18.0, 7.0, 0.0])
    middle = points.mean(axis=0)
    moved = (points - middle) @ turn.T + middle + (0.3, -0.1, 0.2)
    np.testing.assert_allclose(eye_turn(points, moved - points), turn, atol=1e-9)


def test_places_that_correspond_carry_our_values_and_say_how_far_to_believe_them():
    surface = Surface(*other_heads.sphere(30, 40, 50.0))
    points = surface.vertices[::17] * 1.1  # 5 millimetres off, straight above
    normals = surface.normals[::17]
    found = correspondence.find(surface, points, normals)
    np.testing.assert_allclose(found.distances, 5.0, atol=0.2)
    np.testing.assert_allclose(found.values(surface.vertices), points / 1.1, atol=0.6)
    assert (found.belief > 0.0).all() and (found.belief < 0.5).all()
    assert (correspondence.find(surface, points, -normals).belief == 0.0).all(), "they face the other way"
