# SPDX-License-Identifier: GPL-3.0-or-later
"""VRM avatars from real files: imported by Blender's own glTF importer, with and without what the VRM add-on adds."""

from __future__ import annotations

import math
from types import SimpleNamespace

import bpy
import characters
import numpy as np
import pytest
import support
import vrm_addon
from test_retarget import channel, head_turn
from vrm_file import Avatar, Bind

#: VRoid Studio's face keys, and what of ARKit our head makes them of; the others move a little of everything.
VROID = {
    "Fcl_ALL_Neutral": {}, "Fcl_ALL_Angry": {}, "Fcl_ALL_Fun": {}, "Fcl_ALL_Joy": {}, "Fcl_ALL_Sorrow": {},
    "Fcl_ALL_Surprised": {},
    "Fcl_BRW_Angry": {"browDownLeft": 1.0, "browDownRight": 1.0}, "Fcl_BRW_Fun": {}, "Fcl_BRW_Joy": {},
    "Fcl_BRW_Sorrow": {"browInnerUp": 1.0}, "Fcl_BRW_Surprised": {"browOuterUpLeft": 1.0, "browOuterUpRight": 1.0},
    "Fcl_EYE_Natural": {}, "Fcl_EYE_Angry": {}, "Fcl_EYE_Close": {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
    "Fcl_EYE_Close_R": {"eyeBlinkRight": 1.0}, "Fcl_EYE_Close_L": {"eyeBlinkLeft": 1.0}, "Fcl_EYE_Fun": {},
    "Fcl_EYE_Joy": {}, "Fcl_EYE_Joy_R": {}, "Fcl_EYE_Joy_L": {}, "Fcl_EYE_Sorrow": {}, "Fcl_EYE_Surprised": {},
    "Fcl_EYE_Spread": {"eyeWideLeft": 1.0, "eyeWideRight": 1.0}, "Fcl_EYE_Iris_Hide": {},
    "Fcl_EYE_Highlight_Hide": {}, "Fcl_MTH_Close": {}, "Fcl_MTH_Up": {}, "Fcl_MTH_Down": {}, "Fcl_MTH_Angry": {},
    "Fcl_MTH_Small": {}, "Fcl_MTH_Large": {}, "Fcl_MTH_Neutral": {},
    "Fcl_MTH_Fun": {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0}, "Fcl_MTH_Joy": {},
    "Fcl_MTH_Sorrow": {"mouthFrownLeft": 1.0, "mouthFrownRight": 1.0}, "Fcl_MTH_Surprised": {},
    "Fcl_MTH_SkinFung": {}, "Fcl_MTH_A": {"jawOpen": 0.8}, "Fcl_MTH_I": {"mouthStretchLeft": 1.0, "jawOpen": 0.1},
    "Fcl_MTH_U": {"mouthPucker": 1.0}, "Fcl_MTH_E": {"mouthLowerDownLeft": 1.0, "mouthLowerDownRight": 1.0},
    "Fcl_MTH_O": {"mouthFunnel": 1.0}, "Fcl_HA_Hide": {}, "Fcl_HA_Fung1": {},
}  # fmt: skip
#: Names of VRM's expressions by version, and the VRoid key that each binds.
PRESETS = {
    "0.x": {"A": "Fcl_MTH_A", "I": "Fcl_MTH_I", "U": "Fcl_MTH_U", "E": "Fcl_MTH_E", "O": "Fcl_MTH_O",
            "Blink": "Fcl_EYE_Close", "Blink_L": "Fcl_EYE_Close_L", "Blink_R": "Fcl_EYE_Close_R",
            "Joy": "Fcl_ALL_Joy", "Angry": "Fcl_ALL_Angry", "Sorrow": "Fcl_ALL_Sorrow", "Fun": "Fcl_ALL_Fun"},
    "1.0": {"aa": "Fcl_MTH_A", "ih": "Fcl_MTH_I", "ou": "Fcl_MTH_U", "ee": "Fcl_MTH_E", "oh": "Fcl_MTH_O",
            "blink": "Fcl_EYE_Close", "blinkLeft": "Fcl_EYE_Close_L", "blinkRight": "Fcl_EYE_Close_R",
            "happy": "Fcl_ALL_Joy", "angry": "Fcl_ALL_Angry", "sad": "Fcl_ALL_Sorrow",
            "surprised": "Fcl_ALL_Surprised"},
}  # fmt: skip
VERSIONS = pytest.mark.parametrize("version", ["0.x", "1.0"])


@pytest.fixture(scope="module")
def head(modules_after_enabling):
    """Our own head."""
    return support.module("ddfa_blender.morphable_model").MorphableModel.load()


@pytest.fixture
def settings():
    return bpy.context.scene.ddfa.retarget


@pytest.fixture
def addon():
    with vrm_addon.registered():
        yield


def displacements(head, recipes):
    """(V, 3) for each name."""
    names = support.module("ddfa_blender.names").ARKIT_NAMES
    rng = np.random.default_rng(5)
    return {
        name: sum(gain * head.arkit_basis[names.index(unit)] for unit, gain in recipe.items())
        if recipe
        else rng.normal(0.0, 0.05, head.mean.shape)
        for name, recipe in recipes.items()
    }


def load(avatar, tmp_path):
    """Write an avatar and import it as users do who have no add-on; armature, face and the file's JSON."""
    file = tmp_path / "avatar.vrm"
    document = avatar.write(file)
    before = set(bpy.data.objects)
    assert bpy.ops.import_scene.gltf(filepath=str(file)) == {"FINISHED"}
    made = [obj for obj in bpy.data.objects if obj not in before]
    armature = next(obj for obj in made if obj.type == "ARMATURE")
    face = next(obj for obj in made if obj.type == "MESH" and obj.data.shape_keys)
    return SimpleNamespace(armature=armature, face=face, document=document)


def played(mesh, frame):
    """Value of each key in a frame."""
    bpy.context.scene.frame_set(frame)
    return {key.name: key.value for key in mesh.data.shape_keys.key_blocks[1:]}


def driven(settings):
    """Channels of each key and expression that is driven."""
    found = {item.name: {source.channel for source in item.sources} for item in settings.targets if item.sources}
    return {name: channels for name, channels in found.items() if not name.startswith("Pose: ")}


@VERSIONS
def test_a_vroid_avatar_without_the_add_on_is_mapped_and_moves(performed, settings, head, tmp_path, version):
    binds = {name: (Bind(key),) for name, key in PRESETS[version].items()}
    loaded = load(Avatar(version, head, displacements(head, VROID), binds), tmp_path)
    assert list(loaded.face.data.shape_keys.key_blocks.keys()) == ["Basis", *VROID]
    settings.character = loaded.armature
    assert [item.mesh for item in settings.face_meshes] == [loaded.face]
    assert (settings.head_bone, settings.neck_bone) == ("J_Bip_C_Head", "J_Bip_C_Neck")
    mapped = driven(settings)
    whole = {"Fcl_EYE_Close", "Fcl_ALL_Sorrow"}  # what the more direct keys do already
    expected = {name for name, recipe in VROID.items() if recipe} - whole
    assert set(mapped) == expected
    leading = {"Fcl_MTH_A": "jawOpen", "Fcl_MTH_U": "mouthPucker", "Fcl_MTH_O": "mouthFunnel",
               "Fcl_BRW_Sorrow": "browInnerUp", "Fcl_EYE_Close_L": "eyeBlinkLeft"}  # fmt: skip
    assert all(channel_name in mapped[name] for name, channel_name in leading.items())
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    for index in (3, 9, 21):
        values = played(loaded.face, index + 1)

        def both(unit, index=index):
            return (channel(performed, f"{unit}Left", index) + channel(performed, f"{unit}Right", index)) / 2.0

        assert values["Fcl_EYE_Close_L"] == pytest.approx(channel(performed, "eyeBlinkLeft", index), abs=1e-5)
        assert values["Fcl_EYE_Close_R"] == pytest.approx(channel(performed, "eyeBlinkRight", index), abs=1e-5)
        assert values["Fcl_EYE_Spread"] == pytest.approx(both("eyeWide"), abs=1e-5)
        assert values["Fcl_BRW_Angry"] == pytest.approx(both("browDown"), abs=1e-5)
        assert values["Fcl_MTH_Fun"] == pytest.approx(both("mouthSmile"), abs=1e-5)
        assert values["Fcl_MTH_Sorrow"] == pytest.approx(both("mouthFrown"), abs=1e-5)
        assert values["Fcl_MTH_U"] == pytest.approx(channel(performed, "mouthPucker", index), abs=1e-5)
        assert all(values[name] == 0.0 for name in set(VROID) - expected)


@VERSIONS
def test_the_head_turns_as_performed_whichever_way_the_avatar_looks(performed, settings, head, tmp_path, version):
    loaded = load(Avatar(version, head, displacements(head, {"Fcl_MTH_A": {"jawOpen": 1.0}})), tmp_path)
    settings.character = loaded.armature
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    about = np.diag([-1.0, -1.0, 1.0]) if version == "0.x" else np.eye(3)  # half a turn about the upright
    for index in (0, 6, 15):
        turned = characters.turn(loaded.armature, "J_Bip_C_Head", index + 1, world=True)
        np.testing.assert_allclose(turned, about @ head_turn(performed, index) @ about, atol=1e-4)


@VERSIONS
def test_eyes_of_bones_follow_the_gaze_where_no_key_does(performed, settings, head, tmp_path, version):
    loaded = load(Avatar(version, head, displacements(head, {"Fcl_MTH_A": {"jawOpen": 1.0}})), tmp_path)
    settings.character = loaded.armature
    assert {item.name for item in settings.targets if item.name.startswith("Pose: ")} == {
        f"Pose: eyeLook{direction}{side}" for direction in ("Up", "Down", "In", "Out") for side in ("Left", "Right")
    }
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    front = np.array((0.0, 1.0, 0.0) if version == "0.x" else (0.0, -1.0, 0.0))
    left = np.array((-1.0, 0.0, 0.0) if version == "0.x" else (1.0, 0.0, 0.0))
    for index in (4, 10, 19):
        for side, sign in (("Left", 1.0), ("Right", -1.0)):
            eye = f"J_Adj_{side[0]}_FaceEye"
            turns = [characters.turn(loaded.armature, bone, index + 1, world=True) for bone in ("J_Bip_C_Head", eye)]
            gaze = turns[0].T @ turns[1] @ front  # in the head
            look = {d: channel(performed, f"eyeLook{d}{side}", index) for d in ("Up", "Down", "In", "Out")}
            # Poses add up as rotation vectors, here to a tenth of a radian.
            sideways = math.radians(sign * (12.0 * look["Out"] - 8.0 * look["In"]))
            upwards = math.radians(10.0 * (look["Up"] - look["Down"]))
            assert math.asin(gaze @ left) == pytest.approx(sideways, abs=2e-3)
            assert math.asin(gaze[2]) == pytest.approx(upwards, abs=2e-3)


@VERSIONS
@pytest.mark.parametrize("with_vroid", [False, True])
def test_perfect_sync_avatars_follow_all_52(performed, settings, head, tmp_path, version, with_vroid):
    names = support.module("ddfa_blender.names").ARKIT_NAMES
    keys = {name[0].upper() + name[1:]: {name: 1.0} for name in names}
    recipes = {
        **({n: VROID[n] for n in ("Fcl_MTH_A", "Fcl_EYE_Close_L", "Fcl_BRW_Angry")} if with_vroid else {}),
        **keys,
    }
    custom = {name: (Bind(name),) for name in keys}
    loaded = load(Avatar(version, head, displacements(head, recipes), custom=custom), tmp_path)
    settings.character = loaded.armature
    assert driven(settings) == {name: {unit} for name, unit in zip(keys, names, strict=True)}
    assert not loaded.armature.ddfa.face_poses  # the keys turn the eyes
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    for index in (1, 13):
        values = played(loaded.face, index + 1)
        np.testing.assert_allclose([values[name] for name in keys], performed.arkit[index], atol=1e-5)
        assert not any(value for name, value in values.items() if name not in keys)


@VERSIONS
def test_keys_of_no_known_name_follow_through_the_add_on_s_expressions(
    performed, settings, head, addon, tmp_path, version
):
    recipes = {"口_1": {"jawOpen": 1.0}, "目_左": {"eyeBlinkLeft": 1.0}, "目_右": {"eyeBlinkRight": 1.0},
               "目_両": {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}, "眉": {"browInnerUp": 1.0}}  # fmt: skip
    left, right, mouth = ("Blink_L", "Blink_R", "U") if version == "0.x" else ("blinkLeft", "blinkRight", "ou")
    binds = {left: (Bind("目_左"), Bind("眉", 0.25)), right: (Bind("目_右"),), mouth: (Bind("口_1", 0.5),)}
    avatar = Avatar(version, head, displacements(head, recipes), binds, {"NoseSneerLeft": (Bind("眉", 0.5),)})
    loaded = load(avatar, tmp_path)
    vrm_addon.fill(loaded.armature, loaded.face, loaded.document)
    settings.character = loaded.armature
    assert {name.removeprefix("VRM: ").replace("_", "").lower() for name in driven(settings)} == {
        name.replace("_", "").lower() for name in (left, right, mouth, "NoseSneerLeft")
    }
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    for index in (2, 17):
        values = played(loaded.face, index + 1)
        blink = channel(performed, "eyeBlinkLeft", index)
        assert values["目_左"] == pytest.approx(blink, abs=1e-5)
        assert values["目_右"] == pytest.approx(channel(performed, "eyeBlinkRight", index), abs=1e-5)
        assert values["口_1"] == pytest.approx(0.5 * channel(performed, "mouthPucker", index), abs=1e-5)
        sneer = channel(performed, "noseSneerLeft", index)
        assert values["眉"] == pytest.approx(0.25 * blink + 0.5 * sneer, abs=1e-5)
        assert values["目_両"] == 0.0


@VERSIONS
def test_with_the_add_on_a_vroid_avatar_s_keys_still_lead(performed, settings, head, addon, tmp_path, version):
    binds = {name: (Bind(key),) for name, key in PRESETS[version].items()}
    loaded = load(Avatar(version, head, displacements(head, VROID), binds), tmp_path)
    settings.character = loaded.armature
    without = driven(settings)
    vrm_addon.fill(loaded.armature, loaded.face, loaded.document)
    assert bpy.ops.ddfa.find_mapping() == {"FINISHED"}
    assert driven(settings) == without
    reasons = {item.name: item.reason for item in settings.targets}
    assert math.isclose(len([name for name in reasons if name.startswith("VRM: ")]), len(binds))
    assert reasons[f"VRM: {'blink_l' if version == '0.x' else 'blink_left'}"].startswith("the shape keys follow more")
