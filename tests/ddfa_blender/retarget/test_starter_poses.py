# SPDX-License-Identifier: GPL-3.0-or-later
"""Poses to begin with for known bone faces."""

from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.retarget.starter_poses import RIGIFY, VROID_EYES, Move, displacement, find_bone_face
from ddfa_blender.symmetry import mirrored_channel


def test_every_channel_of_arkit_has_a_pose_that_moves_something() -> None:
    assert set(RIGIFY.poses) == set(ARKIT_NAMES)
    for channel, moves in RIGIFY.poses.items():
        assert moves, channel
        for move in moves:
            assert any((move.left, move.up, move.front, move.nod, move.share)), (channel, move.bone)
        assert len({move.bone for move in moves}) == len(moves), channel


@pytest.mark.parametrize("channel", sorted(ARKIT_NAMES))
def test_the_other_side_is_the_mirror_image(channel: str) -> None:
    def mirrored(move: Move) -> Move:
        names = [name.replace(".L", ".#").replace(".R", ".L").replace(".#", ".R") for name in (move.bone, move.towards)]
        return Move(names[0], -move.left, move.up, move.front, move.nod, names[1], move.share)

    other = {move.bone: move for move in RIGIFY.poses[mirrored_channel(channel)]}
    for move in RIGIFY.poses[channel]:
        assert other[mirrored(move).bone] == mirrored(move)


def test_moves_are_in_distances_between_the_eyes_or_on_the_way_to_another_control() -> None:
    places = {"a": np.array((0.0, 0.0, 1.0)), "b": np.array((0.0, 2.0, 1.0))}
    np.testing.assert_allclose(displacement(Move("a", left=1.0, up=2.0, front=3.0), 0.1, places.get), (0.1, -0.3, 0.2))
    np.testing.assert_allclose(displacement(Move("a", towards="b", share=0.25), 0.1, places.get), (0.0, 0.5, 0.0))
    assert displacement(Move("a", towards="c", share=0.25), 0.1, places.get) is None


def test_only_whole_faces_are_recognised() -> None:
    whole = [*RIGIFY.required, *RIGIFY.eyes, "head"]
    assert find_bone_face(whole) is RIGIFY
    assert find_bone_face(whole[1:]) is None


def test_vroid_s_eyes_are_known_by_themselves_and_both_turn_the_same_way() -> None:
    assert find_bone_face(["J_Bip_C_Head", "J_Adj_R_FaceEye", "J_Adj_L_FaceEye"]) is VROID_EYES
    assert find_bone_face(["J_Bip_C_Head", "J_Adj_R_FaceEye"]) is None
    assert VROID_EYES.beside_keys and not RIGIFY.beside_keys
    assert set(VROID_EYES.poses) == {name for name in ARKIT_NAMES if name.startswith("eyeLook")}
    turns = {channel: moves[0].turn for channel, moves in VROID_EYES.poses.items()}
    assert turns["eyeLookOutLeft"] > 0.0 and turns["eyeLookInRight"] > 0.0  # to the character's left
    assert turns["eyeLookOutRight"] == -turns["eyeLookOutLeft"] and turns["eyeLookInLeft"] == -turns["eyeLookInRight"]
    assert turns["eyeLookUpLeft"] == turns["eyeLookDownRight"] == 0.0
    nods = {channel: moves[0].nod for channel, moves in VROID_EYES.poses.items()}
    assert nods["eyeLookDownLeft"] > 0.0 > nods["eyeLookUpRight"]
