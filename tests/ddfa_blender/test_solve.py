# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ddfa_blender.arkit.reliability import bundled_reliability
from ddfa_blender.errors import CaptureError
from ddfa_blender.imported_model import ImportedModel
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.projection import (
    CROP_SIZE,
    Pose,
    compose,
    join,
    project_landmarks,
    rotation_from_euler,
)
from ddfa_blender.quaternions import from_matrices, to_matrices
from ddfa_blender.solve import (
    SolveSettings,
    arkit_evidence,
    clip_identity,
    fit_clip,
    head_translation,
    line_of_sight,
    solve,
)
from ddfa_blender.take import Take, TakeHeader

WIDTH, HEIGHT = 640, 360
#: The Takes here are made by a scaled orthographic camera, which has no line of sight to correct for, and their lips
#: are where the mesh has them.
EXACT = SolveSettings(expression_prior=0.0, sweeps=4, line_of_sight=False, arkit_source="network", touching_lips=False)


class Truth:
    """A performance that was made up, and the Take that a perfect network would give."""

    def __init__(self, model: MorphableModel, count: int = 40, shape_noise: float = 0.0) -> None:
        random = np.random.default_rng(7)
        phase = np.linspace(0.0, 2.0 * np.pi, count)
        self.time = phase * 0.5
        self.identity = random.normal(size=40)
        self.expression = 0.8 * np.sin(phase[:, None] * np.arange(1, 11) / 3.0 + np.arange(10))
        angles = np.stack([30.0 * np.sin(phase), 12.0 * np.cos(2.0 * phase), 8.0 * np.sin(3.0 * phase)], axis=1)
        self.rotation = rotation_from_euler(angles)
        self.scale = 0.9 + 0.2 * np.cos(phase)  # image pixels per millimetre
        self.pivot = np.stack([300.0 + 30.0 * np.sin(phase), 150.0 + 10.0 * np.cos(phase)], axis=1)  # y up
        shapes = self.identity + shape_noise * random.normal(size=(count, 40))
        self.take = self._take(model, shapes, random)

    def _take(self, model: MorphableModel, shapes: np.ndarray, random: np.random.Generator) -> Take:
        count = len(self.time)
        # The crops wander over the face, as the tracker's do: the solve must not see that.
        side = 200.0 / self.scale * random.uniform(0.9, 1.1, count)
        corner = self.pivot * [1.0, -1.0] + [0.0, HEIGHT] - side[:, None] * random.uniform(0.4, 0.6, (count, 2))
        roi = np.concatenate([corner, corner + side[:, None]], axis=1)
        ratio = CROP_SIZE / side
        in_crop = (self.pivot - np.stack([corner[:, 0], HEIGHT - corner[:, 1] - side], axis=1)) * ratio[:, None]
        pose = Pose(self.scale * ratio, self.rotation, np.concatenate([in_crop, np.zeros((count, 1))], axis=1))
        params = join(compose(pose), shapes, self.expression)
        return Take(
            time=self.time.astype(np.float64),
            params=params,
            confidence=np.full(count, 0.9, np.float32),
            roi=roi,
            landmarks68=project_landmarks(model, params, roi),
            arkit=np.linspace(0.0, 1.0, count, dtype=np.float32)[:, None] * np.ones(52, np.float32),
            header=TakeHeader("made up", WIDTH, HEIGHT, 25.0, "none", ""),
        )


@pytest.fixture(scope="module")
def truth(model: MorphableModel) -> Truth:
    return Truth(model)


def angles_between(quaternions: np.ndarray, rotations: np.ndarray) -> np.ndarray:
    relative = to_matrices(quaternions).swapaxes(-1, -2) @ rotations
    return np.degrees(np.arccos(np.clip((np.trace(relative, axis1=-2, axis2=-1) - 1.0) / 2.0, -1.0, 1.0)))


def lose(take: Take, frames: slice) -> Take:
    lost = {name: getattr(take, name).copy() for name in ("params", "confidence", "roi", "landmarks68", "arkit")}
    for values in lost.values():
        values[frames] = np.nan
    lost["confidence"][frames] = 0.0
    return replace(take, **lost)


def test_a_perfect_take_gives_the_truth_back(truth: Truth, model: MorphableModel) -> None:
    solution = solve(truth.take, model, EXACT)
    np.testing.assert_allclose(solution.identity, truth.identity, atol=1e-3)
    np.testing.assert_allclose(solution.expression, truth.expression, atol=1e-3)
    assert angles_between(solution.head_rotation, truth.rotation).max() < 0.01
    np.testing.assert_allclose(solution.arkit, truth.take.arkit, atol=1e-6)
    assert solution.tracked.all()


def test_what_was_read_off_the_upright_face_is_heard(truth: Truth, model: MorphableModel) -> None:
    readings = np.random.default_rng(2).uniform(size=(40, 52)).astype(np.float32)
    read = lose(replace(truth.take, readings=readings), slice(5, 8))
    tracked = read.confidence > 0.0
    clip = fit_clip(read, tracked, model, EXACT)
    evidence = arkit_evidence(clip, EXACT, bundled_reliability().lips)
    assert evidence.readings is not None
    np.testing.assert_allclose(evidence.readings, readings[tracked])
    heard, _ = bundled_reliability().named(read.arkit[tracked], readings[tracked])
    np.testing.assert_allclose(solve(read, model, EXACT).arkit[tracked], heard, atol=1e-6)
    assert np.abs(heard - read.arkit[tracked]).max() > 0.2
    assert np.isnan(solve(read, model, EXACT).arkit[5:8]).all()
    without = fit_clip(replace(read, readings=None), tracked, model, EXACT)
    assert arkit_evidence(without, EXACT, bundled_reliability().lips).readings is None


def test_one_identity_is_kept_while_the_network_wavers(model: MorphableModel) -> None:
    truth = Truth(model, count=120, shape_noise=0.5)
    solution = solve(truth.take, model, SolveSettings(line_of_sight=False, arkit_source="network"))
    assert np.abs(solution.identity - truth.identity).mean() < 0.06
    assert angles_between(solution.head_rotation, truth.rotation).mean() < 1.5


def test_the_head_moves_as_far_as_it_did(truth: Truth, model: MorphableModel) -> None:
    """Sideways motion is pixels over scale; depth is focal length over scale, less the turning of the face."""
    solution = solve(truth.take, model, EXACT)
    across = (truth.pivot - [WIDTH / 2.0, HEIGHT / 2.0]) / truth.scale[:, None]
    across -= np.median(across, axis=0)
    np.testing.assert_allclose(solution.head_translation[:, :2], across, atol=0.05)
    np.testing.assert_allclose(np.median(solution.head_translation, axis=0), 0.0, atol=1e-9)


def test_depth_follows_a_pinhole_camera() -> None:
    """A face whose centre is 100 mm before the pivot, seen from 500 and 1000 mm, straight and turned away."""
    focal, center = 800.0, np.array([0.0, 0.0, 100.0])
    distance = np.array([500.0, 1000.0, 1000.0])
    rotation = rotation_from_euler([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [90.0, 0.0, 0.0]])
    pose = Pose(focal / distance, rotation, np.zeros((3, 3)))
    depth = head_translation(pose, rotation, center, focal)[:, 2]
    np.testing.assert_allclose(depth[0] - depth[1], 500.0, atol=1e-9)
    np.testing.assert_allclose(depth[2] - depth[1], 100.0, atol=1e-9)


def test_the_pivot_of_a_head_that_slides_past_the_camera_moves_straight() -> None:
    """A head that only slides sideways at one depth, always turned to the camera, seen by a perspective one."""
    focal, center = 800.0, np.array([0.0, -20.0, 100.0])
    pivot = np.stack([np.linspace(-300.0, 300.0, 7), np.full(7, 30.0), np.full(7, -900.0)], axis=1)
    face = pivot + center
    scale = focal / -face[:, 2]
    # What a scaled orthographic fit sees of it: the head against the ray, the face's centre at its pixel.
    pose = Pose(scale, np.tile(np.eye(3), (7, 1, 1)), np.zeros((7, 3)))
    seen = np.concatenate([face[:, :2] * scale[:, None], np.zeros((7, 1))], axis=1)
    sight = line_of_sight(pose._replace(translation=seen), np.zeros(3), focal)
    against_ray = np.swapaxes(sight, -1, -2)
    pose = Pose(scale, against_ray, seen - scale[:, None] * (against_ray @ center))
    found = head_translation(pose, line_of_sight(pose, center, focal) @ against_ray, center, focal)
    np.testing.assert_allclose(found, pivot - np.median(pivot, axis=0), atol=1e-6)


def test_the_identity_ignores_a_minority_of_wrong_frames(truth: Truth) -> None:
    shapes = np.repeat(truth.identity[None], 40, axis=0)
    shapes[::5] += 6.0
    transforms = truth.take.params[:, :12].reshape(-1, 3, 4)
    found = clip_identity(shapes, transforms, np.ones(40))
    np.testing.assert_allclose(found, truth.identity, atol=1e-3)


def test_the_identity_trusts_confident_and_frontal_frames() -> None:
    transforms = compose(Pose(np.ones(2), rotation_from_euler([[0, 0, 0], [70, 0, 0]]), np.zeros((2, 3))))
    shapes = np.stack([np.zeros(40), np.ones(40)])
    assert clip_identity(shapes, transforms, np.ones(2)).mean() < 0.2
    frontal = np.repeat(transforms[:1], 2, axis=0)
    assert clip_identity(shapes, frontal, np.array([0.1, 1.0])).mean() > 0.8


def test_lost_frames_are_flagged_and_empty(truth: Truth, model: MorphableModel) -> None:
    solution = solve(lose(truth.take, slice(10, 14)), model, EXACT)
    np.testing.assert_array_equal(np.nonzero(~solution.tracked)[0], [10, 11, 12, 13])
    whole = solve(truth.take, model, EXACT)
    for name in ("expression", "arkit", "head_rotation"):
        values = getattr(solution, name)
        assert np.isnan(values[10:14]).all()
        np.testing.assert_allclose(values[solution.tracked], getattr(whole, name)[solution.tracked], atol=2e-3)
    assert np.isnan(solution.head_translation[10:14]).all() and np.isfinite(solution.head_translation[14:]).all()


def test_frames_of_little_confidence_are_empty_too(truth: Truth, model: MorphableModel) -> None:
    confidence = truth.take.confidence.copy()
    confidence[5] = 0.4
    solution = solve(replace(truth.take, confidence=confidence), model, replace(EXACT, min_confidence=0.5))
    np.testing.assert_array_equal(np.nonzero(~solution.tracked)[0], [5])
    assert np.isnan(solution.arkit[5]).all() and np.isnan(solution.head_rotation[5]).all()


def test_a_take_without_a_confident_frame(truth: Truth, model: MorphableModel) -> None:
    with pytest.raises(CaptureError, match="confident"):
        solve(lose(truth.take, slice(None)), model)
    with pytest.raises(CaptureError, match="confident"):
        solve(truth.take, model, SolveSettings(min_confidence=0.95))


def test_one_frame_is_enough(model: MorphableModel) -> None:
    truth = Truth(model, count=1)
    solution = solve(truth.take, model, EXACT)
    np.testing.assert_allclose(solution.expression, truth.expression, atol=1e-3)
    np.testing.assert_allclose(solution.head_translation, 0.0, atol=1e-9)


def test_quaternions_never_jump_over_a_full_turn(model: MorphableModel) -> None:
    count = 60
    angles = np.stack([np.zeros(count), np.zeros(count), np.linspace(0.0, 400.0, count)], axis=1)
    truth = Truth(model, count=count)
    transforms = truth.take.params[:, :12].reshape(-1, 3, 4).copy()
    scale = np.linalg.norm(transforms[:, 0, :3], axis=1)
    transforms[..., :3] = scale[:, None, None] * rotation_from_euler(angles)
    params = truth.take.params.copy()
    params[:, :12] = transforms.reshape(-1, 12)
    rotation = solve(replace(truth.take, params=params), model, EXACT).head_rotation
    assert (np.sum(rotation[1:] * rotation[:-1], axis=1) > 0.9).all()
    # 400 degrees of roll end in the other hemisphere.
    assert rotation[0] @ from_matrices(rotation_from_euler(angles[-1])) > 0.0 > rotation[0] @ rotation[-1]


def test_senseless_settings_are_refused() -> None:
    with pytest.raises(CaptureError, match="field of view"):
        SolveSettings(field_of_view=0.0)


def test_line_of_sight_turns_the_optical_axis_to_the_ray_and_nothing_else():
    focal = 500.0
    translation = np.array([[0.0, 0.0, 0.0], [500.0, 0.0, 0.0], [0.0, -500.0, 0.0], [120.0, 80.0, 0.0]])
    pose = Pose(np.ones(4), np.tile(np.eye(3), (4, 1, 1)), translation)
    turned = line_of_sight(pose, np.zeros(3), focal)
    np.testing.assert_allclose(turned[0], np.eye(3), atol=1e-12)
    # Seen at 45° to the right, a head that faces the camera looks straight ahead; it is really turned left by 45°.
    np.testing.assert_allclose(turned[1], rotation_from_euler([-45.0, 0.0, 0.0]), atol=1e-12)
    np.testing.assert_allclose(turned[2], rotation_from_euler([0.0, 45.0, 0.0]), atol=1e-12)
    rays = translation - [0.0, 0.0, focal]
    np.testing.assert_allclose(
        turned @ [0.0, 0.0, -1.0], rays / np.linalg.norm(rays, axis=1, keepdims=True), atol=1e-12
    )


@pytest.fixture(scope="module")
def points(model: MorphableModel) -> ImportedModel:
    """The bundled model's landmarks as a model of 68 points, in coefficients of another name."""
    units = np.eye(50, dtype=np.float32)
    mean = model.landmarks68(np.zeros(40), np.zeros(10))
    return ImportedModel(
        mean=mean,
        shape_basis=model.landmarks68(units[:40, :40], np.zeros((40, 10))) - mean,
        expression_basis=model.landmarks68(np.zeros((10, 40)), units[:10, :10]) - mean,
        landmark_vertices=np.repeat(np.arange(68, dtype=np.int32)[:, None], 3, axis=1),
        landmark_weights=np.full((68, 3), 1.0 / 3.0, np.float32),
        faces=np.zeros((0, 3), np.int32),
        basis="theirs",
    )


def test_a_model_of_68_points_is_enough(points: ImportedModel) -> None:
    truth = Truth(points)
    take = replace(truth.take, header=replace(truth.take.header, basis="theirs"))
    solution = solve(take, points, EXACT)
    np.testing.assert_allclose(solution.expression, truth.expression, atol=1e-3)
    np.testing.assert_allclose(solution.identity, truth.identity, atol=1e-3)
    assert angles_between(solution.head_rotation, truth.rotation).max() < 0.1


def test_a_take_is_solved_only_with_the_model_of_its_coefficients(
    truth: Truth, model: MorphableModel, points: ImportedModel
) -> None:
    with pytest.raises(CaptureError, match="captured with the model bundled, not with theirs"):
        solve(truth.take, points)
    with pytest.raises(CaptureError, match="captured with the model theirs, not with bundled"):
        solve(replace(truth.take, header=replace(truth.take.header, basis="theirs")), model)
