# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.formats.bvh import HEAD, HEAD_LENGTH, NECK, NECK_LENGTH, ROOT, ROOT_LENGTH, write_bvh
from ddfa_blender.quaternions import to_matrices
from tests.ddfa_blender.formats.performances import make_performance


@dataclass
class Joint:
    """A joint of the little reader below, which knows nothing of the writer."""

    name: str
    offset: np.ndarray
    channels: list[str] = field(default_factory=list)
    children: list[Joint] = field(default_factory=list)


@dataclass
class Motion:
    root: Joint
    frame_time: float
    rows: np.ndarray

    def globals(self, row: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Joint → (rotation, position) in the world, by the book: offset, then translation, then rotations in turn."""
        found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        values = iter(self.rows[row])

        def walk(joint: Joint, rotation: np.ndarray, position: np.ndarray) -> None:
            local, moved = np.eye(3), joint.offset.copy()
            for channel in joint.channels:
                value, axis = next(values), "XYZ".index(channel[0])
                if channel.endswith("position"):
                    moved[axis] += value
                else:
                    local = local @ turn(axis, math.radians(value))
            position = position + rotation @ moved
            rotation = rotation @ local
            found[joint.name] = rotation, position
            for child in joint.children:
                walk(child, rotation, position)

        walk(self.root, np.eye(3), np.zeros(3))
        return found


def turn(axis: int, angle: float) -> np.ndarray:
    c, s = math.cos(angle), math.sin(angle)
    return np.array(
        {
            0: [[1, 0, 0], [0, c, -s], [0, s, c]],
            1: [[c, 0, s], [0, 1, 0], [-s, 0, c]],
            2: [[c, -s, 0], [s, c, 0], [0, 0, 1]],
        }[axis]
    )


def read_bvh(path: Path) -> Motion:
    words = iter(path.read_text(encoding="ascii").split())

    def joint(name: str) -> Joint:
        assert next(words) == "{" and next(words) == "OFFSET"
        result = Joint(name, np.array([float(next(words)) for _ in range(3)]))
        for word in words:
            if word == "CHANNELS":
                result.channels = [next(words) for _ in range(int(next(words)))]
            elif word == "JOINT":
                result.children.append(joint(next(words)))
            elif word == "End":
                assert next(words) == "Site"
                result.children.append(joint(f"{name} end"))
            else:
                assert word == "}"
                return result
        raise AssertionError("the hierarchy does not end")

    assert next(words) == "HIERARCHY" and next(words) == "ROOT"
    root = joint(next(words))
    assert [next(words) for _ in range(2)] == ["MOTION", "Frames:"]
    count = int(next(words))
    assert [next(words) for _ in range(2)] == ["Frame", "Time:"]
    frame_time = float(next(words))
    rows = np.array([float(word) for word in words]).reshape(count, -1)
    return Motion(root, frame_time, rows)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_head_moves_as_captured_whatever_the_neck_takes(tmp_path: Path, share: float) -> None:
    performance = make_performance(120, 30.0)
    write_bvh(performance, tmp_path / "a.bvh", neck_share=share)
    motion = read_bvh(tmp_path / "a.bvh")
    assert motion.frame_time == pytest.approx(1.0 / 30.0, abs=1e-8)
    assert motion.rows.shape == (120, 12)
    rotations = to_matrices(performance.head_rotation)
    for row in range(0, 120, 7):
        found = motion.globals(row)
        rotation, position = found[HEAD]
        np.testing.assert_allclose(rotation, rotations[row], atol=1e-6)
        rest = np.array([0.0, ROOT_LENGTH + NECK_LENGTH, 0.0])
        np.testing.assert_allclose(position, rest + performance.head_translation[row] / 10.0, atol=1e-5)
        np.testing.assert_allclose(found[f"{HEAD} end"][1] - position, rotation @ [0.0, HEAD_LENGTH, 0.0], atol=1e-5)
        np.testing.assert_allclose(found[ROOT][0], np.eye(3), atol=1e-9)
        angle = math.acos(min(1.0, (np.trace(rotations[row]) - 1.0) / 2.0))
        neck = math.acos(min(1.0, (np.trace(found[NECK][0]) - 1.0) / 2.0))
        assert neck == pytest.approx(share * angle, abs=1e-6)


def test_uneven_frames_become_even_ones(tmp_path: Path) -> None:
    performance = make_performance(90, 30.0)
    keep = np.array([i for i in range(90) if i % 3])
    uneven = replace(
        performance,
        **{name: getattr(performance, name)[keep] for name in ("time", "head_rotation", "head_translation")},
    )
    write_bvh(uneven, tmp_path / "a.bvh", rate=25.0)
    motion = read_bvh(tmp_path / "a.bvh")
    assert motion.frame_time == pytest.approx(0.04)
    assert len(motion.rows) == int((uneven.time[-1] - uneven.time[0]) * 25.0 + 1e-3) + 1
    # Frame 24 lies at the time of the original's frame 1 + 28.8, between two of those that are left.
    found = motion.globals(24)[HEAD][0]
    rotations = to_matrices(performance.head_rotation)
    assert np.abs(found - rotations[29]).max() < 0.05 and np.abs(found - rotations[35]).max() > 0.05


@pytest.mark.parametrize(("rate", "frame_time"), [(30 / 1.001, 1.001 / 30), (24.0, 1 / 24), (59.94, 1.001 / 60)])
def test_the_rate_is_the_footage_s(tmp_path: Path, rate: float, frame_time: float) -> None:
    write_bvh(make_performance(60, rate), tmp_path / "a.bvh")
    motion = read_bvh(tmp_path / "a.bvh")
    assert motion.frame_time == pytest.approx(frame_time, abs=1e-8)
    assert len(motion.rows) == 60


def test_angles_never_jump_by_whole_turns(tmp_path: Path) -> None:
    performance = make_performance(100, 30.0)
    angles = np.linspace(0.0, 3.5 * np.pi, 100)
    spin = np.stack([np.cos(angles / 2), 0 * angles, 0 * angles, np.sin(angles / 2)], axis=1)
    write_bvh(replace(performance, head_rotation=spin), tmp_path / "a.bvh", neck_share=0.0)
    rows = read_bvh(tmp_path / "a.bvh").rows
    assert np.abs(np.diff(rows[:, 9:], axis=0)).max() < 20.0
    assert rows[-1, 9] == pytest.approx(630.0, abs=0.01)


def test_a_single_frame(tmp_path: Path) -> None:
    write_bvh(make_performance(1), tmp_path / "a.bvh")
    motion = read_bvh(tmp_path / "a.bvh")
    assert motion.rows.shape == (1, 12) and motion.frame_time == pytest.approx(1.0 / 30.0)


def test_what_cannot_be_exported(tmp_path: Path) -> None:
    performance = make_performance(3)
    empty = replace(performance, time=performance.time[:0])
    for call, message in (
        (lambda: write_bvh(empty, tmp_path / "a.bvh"), "no frames"),
        (lambda: write_bvh(performance, tmp_path / "a.bvh", neck_share=1.5), "between 0 and 1"),
        (lambda: write_bvh(performance, tmp_path / "a.bvh", rate=0.0), "above 0"),
        (lambda: write_bvh(performance, tmp_path / "a.bvh", rate=math.nan), "above 0"),
        (lambda: write_bvh(performance, tmp_path / "none" / "a.bvh"), "cannot be written"),
    ):
        with pytest.raises(CaptureError, match=message):
            call()
    assert list(tmp_path.iterdir()) == []
