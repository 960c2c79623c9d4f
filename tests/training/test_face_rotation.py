# SPDX-License-Identifier: GPL-3.0-or-later
import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training tests need requirements/training.txt")

from scipy.spatial import cKDTree  # noqa: E402

from ddfa_blender.projection import apply, decompose, join, rotation_from_euler, split  # noqa: E402
from training.face_rotation import GRID, FaceRotator, in_perspective, sample, turned_transform  # noqa: E402
from training.fitting import FitSettings, fit_landmarks  # noqa: E402
from training.rendering.labels import face_mask  # noqa: E402

from .pncc import rasterise  # noqa: E402

SAME = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


@pytest.fixture(scope="module")
def params():
    rng = np.random.default_rng(21)
    transform = np.concatenate([0.55 * rotation_from_euler([8, -4, 5]), [[80.0], [70.0], [0.0]]], axis=1)
    return join(transform, rng.normal(0, 0.4, 40), rng.normal(0, 0.5, 10))


@pytest.fixture(scope="module")
def rotator(model):
    return FaceRotator(model)


@pytest.fixture(scope="module")
def still(model, params):
    return rasterise(model, params)


def turned(params, rotation):
    result = params.copy()
    result[:12] = turned_transform(split(params).transform, rotation).reshape(12)
    return result


def angle_between(one, other):
    return np.degrees(np.arccos(np.clip((np.trace(one.T @ other) - 1) / 2, -1, 1)))


def test_the_turned_transform_turns_and_stays_in_place(params):
    rotation = rotation_from_euler([25, 10, 0])
    before, after = split(params).transform, turned_transform(split(params).transform, rotation)
    np.testing.assert_allclose(decompose(after).rotation, rotation @ decompose(before).rotation, atol=1e-12)
    np.testing.assert_allclose(decompose(after).scale, decompose(before).scale)
    middle = np.array([0.0, 30.0, 20.0])
    for axis in (0, 1):
        row = np.s_[axis, :3]
        assert after[row] @ middle + after[axis, 3] == pytest.approx(before[row] @ middle + before[axis, 3])
    assert after[2, 3] == 0


def test_no_turn_moves_nothing_on_the_face(rotator, params, still):
    displacement = rotator.face(params).turn(np.eye(3))
    face = cv2.resize(np.isfinite(still[..., 0]).astype(np.float32), (GRID, GRID), interpolation=cv2.INTER_AREA) == 1
    inner = cv2.erode(face.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    assert np.linalg.norm(displacement, axis=-1)[inner].max() < 0.05


@pytest.mark.parametrize(("angles", "median", "worst"), [
    ((4, 0, 0), 0.12, 0.5), ((0, 5, 0), 0.15, 0.6), ((-10, 6, 0), 0.3, 1.0), ((25, 0, 0), 0.6, 2.5),
])  # fmt: skip
def test_pixels_show_the_same_places_of_the_head_as_a_rendering(model, rotator, params, still, angles, median, worst):
    """Against a z-buffer; in millimetres on the head (1 mm is 0.55 pixels), over what both pictures show."""
    rotation = rotation_from_euler(angles)
    found = sample(np.nan_to_num(still, nan=-1e4), rotator.face(params).turn(rotation), SAME, 160)
    truth = rasterise(model, turned(params, rotation))
    shown = truth[..., 2] > 80
    nearest, _ = cKDTree(still[np.isfinite(still[..., 0])]).query(truth[shown])
    front = np.zeros_like(shown)
    front[shown] = nearest < 2.0
    # At the outlines of nose, lids and lips a pixel mixes what lies before and behind.
    front = cv2.erode(front.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    error = np.linalg.norm(found - truth, axis=-1)[front]
    assert front.sum() > 4000
    assert np.median(error) < median
    assert np.quantile(error, 0.9) < worst


def moved_points(displacement, source):
    """Where the pixels ``source`` (n, 2), y down, of the original show in the turned picture: x + d(x) = source."""
    cells = displacement.astype(np.float32)
    place = source.copy()
    for _ in range(30):
        at = (place * (GRID / 160) - 0.5).astype(np.float32)[None]
        place = source - cv2.remap(cells, at, None, cv2.INTER_LINEAR)[0]
    return place


def visible_vertices(model, params, still):
    """Vertices of the face that the still shows: its pixel there says the vertex's own place."""
    transform, shape, expression = split(params)
    points = model.vertices(shape, expression) @ transform[:, :3].T + transform[:, 3]
    x, y = points[:, 0].astype(int), (160 - points[:, 1]).astype(int)
    shows = np.linalg.norm(still[y.clip(0, 159), x.clip(0, 159)] - model.mean, axis=1) < 1.5
    return np.flatnonzero(face_mask(model) & shows)


@pytest.mark.parametrize("angles", [(5, 0, 0), (-4, 6, 0), (12, -5, 0)])
def test_refitting_a_synthesised_neighbour_finds_its_label(model, rotator, params, still, angles):
    rotation = rotation_from_euler(angles)
    displacement = rotator.face(params).turn(rotation)
    transform, shape, expression = split(params)
    label = turned(params, rotation)
    chosen = np.intersect1d(visible_vertices(model, params, still),
                            visible_vertices(model, label, rasterise(model, label)))  # fmt: skip
    source = model.vertices(shape, expression)[chosen] @ transform[:, :3].T + transform[:, 3]
    seen = moved_points(displacement, source[:, :2] * [1, -1] + [0, 160])
    depth = model.vertices(shape, expression)[chosen] @ split(label).transform[2, :3]
    points = np.concatenate([seen * [1, -1] + [0, 160], depth[:, None]], axis=1)
    bases = np.concatenate([model.shape_basis, model.expression_basis])[:, chosen]
    fit = fit_landmarks(
        torch.from_numpy(points)[None], torch.from_numpy(model.mean[chosen].astype(float)),
        torch.from_numpy(bases.astype(float)).permute(1, 2, 0), torch.ones(len(chosen)).double(),
        FitSettings(depth_weight=0.02, iterations=15),
        prior_mean=torch.from_numpy(params[12:])[None],
    )  # fmt: skip
    found = fit.params[0].numpy()
    before, after, refitted = (decompose(split(p).transform).rotation for p in (params, label, found))
    assert angle_between(refitted, after) < 0.15 + 0.04 * angle_between(before, after)
    ours, given = (apply(split(p).transform, model.vertices(*split(p)[1:])[chosen])[:, :2] for p in (found, label))
    assert np.linalg.norm(ours - given, axis=1).mean() < 0.3
    assert np.sqrt(((found[12:] - label[12:]) ** 2).mean()) < 0.1


def test_background_far_from_the_face_stays(rotator, params):
    displacement = rotator.face(params).turn(rotation_from_euler([30, 0, 0]))
    assert np.abs(displacement[[0, -1]]).max() == 0
    assert np.abs(displacement[:, [0, -1]]).max() == 0
    assert np.isfinite(displacement).all()


@pytest.mark.parametrize("distance", [400.0, 1500.0])
def test_perspective_is_that_of_a_pinhole(model, params, distance):
    """Against a pinhole camera on the line of sight to the face's middle, set up independently in millimetres."""
    transform, shape, expression = split(params)
    points = model.vertices(shape, expression)[::50].astype(float)
    pose = decompose(transform)
    camera_space = (points - [0.0, 0.0, 115.0]) @ pose.rotation.T
    pinhole = camera_space[:, :2] * (distance / (distance - camera_space[:, 2:]))
    middle = transform[:, :3] @ [0.0, 0.0, 115.0] + transform[:, 3]
    found = in_perspective(apply(transform, points), transform, distance)
    np.testing.assert_allclose(found[:, :2], middle[:2] + pose.scale * pinhole, atol=1e-6)


def test_from_infinitely_far_away_nothing_changes(rotator, params):
    turn = rotation_from_euler([10, 5, 0])
    face = rotator.face(params)
    np.testing.assert_array_equal(face.turn(turn), face.turn(turn, np.inf))
    far, near = (np.abs(face.turn(turn, distance) - face.turn(turn)) for distance in (1e6, 400.0))
    # At the outline a hair's breadth may decide which cells count as seen.
    assert np.quantile(far, 0.98) < 0.02 < np.median(near)
