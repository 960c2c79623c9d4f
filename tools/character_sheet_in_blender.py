# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender as a module: made-up characters, animated from a take by the extension's own buttons, and pictures.

    python tools/character_sheet_in_blender.py TAKE FOLDER NAME=SECONDS ...

Writes FOLDER/CHARACTER_NAME.png for each. The heads are made of the bundled model's, with proportions of their own;
what drives them is of their own kind: keys by other names, visemes, the bones of a generated Rigify face, or nothing.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "tests" / "blender"), str(Path(__file__).resolve().parent)]
import support  # noqa: E402 (the paths come first)

support.prepare_user_folder()  # before bpy is imported

import bpy  # noqa: E402
import numpy as np  # noqa: E402
from contact_sheet_in_blender import _build_rig, _configure  # noqa: E402
from mathutils import Vector  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

_SAMPLES, _SIZE = 12, 256
#: Skin, eyes, upper and lower teeth, tongue, lashes; skins differ so that rows are told apart.
_COLOURS = (
    (0.9, 0.9, 0.92),
    (0.9, 0.9, 0.92),
    (0.9, 0.88, 0.8),
    (0.9, 0.88, 0.8),
    (0.55, 0.16, 0.17),
    (0.02, 0.015, 0.01),
)
_IRIS, _PUPIL = (0.12, 0.2, 0.3), (0.005, 0.005, 0.005)


@dataclass(frozen=True)
class _Face:
    """A neutral head and what each ARKit channel does to it; Blender's axes, metres; its pivot is the origin."""

    neutral: NDArray[np.float64]  # (V, 3)
    deltas: dict[str, NDArray[np.float64]]  # (V, 3) each
    marks: NDArray[np.float64]  # (68, 3)


class _Workshop:
    """Makes characters out of the bundled model."""

    def __init__(self) -> None:
        self.model = support.module("ddfa_blender.morphable_model").MorphableModel.load()
        self.names = support.module("ddfa_blender.names").ARKIT_NAMES
        self.axes = support.module("scene.axes")

    def face(self, identity: NDArray, style: Callable[[NDArray], NDArray]) -> _Face:
        """A head of an identity (40,) after a map of space, ``style``, in the model's axes and millimetres."""
        base = self.model.vertices(identity).astype(np.float64)
        styled = style(base)
        deltas = {
            name: self.axes.directions(style(base + delta) - styled) * 0.001
            for name, delta in zip(self.names, self.model.arkit_basis.astype(np.float64), strict=True)
        }
        neutral = self.axes.positions(styled)
        return _Face(neutral, deltas, self.model.at_landmarks(neutral))

    def mesh(self, name: str, face: _Face, skin: tuple[float, float, float]) -> Any:
        """The mesh object, with colours, without keys."""
        data = bpy.data.meshes.new(name)
        data.from_pydata(face.neutral.tolist(), [], self.model.quads.tolist())
        for i, colour in enumerate((skin, *_COLOURS, _IRIS, _PUPIL)):
            data.materials.append(_material(f"{name} {i}", colour, rough=0.55 if i == 0 else 0.25))
        slots = self.model.quad_regions.astype(np.int32)
        slots = np.where(slots == 6, 6, slots)
        for region in (1, 2):
            chosen = np.flatnonzero(self.model.quad_regions == region)
            points = face.neutral[self.model.quads[chosen]].mean(axis=1)
            whole = face.neutral[np.unique(self.model.quads[chosen])]
            middle = (whole.min(axis=0) + whole.max(axis=0)) / 2.0
            ahead = (points - middle) / np.linalg.norm(points - middle, axis=1, keepdims=True) @ (0.0, -1.0, 0.0)
            slots[chosen[ahead > math.cos(math.radians(30.0))]] = 7
            slots[chosen[ahead > math.cos(math.radians(14.0))]] = 8
        data.polygons.foreach_set("material_index", slots)
        data.polygons.foreach_set("use_smooth", np.ones(len(data.polygons), dtype=bool))
        obj = bpy.data.objects.new(name, data)
        bpy.context.scene.collection.objects.link(obj)
        return obj

    def weigh(self, obj: Any, rig: Any, weights: dict[str, NDArray]) -> None:
        """Let an armature deform it."""
        for bone, values in weights.items():
            group = obj.vertex_groups.new(name=bone)
            for i in np.flatnonzero(values > 1e-3):
                group.add([int(i)], float(values[i]), "REPLACE")
        obj.modifiers.new("Armature", "ARMATURE").object = rig
        obj.parent = rig

    def skin_weights(self, head: str, neck: str) -> dict[str, NDArray]:
        """Of a head on a neck."""
        weight = self.model.head_weight.astype(np.float64)
        return {head: weight, neck: 1.0 - weight}


def _material(name: str, colour: tuple[float, float, float], rough: float) -> Any:
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (*colour, 1.0)
    shader.inputs["Roughness"].default_value = rough
    return material


def _keys(obj: Any, neutral: NDArray, keys: dict[str, NDArray]) -> None:
    obj.shape_key_add(name="Basis", from_mix=False)
    for name, delta in keys.items():
        key = obj.shape_key_add(name=name, from_mix=False)
        key.data.foreach_set("co", (neutral + delta).astype(np.float32).ravel())
        key.value = 0.0


def _rig(name: str, head: str, neck: str) -> Any:
    import characters

    return characters.rig(
        name, {neck: ((0, 0.03, -0.1), (0, 0, 0), 20.0, ""), head: ((0, 0, 0), (0, 0, 0.15), -30.0, neck)}
    )


def _heavy(points: NDArray) -> NDArray[np.float64]:
    """A broad jaw, a large nose."""
    result = points.copy()
    jaw = 1.0 / (1.0 + np.exp((points[:, 1] + 25.0) / 18.0))
    result[:, 0] += 0.14 * jaw * points[:, 0]
    nose = np.exp(-(((points - (0.0, -4.0, 166.0)) / (18.0, 20.0, 30.0)) ** 2).sum(axis=1))
    result[:, 2] += 9.0 * nose
    return result


def _doll(points: NDArray) -> NDArray[np.float64]:
    """Large eyes and a large skull, a small jaw and nose."""
    result = points.copy()
    for side in (-31.6, 31.6):
        near = np.exp(-(((points - (side, 35.0, 119.5)) / (30.0, 28.0, 60.0)) ** 2).sum(axis=1))
        result += 0.38 * near[:, None] * (points - (side, 35.0, 119.5)) * (1.0, 1.0, 0.2)
    jaw = 1.0 / (1.0 + np.exp((points[:, 1] + 35.0) / 15.0))
    result[:, 0] -= 0.22 * jaw * points[:, 0]
    skull = 1.0 / (1.0 + np.exp(-(points[:, 1] - 70.0) / 18.0))
    result += 0.16 * skull[:, None] * (points - (0.0, 70.0, 50.0))
    nose = np.exp(-(((points - (0.0, -4.0, 166.0)) / (16.0, 18.0, 30.0)) ** 2).sum(axis=1))
    result[:, 2] -= 8.0 * nose
    return result


def arkit(shop: _Workshop) -> tuple[Any, list[Any]]:
    """Keys in snake case on a rig with Unreal's names."""
    face = shop.face(np.random.default_rng(4).normal(0.0, 0.9, 40), lambda points: points)
    obj = shop.mesh("Ark", face, (0.52, 0.3, 0.2))
    spelt = {"".join(f"_{c.lower()}" if c.isupper() else c for c in name): delta for name, delta in face.deltas.items()}
    _keys(obj, face.neutral, spelt)
    rig = _rig("Ark Rig", "head", "neck_01")
    shop.weigh(obj, rig, shop.skin_weights("head", "neck_01"))
    return rig, [obj]


def vrm(shop: _Workshop) -> tuple[Any, list[Any]]:
    """A doll with the names of VRM 0.x."""
    face = shop.face(np.random.default_rng(8).normal(0.0, 0.5, 40), _doll)
    obj = shop.mesh("Doll", face, (0.85, 0.62, 0.52))

    def mixed(**weights: float) -> NDArray:
        return np.asarray(sum(value * face.deltas[name] for name, value in weights.items()))

    both: Callable[..., NDArray] = lambda name, value=1.0: mixed(**{f"{name}Left": value, f"{name}Right": value})  # noqa: E731
    _keys(obj, face.neutral, {
        "A": mixed(jawOpen=0.8), "I": both("mouthStretch", 0.7) + mixed(jawOpen=0.15),
        "U": mixed(mouthPucker=0.9, jawOpen=0.15), "E": both("mouthStretch", 0.4) + mixed(jawOpen=0.35),
        "O": mixed(mouthFunnel=0.8, jawOpen=0.45), "Blink": both("eyeBlink"), "Blink_L": face.deltas["eyeBlinkLeft"],
        "Blink_R": face.deltas["eyeBlinkRight"], "Joy": both("mouthSmile"), "Angry": both("browDown"),
        "Sorrow": both("mouthFrown"), "Fun": both("mouthSmile", 0.6), "LookUp": both("eyeLookUp"),
        "LookDown": both("eyeLookDown"), "LookLeft": mixed(eyeLookOutLeft=1.0, eyeLookInRight=1.0),
        "LookRight": mixed(eyeLookInLeft=1.0, eyeLookOutRight=1.0), "Surprised": mixed(browInnerUp=1.0),
    })  # fmt: skip
    rig = _rig("Doll Rig", "J_Bip_C_Head", "J_Bip_C_Neck")
    shop.weigh(obj, rig, shop.skin_weights("J_Bip_C_Head", "J_Bip_C_Neck"))
    return rig, [obj]


def keyless(shop: _Workshop) -> tuple[Any, list[Any]]:
    """A thinned, triangulated head without a single key, eyes and teeth in a mesh of their own; fitted and kept."""
    face = shop.face(np.random.default_rng(15).normal(0.0, 0.8, 40), _heavy)
    obj = shop.mesh("Bare", face, (0.34, 0.45, 0.28))
    rig = _rig("Bare Rig", "mixamorig:Head", "mixamorig:Neck")
    shop.weigh(obj, rig, shop.skin_weights("mixamorig:Head", "mixamorig:Neck"))
    _select(obj)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="DESELECT")
    bpy.ops.object.mode_set(mode="OBJECT")
    inner = np.isin(shop.model.quad_regions, [1, 2, 3, 4, 5])
    obj.data.polygons.foreach_set("select", inner)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.separate(type="SELECTED")
    bpy.ops.object.mode_set(mode="OBJECT")
    parts = next(o for o in bpy.context.selected_objects if o != obj)
    parts.name = "Bare Eyes and Teeth"
    modifier = obj.modifiers.new("Thin", "DECIMATE")
    modifier.ratio = 0.7
    _select(obj)
    bpy.ops.object.modifier_move_to_index(modifier="Thin", index=0)
    bpy.ops.object.modifier_apply(modifier="Thin")
    _select(obj, parts)
    bpy.context.scene.ddfa.retarget.character = None
    bpy.ops.ddfa.make_keys()
    fit = support.module("scene.key_transfer").fit_of(bpy.context.scene)
    _tell(f"keyless fit: mean {fit.mean_distance:.2f} %, worst {fit.largest_distance:.2f} %, {fit.worst_parts}")
    bpy.ops.ddfa.keep_keys()
    return rig, [obj, parts]


def rigify(shop: _Workshop) -> tuple[Any, list[Any]]:
    """The face of a generated Rigify human; its deforming bones move the mesh by distance."""
    import addon_utils

    addon_utils.enable("rigify", default_set=True)
    _select()
    bpy.ops.object.armature_human_metarig_add()
    meta = bpy.context.object
    bpy.ops.pose.rigify_generate()
    rig = meta.data.rigify_target_rig
    bpy.data.objects.remove(meta)
    face = _fitted_to_rig(shop, rig)
    obj = shop.mesh("Rig Face", face, (0.62, 0.42, 0.34))
    shop.weigh(obj, rig, _bone_weights(shop, face, rig))
    return rig, [obj]


def _fitted_to_rig(shop: _Workshop, rig: Any) -> _Face:
    """A head stretched to the proportions of Rigify's controls."""
    face = shop.face(np.random.default_rng(2).normal(0.0, 0.4, 40), lambda points: points)

    def at(name: str) -> NDArray:
        return np.array(rig.data.bones[name].head_local)

    marks = face.marks
    own = [marks[42:48].mean(axis=0), marks[36:42].mean(axis=0), marks[54], marks[48], marks[8], marks[30]]
    lids = [np.mean([at(f"lid.T.{side}.002"), at(f"lid.B.{side}.002")], axis=0) for side in "LR"]
    there = [*lids, at("lips.L"), at("lips.R"), at("chin"), at("nose.002")]
    own_points, aims = np.array(own), np.array(there)
    neutral, scale = face.neutral.copy(), np.ones(3)
    for axis in range(3):
        column = np.column_stack([own_points[:, axis], np.ones(len(own))])
        scale[axis], offset = np.linalg.lstsq(column, aims[:, axis], rcond=None)[0]
        neutral[:, axis] = scale[axis] * neutral[:, axis] + offset
    return _Face(
        neutral, {name: delta * scale for name, delta in face.deltas.items()}, shop.model.at_landmarks(neutral)
    )


#: Bones with these in their names are no part of the skin of a face.
_NOT_SKIN = (
    "shoulder", "arm", "breast", "teeth", "tongue", "spine", "ear", "forehead", "temple", "hand", "thumb", "palm", "f_",
)  # fmt: skip
#: Of the skin's bones, those that go with the jaw.
_JAW = ("DEF-lip.B", "DEF-chin", "DEF-jaw")
#: Bones of what is stiff, by the numbers of the regions.
_STIFF = ((1, "ORG-eye.L"), (2, "ORG-eye.R"), (3, "ORG-teeth.T"), (4, "ORG-teeth.B"), (5, "ORG-teeth.B"))
#: Skin that no expression moves this far is the skull's, metres; nearest that a place of the skin comes to the hinge.
_SKIN_MOVES, _HINGE = 0.004, 0.02


def _bone_weights(shop: _Workshop, face: _Face, rig: Any) -> dict[str, NDArray]:
    """Skin by distance to the deforming bones, jaw and the rest apart; eyes and teeth rigidly; the neck's below."""
    model, points = shop.model, face.neutral
    bones = [
        b for b in rig.data.bones if b.use_deform and b.head_local.z > 1.5 and not any(k in b.name for k in _NOT_SKIN)
    ]
    rows = np.array([1.0 / np.maximum(_to_bone(points, b), 1.5e-3) ** 3.5 for b in bones])
    with_jaw, jaw = np.array([b.name.startswith(_JAW) for b in bones]), _jaw_share(face, rig)
    for chosen, share in ((with_jaw, jaw), (~with_jaw, 1.0 - jaw)):
        rows[chosen] *= share / np.maximum(rows[chosen].sum(axis=0), 1e-12)
    # Skin goes with the face's bones as far as expressions move it; the rest of the head stays with the skull.
    moved = np.max([np.linalg.norm(delta, axis=1) for delta in face.deltas.values()], axis=0)
    share = np.clip(moved / _SKIN_MOVES, 0.0, 1.0)
    named = {bone.name: row * share for bone, row in zip(bones, rows, strict=True)}
    named["DEF-spine.006"] = named.get("DEF-spine.006", 0.0) + 1.0 - share
    regions = np.zeros(len(points), dtype=np.int64)
    regions[model.quads] = model.quad_regions[:, None]
    for region, bone in _STIFF:
        name = bone if bone in rig.data.bones else bone.replace("ORG-", "")
        rig.data.bones[name].use_deform = True
        for row in named.values():
            row[regions == region] = 0.0
        named.setdefault(name, np.zeros(len(points)))[regions == region] = 1.0
    named = {name: row * model.head_weight for name, row in named.items()}
    named["DEF-spine.004"] = 1.0 - model.head_weight.astype(np.float64)
    return named


def _jaw_share(face: _Face, rig: Any) -> NDArray[np.float64]:
    """(V,), 0…1: how far skin goes with a jaw that turns about its hinge, for it to move as ``jawOpen`` does.

    A border between what goes and what stays would tear the neck and the corners of the mouth.
    """
    away = face.neutral - np.array(rig.data.bones["jaw_master"].head_local)
    turned = np.linalg.norm(face.deltas["jawOpen"], axis=1) / np.maximum(np.hypot(away[:, 1], away[:, 2]), _HINGE)
    return np.asarray(np.clip(turned / np.quantile(turned, 0.98), 0.0, 1.0))


def _to_bone(points: NDArray, bone: Any) -> NDArray[np.float64]:
    head, tail = np.array(bone.head_local), np.array(bone.tail_local)
    along = tail - head
    share = np.clip((points - head) @ along / max(along @ along, 1e-12), 0.0, 1.0)
    return np.linalg.norm(points - (head + share[:, None] * along), axis=1)


def _select(*objects: Any) -> None:
    if bpy.context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    for obj in bpy.context.scene.objects:
        obj.select_set(obj in objects)
    bpy.context.view_layer.objects.active = objects[0] if objects else None


def _tell(text: str) -> None:
    sys.stdout.write(f"character {text}\n")


def _animate(name: str, rig: Any) -> None:
    """Choose it, map it, press the button: what a user does."""
    settings = bpy.context.scene.ddfa.retarget
    settings.character = rig
    bpy.ops.ddfa.retarget()
    mapped = sum(bool(target.sources) for target in settings.targets)
    unused = support.module("scene.mapping_items").unused_channels(settings)
    _tell(f"{name}: {mapped} of {len(settings.targets)} targets mapped, {len(unused)} channels drive nothing, "
          f"head bone {settings.head_bone!r}; {support.module('operators.state').message}")  # fmt: skip


def _render(name: str, rig: Any, meshes: list[Any], head: str, seconds: dict[str, float], folder: Path) -> None:
    scene = bpy.context.scene
    for obj in scene.objects:
        if obj.type == "MESH":
            obj.hide_render = obj not in meshes
    stage = scene.objects["Sheet Camera"].parent
    size, middle = _framed(meshes[0])
    middle = middle - rig.data.bones[head].head_local
    for moment, time in seconds.items():
        frame = scene.frame_start + time * scene.render.fps / scene.render.fps_base
        scene.frame_set(math.floor(frame), subframe=frame - math.floor(frame))
        stage.scale = (size, size, size)
        stage.location = rig.matrix_world @ (rig.pose.bones[head].head + middle)
        scene.render.filepath = str(folder / f"{name}_{moment}.png")
        bpy.ops.render.render(write_still=True)


def _framed(mesh: Any) -> tuple[float, Vector]:
    """How large a head is beside ours, and the middle of its face."""
    corners = np.array([tuple(corner) for corner in mesh.bound_box])
    low, high = corners.min(axis=0), corners.max(axis=0)
    height = float(high[2] - low[2])
    return height / 0.27, Vector((0.0, low[1] + 0.25 * height, low[2] + 0.5 * height))


def main() -> int:
    """Read the command line; 0 when every picture was written."""
    take, folder = (Path(argument).resolve() for argument in sys.argv[1:3])
    seconds = {name: float(time) for name, _, time in (a.partition("=") for a in sys.argv[3:])}
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    support.enable_extension()
    bpy.ops.preferences.addon_enable(module="cycles")
    shop, made = _Workshop(), {}
    # Rigify generates in a moment while the scene is empty.
    built = {build.__name__: build(shop) for build in (rigify, arkit, vrm, keyless)}
    support.module("scene.take_heads").new_head(bpy.context, take)
    for name, (rig, meshes) in built.items():
        _animate(name, rig)
        made[name] = (rig, meshes, bpy.context.scene.ddfa.retarget.head_bone)
    _build_rig(bpy.context.scene)
    _configure(bpy.context.scene)
    bpy.context.scene.render.resolution_x = bpy.context.scene.render.resolution_y = _SIZE
    bpy.context.scene.cycles.samples = _SAMPLES
    for name, (rig, meshes, head) in made.items():
        _render(name, rig, meshes, head, seconds, folder)
    if os.environ.get("SHEET_BLEND"):
        bpy.ops.wm.save_as_mainfile(filepath=os.environ["SHEET_BLEND"])
    return 0


if __name__ == "__main__":
    from leave_blender import run_and_leave

    run_and_leave(main)
