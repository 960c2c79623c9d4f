# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ddfa_blender.retarget.head_bones import HeadBones, find_head_bones


def chain(*names: str) -> dict[str, str | None]:
    """Bones, each the child of the one before."""
    return dict(zip(names, (None, *names[:-1]), strict=True))


RIGS = {
    "Mixamo": (
        chain("mixamorig:Spine2", "mixamorig:Neck", "mixamorig:Head", "mixamorig:HeadTop_End"),
        "mixamorig:Head", ["mixamorig:Neck"],
    ),
    "Mixamo, numbered": (chain("mixamorig1_Neck", "mixamorig1_Head"), "mixamorig1_Head", ["mixamorig1_Neck"]),
    "VRM": (
        chain("J_Bip_C_UpperChest", "J_Bip_C_Neck", "J_Bip_C_Head", "J_Adj_L_FaceEye"),
        "J_Bip_C_Head", ["J_Bip_C_Neck"],
    ),
    "Unreal": (chain("spine_03", "neck_01", "head"), "head", ["neck_01"]),
    "MetaHuman": (
        chain("spine_05", "neck_01", "neck_02", "head", "FACIAL_C_FacialRoot"),
        "head", ["neck_01", "neck_02"],
    ),
    "MetaHuman, the head's own file": (
        chain("FACIAL_C_Neck1Root", "FACIAL_C_Neck2Root", "FACIAL_C_FacialRoot", "FACIAL_C_Jaw"),
        "FACIAL_C_FacialRoot", ["FACIAL_C_Neck1Root", "FACIAL_C_Neck2Root"],
    ),
    "MetaHuman in Maya's name spaces": (
        chain("DHIhead:neck_01", "DHIhead:neck_02", "DHIhead:head", "DHIhead:FACIAL_C_FacialRoot")
        | {"DHIhead:FACIAL_C_Neck1Root": "DHIhead:neck_01", "DHIhead:FACIAL_C_Neck2Root": "DHIhead:neck_02"},
        "DHIhead:head", ["DHIhead:neck_01", "DHIhead:neck_02"],
    ),
    "XNALara": (chain("spine upper", "head neck lower", "head neck upper"), "head neck upper", ["head neck lower"]),
    "Daz Genesis 8": (
        chain("chestUpper", "neckLower", "neckUpper", "head", "upperFaceRig"),
        "head", ["neckLower", "neckUpper"],
    ),
    "Daz Genesis 9": (chain("spine4", "neck1", "neck2", "head"), "head", ["neck1", "neck2"]),
    "Character Creator": (
        chain("CC_Base_Spine02", "CC_Base_NeckTwist01", "CC_Base_NeckTwist02", "CC_Base_Head", "CC_Base_FacialBone"),
        "CC_Base_Head", ["CC_Base_NeckTwist01", "CC_Base_NeckTwist02"],
    ),
    "Auto-Rig Pro": (
        chain("root.x", "neck.x", "head.x") | {"c_p_neck.x": None, "c_neck.x": None, "c_neck_01.x": None,
           "head_scale_fix.x": "neck.x", "c_head.x": "head_scale_fix.x", "c_p_head.x": "c_head.x"},
        "c_head.x", ["c_neck.x"],
    ),
    # A generated Rigify rig: controls, and the layers behind them.
    "Rigify": (
        chain("ORG-spine.004", "ORG-spine.006") | chain("DEF-spine.004", "DEF-spine.005", "DEF-spine.006")
        | {"neck": "MCH-STR-neck", "MCH-STR-neck": None,
           "head": "MCH-ROT-head", "MCH-ROT-head": None, "tweak_spine.005": "neck"},
        "head", ["neck"],
    ),
    "Auto-Rig Pro, exported": (chain("spine_02.x", "neck.x", "head.x", "jawbone.x"), "head.x", ["neck.x"]),
    "Rigify metarig": (
        chain("spine.003", "spine.004", "spine.005", "spine.006", "face"),
        "spine.006", ["spine.004", "spine.005"],
    ),
    "Biped": (chain("Bip001 Spine1", "Bip001 Neck", "Bip001 Head"), "Bip001 Head", ["Bip001 Neck"]),
    "MMD": (chain("上半身2", "首", "頭"), "頭", ["首"]),
    "plain, another name for the neck": (chain("Chest", "NeckBase", "Head"), "Head", ["NeckBase"]),
    "a cartoon without a neck": (chain("body", "head"), "head", []),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGS)
def test_known_rigs(name: str) -> None:
    parents, head, necks = RIGS[name]
    found = find_head_bones(parents)
    assert found is not None
    assert (found.head, list(found.necks)) == (head, necks)


def test_two_heads_are_left_to_the_user() -> None:
    assert find_head_bones(chain("a:head", "b:head")) is None


def test_no_head() -> None:
    assert find_head_bones({}) is None
    assert find_head_bones(chain("Hips", "Spine", "headband", "DEF-head")) is None


def test_families_are_told_by_their_necks() -> None:
    assert find_head_bones(RIGS["MetaHuman"][0]) == HeadBones("head", ("neck_01", "neck_02"), "Unreal")
    assert find_head_bones(RIGS["Daz Genesis 9"][0]) == HeadBones("head", ("neck1", "neck2"), "Daz Genesis 9")


def test_a_ring_of_parents_ends() -> None:
    assert find_head_bones({"head": "a_neck", "a_neck": "head"}) == HeadBones("head", ("a_neck",), "")
