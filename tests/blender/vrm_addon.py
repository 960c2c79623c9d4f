# SPDX-License-Identifier: GPL-3.0-or-later
"""What the VRM add-on (VRM-Addon-for-Blender 2 and 3) leaves on an armature, without the add-on.

Names, types and limits are those of its property groups; the add-on itself is no dependency of the tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy

#: Property of a preset expression → its name in files of VRM 1.0.
PRESETS_1 = {
    "happy": "happy", "angry": "angry", "sad": "sad", "relaxed": "relaxed", "surprised": "surprised",
    "neutral": "neutral", "aa": "aa", "ih": "ih", "ou": "ou", "ee": "ee", "oh": "oh", "blink": "blink",
    "blink_left": "blinkLeft", "blink_right": "blinkRight", "look_up": "lookUp", "look_down": "lookDown",
    "look_left": "lookLeft", "look_right": "lookRight",
}  # fmt: skip
PRESETS_0 = (
    "unknown", "neutral", "a", "i", "u", "e", "o", "blink", "joy", "angry", "sorrow", "fun", "lookup", "lookdown",
    "lookleft", "lookright", "blink_l", "blink_r",
)  # fmt: skip


@contextmanager
def registered() -> Iterator[None]:
    """``Armature.vrm_addon_extension`` is there inside, and gone afterwards."""
    classes: list[type] = []
    p = bpy.props

    def group(name: str, annotations: dict[str, Any], **members: Any) -> type:
        made = type(name, (bpy.types.PropertyGroup,), {"__annotations__": annotations, **members})
        bpy.utils.register_class(made)
        classes.append(made)
        return made

    def mesh_name(node: Any) -> str:
        return node.bpy_object.name if node.bpy_object is not None and node.bpy_object.type == "MESH" else ""

    def set_mesh_name(node: Any, name: str) -> None:
        node.bpy_object = bpy.data.objects.get(name)

    node = group("TestVrmMeshObject", {
        "bpy_object": p.PointerProperty(type=bpy.types.Object),
        "mesh_object_name": p.StringProperty(get=mesh_name, set=set_mesh_name),
    })  # fmt: skip
    weight = p.FloatProperty(min=0.0, max=1.0, default=1.0)
    bind_1 = group("TestVrm1MorphTargetBind", {
        "node": p.PointerProperty(type=node), "index": p.StringProperty(), "weight": weight,
    })  # fmt: skip
    expression = {"morph_target_binds": p.CollectionProperty(type=bind_1), "preview": p.FloatProperty()}
    preset_1 = group("TestVrm1Expression", expression)
    custom_1 = group("TestVrm1CustomExpression", {**expression, "custom_name": p.StringProperty()})
    presets = group("TestVrm1ExpressionsPreset", {name: p.PointerProperty(type=preset_1) for name in PRESETS_1})
    expressions = group("TestVrm1Expressions", {
        "preset": p.PointerProperty(type=presets), "custom": p.CollectionProperty(type=custom_1),
    })  # fmt: skip
    vrm1 = group("TestVrm1", {"expressions": p.PointerProperty(type=expressions)})
    bind_0 = group("TestVrm0BlendShapeBind", {
        "mesh": p.PointerProperty(type=node), "index": p.StringProperty(), "weight": weight,
    })  # fmt: skip
    group_0 = group("TestVrm0BlendShapeGroup", {
        "preset_name": p.EnumProperty(items=[(name, name, "") for name in PRESETS_0]),
        "binds": p.CollectionProperty(type=bind_0),
        "preview": p.FloatProperty(),
    })  # fmt: skip
    master = group("TestVrm0BlendShapeMaster", {"blend_shape_groups": p.CollectionProperty(type=group_0)})
    vrm0 = group("TestVrm0", {"blend_shape_master": p.PointerProperty(type=master)})
    extension = group("TestVrmArmatureExtension", {
        "spec_version": p.StringProperty(),
        "vrm0": p.PointerProperty(type=vrm0),
        "vrm1": p.PointerProperty(type=vrm1),
    })  # fmt: skip
    bpy.types.Armature.vrm_addon_extension = p.PointerProperty(type=extension)
    try:
        yield
    finally:
        del bpy.types.Armature.vrm_addon_extension
        for made in reversed(classes):
            bpy.utils.unregister_class(made)


def fill(armature: Any, mesh: Any, document: dict[str, Any]) -> None:
    """What the add-on's import does with a file's expressions: places become names, weights of 0.x parts of 1."""
    names = document["meshes"][0]["extras"]["targetNames"]
    extension = armature.data.vrm_addon_extension
    if "VRM" in document["extensions"]:
        extension.spec_version = "0.0"
        for row in document["extensions"]["VRM"]["blendShapeMaster"]["blendShapeGroups"]:
            made = extension.vrm0.blend_shape_master.blend_shape_groups.add()
            made.name, made.preset_name = row["name"], row["presetName"]
            for bind in row["binds"]:
                add(made.binds, "mesh", mesh, names[bind["index"]], bind["weight"] / 100.0)
        return
    extension.spec_version = "1.0"
    expressions = document["extensions"]["VRMC_vrm"]["expressions"]
    identifiers = {name: identifier for identifier, name in PRESETS_1.items()}
    for name, row in expressions["preset"].items():
        made = getattr(extension.vrm1.expressions.preset, identifiers[name])
        for bind in row["morphTargetBinds"]:
            add(made.morph_target_binds, "node", mesh, names[bind["index"]], bind["weight"])
    for name, row in expressions["custom"].items():
        made = extension.vrm1.expressions.custom.add()
        made.name = made.custom_name = name
        for bind in row["morphTargetBinds"]:
            add(made.morph_target_binds, "node", mesh, names[bind["index"]], bind["weight"])


def add(binds: Any, node: str, mesh: Any, key: str, weight: float) -> None:
    """One more bind of an expression."""
    bind = binds.add()
    getattr(bind, node).bpy_object, bind.index, bind.weight = mesh, key, weight
