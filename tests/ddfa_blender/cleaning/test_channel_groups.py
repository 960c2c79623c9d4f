# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.cleaning.channel_groups import (
    ARKIT_GROUPS,
    FACE_GROUPS,
    GAZE,
    GAZE_PAIRS,
    SIDE_PAIRS,
    SIDEWAYS,
    ExpressionParts,
)
from ddfa_blender.face_model import FaceModel
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES


def names(indices: np.ndarray) -> list:
    return np.array(ARKIT_NAMES)[indices].tolist()


def test_every_unit_has_its_group() -> None:
    groups = {name: FACE_GROUPS[group] for name, group in zip(ARKIT_NAMES, ARKIT_GROUPS, strict=True)}
    assert [groups[name] for name in ("browInnerUp", "eyeLookUpLeft", "eyeSquintRight", "jawOpen", "cheekPuff")] == [
        "brows", "eyes", "eyes", "mouth", "mouth"]  # fmt: skip
    assert np.bincount(ARKIT_GROUPS).tolist() == [5, 14, 33]


def test_sides_are_paired_and_gaze_goes_the_same_way() -> None:
    pairs = names(SIDE_PAIRS)
    assert ["mouthSmileLeft", "mouthSmileRight"] in pairs and ["eyeBlinkLeft", "eyeBlinkRight"] in pairs
    assert names(GAZE_PAIRS)[0] == ["eyeLookOutLeft", "eyeLookInRight"]
    assert names(GAZE)[0] == ["eyeLookOutLeft", "eyeLookInLeft"]
    # Each unit that names a side is in exactly one table.
    all_sided = sorted(name for name in ARKIT_NAMES if name.endswith(("Left", "Right")))
    in_tables = [name for pair in pairs + names(GAZE_PAIRS) for name in pair] + names(SIDEWAYS)
    assert sorted(in_tables) == all_sided


def face(*components: tuple[slice, tuple[float, float, float]]) -> FaceModel:
    """68 points on an arc; each component moves a slice of them."""
    x = np.zeros(68)
    for line in (range(17), range(17, 27), range(31, 36), range(48, 55), (59, 58, 57, 56, 55), range(60, 65),
                 (67, 66, 65), (36, 37, 38, 39, 42, 43, 44, 45), (41, 40, 47, 46)):  # fmt: skip
        x[list(line)] = np.linspace(-200.0, 200.0, len(line))
    basis = np.zeros((10, 68, 3), np.float32)
    for component, (points, offset) in enumerate(components):
        basis[component, points] = offset
    return FaceModel(
        mean=np.stack([x, np.zeros(68), np.zeros(68)], axis=1).astype(np.float32),
        shape_basis=np.zeros((40, 68, 3), np.float32),
        expression_basis=basis,
        landmark_vertices=np.repeat(np.arange(68, dtype=np.int32)[:, None], 3, axis=1),
        landmark_weights=np.full((68, 3), 1.0 / 3.0, np.float32),
    )


def test_parts_of_components_that_stay_in_their_region() -> None:
    parts = ExpressionParts.of(face((slice(17, 27), (0, 3, 0)), (slice(36, 48), (0, 1, 0)), (slice(48, 68), (0, 9, 2))))
    for group in range(3):
        expected = np.zeros((10, 10))
        expected[group, group] = 1.0
        np.testing.assert_allclose(parts.region[group], expected, atol=1e-6)
    np.testing.assert_allclose(parts.asymmetry, 0.0, atol=1e-6)


def test_a_component_of_two_regions_is_shared_by_their_energy() -> None:
    """Both regions weigh the same, so 2 mm at the brows and 1 mm at the eyes make four to one."""
    model = face((slice(17, 27), (0, 2, 0)))
    model.expression_basis[0, 36:48, 1] = 1.0
    parts = ExpressionParts.of(model)
    np.testing.assert_allclose(parts.region[:, 0, 0], [0.8, 0.2, 0.0], atol=1e-6)


def test_left_and_right_half_are_told_apart() -> None:
    """Points 22–26 are the left brow, 17–21 the right one: their sum is symmetrical, their difference is not."""
    model = face((slice(17, 27), (0, 1, 0)), (slice(22, 27), (0, 1, 0)))
    model.expression_basis[1, 17:22, 1] = -1.0
    parts = ExpressionParts.of(model)
    both, difference = np.eye(10)[0], np.eye(10)[1]
    np.testing.assert_allclose(parts.side[0] @ both, difference, atol=1e-6)
    np.testing.assert_allclose(parts.side[0] @ difference, both, atol=1e-6)
    np.testing.assert_allclose(parts.asymmetry[0] @ both, 0.0, atol=1e-6)
    np.testing.assert_allclose(parts.asymmetry[0] @ difference, difference, atol=1e-6)


def test_the_bundled_models_regions_add_up_to_the_whole(model: MorphableModel) -> None:
    parts = ExpressionParts.of(model)
    np.testing.assert_allclose(parts.region.sum(axis=0), np.eye(10), atol=1e-5)
    assert ExpressionParts.of(model) is parts
    # Its components are even or odd by construction.
    odd = np.diag(parts.asymmetry.sum(axis=0))
    assert np.minimum(np.abs(odd), np.abs(odd - 1.0)).max() < 1e-3
    assert 0 < round(odd.sum()) < 10


@pytest.mark.parametrize("component", range(10))
def test_a_mirrored_face_has_the_opposite_asymmetry(model: MorphableModel, component: int) -> None:
    """Taking the asymmetry away leaves a face whose landmarks equal their mirror image."""
    left, right = list(range(8)), list(range(16, 8, -1))
    expression = np.eye(10)[component]
    even = expression - ExpressionParts.of(model).asymmetry.sum(axis=0) @ expression
    points = model.landmarks68(np.zeros(40), even)
    np.testing.assert_allclose(points[left], points[right] * [-1.0, 1.0, 1.0], atol=0.05)
