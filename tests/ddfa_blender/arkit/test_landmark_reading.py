# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import numpy as np
import pytest

from ddfa_blender.arkit.landmark_reading import COORDINATES, LandmarkReading, Movement, movement
from ddfa_blender.arkit.reliability import Reliability, bundled_reliability
from ddfa_blender.cleaning.channel_groups import SIDE_PAIRS
from ddfa_blender.errors import CaptureError
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.projection import Pose, rotation_from_euler
from tests.ddfa_blender.arkit.known import known_truth

WIDTH, HEIGHT = 640, 480


def seen(model: MorphableModel, identity: np.ndarray, arkit: np.ndarray, pose: Pose) -> np.ndarray:
    """The 68 points (N, 68, 3) in the picture, by the camera's formula alone."""
    points = model.at_landmarks(model.vertices(identity, arkit=arkit).astype(np.float64))
    at = pose.scale[:, None, None] * np.einsum("nij,nlj->nli", pose.rotation, points) + pose.translation[:, None]
    return np.stack([WIDTH / 2.0 + at[..., 0], HEIGHT / 2.0 - at[..., 1], at[..., 2]], axis=-1)


def posed(count: int, *degrees: float) -> Pose:
    rotation = np.tile(rotation_from_euler(np.array(degrees)), (count, 1, 1))
    random = np.random.default_rng(1)
    return Pose(random.uniform(0.5, 3.0, count), rotation, random.normal(0.0, 60.0, (count, 3)))


@pytest.fixture(scope="module")
def identity() -> np.ndarray:
    return 0.6 * np.random.default_rng(2).normal(size=40)


@pytest.mark.parametrize("degrees", [(0.0, 0.0, 0.0), (0.0, 0.0, 25.0)])
def test_what_faces_the_camera_moves_as_the_units_say(
    model: MorphableModel, identity: np.ndarray, degrees: tuple[float, float, float]
) -> None:
    truth = known_truth()[1][20:60]
    pose = posed(len(truth), *degrees)
    moved = movement(model, identity, seen(model, identity, truth, pose), pose, WIDTH, HEIGHT)
    deltas = np.tensordot(truth, model.at_landmarks(model.arkit_basis.astype(np.float64)), 1)[..., :2]
    np.testing.assert_allclose(moved.points, deltas.reshape(len(truth), COORDINATES), atol=2e-3)
    assert (moved.trust == 1.0).all()


def test_of_a_turned_head_what_can_be_seen_remains(model: MorphableModel, identity: np.ndarray) -> None:
    truth = known_truth()[1][20:60]
    pose = posed(len(truth), 30.0, 0.0, 0.0)
    moved = movement(model, identity, seen(model, identity, truth, pose), pose, WIDTH, HEIGHT).points.reshape(-1, 68, 2)
    deltas = np.tensordot(truth, model.at_landmarks(model.arkit_basis.astype(np.float64)), 1)
    across = np.cos(np.radians(30.0)) * deltas[..., 0] + np.sin(np.radians(30.0)) * deltas[..., 2]
    np.testing.assert_allclose(moved[..., 1], deltas[..., 1], atol=2e-3)
    np.testing.assert_allclose(moved[..., 0], np.cos(np.radians(30.0)) * across, atol=2e-3)


def test_faces_turned_far_to_the_side_are_not_believed(model: MorphableModel, identity: np.ndarray) -> None:
    yaw = np.array([0.0, 40.0, -52.5, 52.5, 65.0, -90.0])
    rotation = rotation_from_euler(np.stack([yaw, np.zeros(6), np.zeros(6)], axis=1))
    pose = Pose(np.ones(6), rotation, np.zeros((6, 3)))
    moved = movement(model, identity, np.zeros((6, 68, 3)), pose, WIDTH, HEIGHT)
    np.testing.assert_allclose(moved.trust, [1.0, 1.0, 0.5, 0.5, 0.0, 0.0], atol=1e-6)


def reading(seed: int = 0) -> LandmarkReading:
    random = np.random.default_rng(seed)
    return LandmarkReading(random.normal(size=(COORDINATES, 52)), random.uniform(0.0, 30.0, 52))


def test_changes_are_read_about_the_level_that_was_found() -> None:
    random, read = np.random.default_rng(3), reading()
    points, found = random.normal(size=(12, COORDINATES)), random.uniform(size=(12, 52))
    expected = read.expected(Movement(points, np.ones(12)), found)
    np.testing.assert_allclose(expected.mean(axis=0), found.mean(axis=0))
    np.testing.assert_allclose(np.diff(expected, axis=0), np.diff(points, axis=0) @ read.weights)
    # Another face at rest: the same offset in all frames.
    offset = random.normal(size=COORDINATES)
    np.testing.assert_allclose(read.expected(Movement(points + offset, np.ones(12)), found), expected)


def test_frames_that_are_not_trusted_stay_as_they_were_found_and_decide_nothing() -> None:
    random, read = np.random.default_rng(4), reading()
    points, found = random.normal(size=(6, COORDINATES)), random.uniform(size=(6, 52))
    trust = np.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.0])
    expected = read.expected(Movement(points, trust), found)
    np.testing.assert_array_equal(expected[4:], found[4:])
    np.testing.assert_allclose(expected[:4], read.expected(Movement(points[:4], trust[:4]), found[:4]))
    np.testing.assert_array_equal(read.expected(Movement(points, np.zeros(6)), found), found)
    assert read.expected(Movement(points[:0], trust[:0]), found[:0]).shape == (0, 52)


def table() -> Reliability:
    bundled = bundled_reliability()
    return Reliability(bundled.network_error, bundled.mesh_error, bundled.lips, reading())


def test_a_reading_survives_its_file(tmp_path) -> None:
    file = tmp_path / "table.json"
    file.write_text(json.dumps(table().to_json()), encoding="utf-8")
    loaded = Reliability.load(file).landmarks
    assert loaded is not None
    np.testing.assert_allclose(loaded.weights, reading().weights, atol=1e-4)
    np.testing.assert_allclose(loaded.information, reading().information, atol=1e-2)


def test_a_table_without_a_reading_is_one_too(tmp_path) -> None:
    data = table().to_json()
    for other in (data | {"landmarks": None}, {key: value for key, value in data.items() if key != "landmarks"}):
        file = tmp_path / "table.json"
        file.write_text(json.dumps(other), encoding="utf-8")
        assert Reliability.load(file).landmarks is None


@pytest.mark.parametrize("damage", [
    lambda points: points.pop("weights"),
    lambda points: points["weights"].pop("jawOpen"),
    lambda points: points["weights"]["jawOpen"].pop(),
    lambda points: points["weights"]["jawOpen"].__setitem__(0, float("nan")),
    lambda points: points["weights"].update({name: values[:-1] for name, values in points["weights"].items()}),
    lambda points: points["information"].update(jawOpen=-1.0),
    lambda points: points["information"].update(jawOpen="much"),
])  # fmt: skip
def test_a_damaged_reading_is_refused(tmp_path, damage) -> None:
    data = table().to_json()
    damage(data["landmarks"])
    file = tmp_path / "table.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(CaptureError, match="reinstall"):
        Reliability.load(file)


def test_the_bundled_reading_prefers_no_side(model: MorphableModel) -> None:
    bundled = bundled_reliability().landmarks
    assert bundled is not None
    left, right = SIDE_PAIRS.T
    np.testing.assert_allclose(bundled.information[left], bundled.information[right], rtol=1e-2)
    points = model.at_landmarks(model.mean.astype(np.float64))
    mirror = [int(np.linalg.norm(points * [-1.0, 1.0, 1.0] - point, axis=1).argmin()) for point in points]
    by_point = bundled.weights.reshape(68, 2, 52)
    np.testing.assert_allclose(by_point[mirror][..., left] * [[[-1.0], [1.0]]], by_point[..., right], atol=2e-3)
