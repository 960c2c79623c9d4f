# SPDX-License-Identifier: GPL-3.0-or-later
"""What several recorded poses at once come to."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.retarget.bone_poses import NEUTRAL, BonePose, RecordedPose, combine
from ddfa_blender.retarget.mapping import Mapping, Source, Target, TargetKey
from ddfa_blender.retarget.presets import load_mapping, load_preset, save_mapping


def about_x(degrees: float) -> tuple[float, float, float, float]:
    half = math.radians(degrees) / 2.0
    return math.cos(half), math.sin(half), 0.0, 0.0


JAW = RecordedPose("jawOpen", {"jaw": BonePose((0.0, 0.0, -1.0), about_x(30.0), (1.0, 2.0, 1.0))})
SIDE = RecordedPose("jawLeft", {"jaw": BonePose((0.5, 0.0, 0.0)), "lip": BonePose((0.0, 1.0, 0.0))})


def test_a_single_pose_at_one_is_met_and_halves_are_half_way() -> None:
    motion = combine([JAW], {"jawOpen": [0.0, 0.5, 1.0]})["jaw"]
    np.testing.assert_allclose(motion.location, [(0, 0, 0), (0, 0, -0.5), (0, 0, -1)])
    np.testing.assert_allclose(motion.rotation, [about_x(0.0), about_x(15.0), about_x(30.0)], atol=1e-12)
    np.testing.assert_allclose(motion.scale[:, 1], (1.0, math.sqrt(2.0), 2.0))


def test_poses_add_up_in_any_order_and_missing_weights_are_none() -> None:
    weights = {"jawOpen": [1.0, 0.5], "jawLeft": [0.2, 1.0]}
    a, b = combine([JAW, SIDE], weights), combine([SIDE, JAW], weights)
    for bone in ("jaw", "lip"):
        np.testing.assert_allclose(a[bone].location, b[bone].location)
        np.testing.assert_allclose(a[bone].rotation, b[bone].rotation)
    np.testing.assert_allclose(a["jaw"].location, [(0.1, 0.0, -1.0), (0.5, 0.0, -0.5)])
    assert not combine([JAW, SIDE], {"jawOpen": [1.0]})["lip"].location.any()


def test_the_neutral_pose_is_where_all_begin() -> None:
    neutral = RecordedPose(NEUTRAL, {"jaw": BonePose(rotation=about_x(10.0), scale=(1.0, 1.0, 2.0))})
    motion = combine([neutral, JAW], {"jawOpen": [0.0, 1.0]})["jaw"]
    np.testing.assert_allclose(motion.rotation, [about_x(10.0), about_x(30.0)], atol=1e-12)
    np.testing.assert_allclose(motion.scale, [(1.0, 1.0, 2.0), (1.0, 2.0, 1.0)])


def test_half_a_turn_and_more_weight_than_one() -> None:
    pose = RecordedPose("a", {"b": BonePose(rotation=(-math.cos(math.pi / 4), -math.sin(math.pi / 4), 0.0, 0.0))})
    motion = combine([pose], {"a": [1.0, 1.5]})["b"]
    np.testing.assert_allclose(motion.rotation, [about_x(90.0), about_x(135.0)], atol=1e-12)


def test_scales_without_a_power_go_straight() -> None:
    pose = RecordedPose("a", {"b": BonePose(scale=(0.0, -1.0, 1.0))})
    np.testing.assert_allclose(combine([pose], {"a": [0.5]})["b"].scale, [(0.5, 0.0, 1.0)])


def test_a_pose_of_no_numbers_is_refused() -> None:
    for bad in ({"location": (math.nan, 0.0, 0.0)}, {"rotation": (0.0, 0.0, 0.0, 0.0)}):
        with pytest.raises(CaptureError, match="record it again"):
            BonePose(**bad)  # type: ignore[arg-type]


def test_poses_are_kept_with_the_mapping(tmp_path: Path) -> None:
    mapping = Mapping((Target(TargetKey("Rig", "Pose: jawOpen"), (Source("jawOpen"),)),), "Puppet")
    file = tmp_path / "a.json"
    save_mapping(mapping, file, (JAW, SIDE))
    preset = load_preset(file)
    assert (preset.mapping, preset.poses) == (mapping, (JAW, SIDE))
    assert load_mapping(file) == mapping


@pytest.mark.parametrize("change", [('"jaw"', '""'), ("-1.0]", "null]"), ('"version": 2', '"version": 1')])
def test_damaged_poses_are_refused(tmp_path: Path, change: tuple[str, str]) -> None:
    file = tmp_path / "a.json"
    save_mapping(Mapping(), file, (JAW,))
    text = file.read_text(encoding="utf-8")
    spaced = " ".join(text.split()).replace("[ ", "[").replace(" ]", "]")
    assert change[0] in spaced
    file.write_text(spaced.replace(*change), encoding="utf-8")
    with pytest.raises(CaptureError, match="not a usable mapping preset"):
        load_preset(file)
