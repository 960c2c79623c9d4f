# SPDX-License-Identifier: GPL-3.0-or-later
"""A small writer of VRM avatars, 0.x and 1.0, after the formats' specifications: our own head on a humanoid of bones.

The files are what VRoid Studio and UniVRM write, as far as faces go: binary glTF, one mesh in several primitives with
the morph targets' names in ``extras.targetNames``, and the expressions in ``extensions``. An avatar of 0.x looks along
−z and its expressions bind morph targets of meshes with weights up to 100; one of 1.0 looks along +z and binds those of
nodes with weights up to 1.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

#: Humanoid bone → VRoid's name, parent, place in metres: x to the left, y up, z to the front.
BONES: dict[str, tuple[str, str, tuple[float, float, float]]] = {
    "hips": ("J_Bip_C_Hips", "", (0.0, 0.9, 0.0)),
    "spine": ("J_Bip_C_Spine", "hips", (0.0, 1.0, 0.0)),
    "chest": ("J_Bip_C_Chest", "spine", (0.0, 1.15, -0.01)),
    "neck": ("J_Bip_C_Neck", "chest", (0.0, 1.4, -0.02)),
    "head": ("J_Bip_C_Head", "neck", (0.0, 1.5, 0.0)),
    **{
        f"{side}{bone}": (f"J_{kind}_{side[0].upper()}_{name}", parent.replace("$", side), (sign * x, y, z))
        for side, sign in (("left", 1.0), ("right", -1.0))
        for bone, kind, name, parent, (x, y, z) in (
            ("Eye", "Adj", "FaceEye", "head", (0.033, 1.53, 0.07)),
            ("UpperArm", "Bip", "UpperArm", "chest", (0.15, 1.35, 0.0)),
            ("LowerArm", "Bip", "LowerArm", "$UpperArm", (0.4, 1.35, 0.0)),
            ("Hand", "Bip", "Hand", "$LowerArm", (0.65, 1.35, 0.0)),
            ("UpperLeg", "Bip", "UpperLeg", "hips", (0.08, 0.85, 0.0)),
            ("LowerLeg", "Bip", "LowerLeg", "$UpperLeg", (0.08, 0.48, 0.0)),
            ("Foot", "Bip", "Foot", "$LowerLeg", (0.08, 0.08, 0.0)),
        )
    },
}
_FLOAT, _SHORT, _INT = 5126, 5123, 5125
_KINDS = {_FLOAT: "<f4", _SHORT: "<u2", _INT: "<u4"}
_TYPES = {1: "SCALAR", 3: "VEC3", 4: "VEC4", 16: "MAT4"}


@dataclass(frozen=True)
class Bind:
    """What a morph target is worth when the expression is 1."""

    target: str
    weight: float = 1.0


@dataclass(frozen=True)
class Avatar:
    """``version`` "0.x" or "1.0"; ``targets``: name → displacement (V, 3) of the model's vertices, millimetres;
    ``expressions``: name of the standard, or one of the author's own, → what it binds."""

    version: str
    model: Any  # MorphableModel
    targets: Mapping[str, np.ndarray]
    expressions: Mapping[str, tuple[Bind, ...]] = field(default_factory=dict)
    custom: Mapping[str, tuple[Bind, ...]] = field(default_factory=dict)

    @property
    def faces_back(self) -> bool:
        """0.x looks along −z."""
        return self.version == "0.x"

    def write(self, path: Path) -> dict[str, Any]:
        """Write the file; gives its JSON."""
        made = _Builder(self)
        text = json.dumps(made.document, ensure_ascii=False).encode()
        text += b" " * (-len(text) % 4)
        body = struct.pack("<I4s", len(text), b"JSON") + text
        body += struct.pack("<I4s", len(made.binary), b"BIN\0") + bytes(made.binary)
        path.write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body)
        return made.document


class _Builder:
    def __init__(self, avatar: Avatar) -> None:
        self._avatar = avatar
        self._turn = np.array([-1.0, 1.0, -1.0]) if avatar.faces_back else np.ones(3)
        self.binary = bytearray()
        self._places = {bone: np.array(place) * self._turn for bone, (_, _, place) in BONES.items()}
        self.document: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": "DDFA Face Capture, tests"},
            "buffers": [{}],
            "bufferViews": [],
            "accessors": [],
            "materials": [{"name": "Face_00_SKIN"}, {"name": "EyeIris_00_EYE"}],
        }
        self._nodes()
        self._mesh()
        self.document["buffers"][0]["byteLength"] = len(self.binary)
        self._extension()

    def _nodes(self) -> None:
        names = list(BONES)
        nodes: list[dict[str, Any]] = []
        for bone, (name, parent, _) in BONES.items():
            offset = self._places[bone] - (self._places[parent] if parent else 0.0)
            nodes.append({"name": name, "translation": offset.tolist()})
            children = [names.index(child) for child, (_, of, _) in BONES.items() if of == bone]
            if children:
                nodes[-1]["children"] = children
        nodes.append({"name": "Face", "mesh": 0, "skin": 0})
        nodes.append({"name": "Root", "children": [0]})
        inverse = np.tile(np.eye(4), (len(names), 1, 1))
        inverse[:, 3, :3] = [-self._places[bone] for bone in names]  # column by column
        self.document |= {
            "nodes": nodes,
            "scenes": [{"nodes": [len(nodes) - 1, len(nodes) - 2]}],
            "scene": 0,
            "skins": [
                {"joints": list(range(len(names))), "inverseBindMatrices": self._add(inverse.reshape(-1, 16), _FLOAT)}
            ],
        }

    def _mesh(self) -> None:
        model, names = self._avatar.model, list(BONES)
        places = (model.mean * 1e-3 + BONES["head"][2]) * self._turn
        joints = np.zeros((len(places), 4), int)
        joints[:, :2] = names.index("head"), names.index("neck")
        weights = np.zeros((len(places), 4))
        weights[:, 0], weights[:, 1] = model.head_weight, 1.0 - model.head_weight
        attributes = {
            "POSITION": self._add(places, _FLOAT),
            "JOINTS_0": self._add(joints, _SHORT),
            "WEIGHTS_0": self._add(weights, _FLOAT),
        }
        targets = [{"POSITION": self._add(d * 1e-3 * self._turn, _FLOAT)} for d in self._avatar.targets.values()]
        triangles = np.concatenate([model.quads[:, [0, 1, 2]], model.quads[:, [0, 2, 3]]])
        is_skin = np.tile(model.quad_regions == 0, 2)
        extras = {"targetNames": list(self._avatar.targets)}
        primitives = [
            {"attributes": attributes, "indices": self._add(part.reshape(-1, 1), _INT), "material": i,
             "targets": targets, "extras": extras}
            for i, part in enumerate((triangles[is_skin], triangles[~is_skin]))
        ]  # fmt: skip
        self.document["meshes"] = [{"name": "Face.baked", "primitives": primitives, "extras": extras}]

    def _add(self, values: np.ndarray, kind: int) -> int:
        """An accessor of values (N, width)."""
        data = np.ascontiguousarray(values, _KINDS[kind])
        self.document["bufferViews"].append({"buffer": 0, "byteOffset": len(self.binary), "byteLength": data.nbytes})
        accessor = {
            "bufferView": len(self.document["bufferViews"]) - 1,
            "componentType": kind,
            "count": len(data),
            "type": _TYPES[data.shape[1]],
        }
        if data.shape[1] == 3:
            accessor |= {"min": data.min(axis=0).tolist(), "max": data.max(axis=0).tolist()}
        self.binary += data.tobytes() + b"\0" * (-data.nbytes % 4)
        self.document["accessors"].append(accessor)
        return len(self.document["accessors"]) - 1

    def _extension(self) -> None:
        name, made = ("VRM", self._vrm_0()) if self._avatar.version == "0.x" else ("VRMC_vrm", self._vrm_1())
        self.document |= {"extensionsUsed": [name], "extensions": {name: made}}

    def _vrm_0(self) -> dict[str, Any]:
        rows = [(name, name.lower(), binds) for name, binds in self._avatar.expressions.items()]
        rows += [(name, "unknown", binds) for name, binds in self._avatar.custom.items()]
        index = list(self._avatar.targets).index
        return {
            "exporterVersion": "UniVRM-0.99.0",
            "specVersion": "0.0",
            "meta": {"title": "Test", "version": "1", "author": "DDFA Face Capture", "licenseName": "CC0"},
            "humanoid": {"humanBones": [{"bone": bone, "node": i} for i, bone in enumerate(BONES)]},
            "firstPerson": {"lookAtTypeName": "Bone"},
            "blendShapeMaster": {
                "blendShapeGroups": [
                    {
                        "name": name,
                        "presetName": preset,
                        "binds": [{"mesh": 0, "index": index(b.target), "weight": 100.0 * b.weight} for b in binds],
                        "materialValues": [],
                        "isBinary": False,
                    }
                    for name, preset, binds in rows
                ]
            },
            "secondaryAnimation": {"boneGroups": [], "colliderGroups": []},
            "materialProperties": [],
        }

    def _vrm_1(self) -> dict[str, Any]:
        node, index = len(BONES), list(self._avatar.targets).index

        def expressions(rows: Mapping[str, tuple[Bind, ...]]) -> dict[str, Any]:
            return {
                name: {
                    "isBinary": False,
                    "morphTargetBinds": [{"node": node, "index": index(b.target), "weight": b.weight} for b in binds],
                }
                for name, binds in rows.items()
            }

        return {
            "specVersion": "1.0",
            "meta": {
                "name": "Test",
                "version": "1",
                "authors": ["DDFA"],
                "licenseUrl": "https://vrm.dev/licenses/1.0/",
            },
            "humanoid": {"humanBones": {bone: {"node": i} for i, bone in enumerate(BONES)}},
            "lookAt": {"type": "bone"},
            "expressions": {
                "preset": expressions(self._avatar.expressions),
                "custom": expressions(self._avatar.custom),
            },
        }
