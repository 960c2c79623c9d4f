# SPDX-License-Identifier: GPL-3.0-or-later
"""Rigs of other makers: names and hierarchies as they come from there, made-up places; how each lies in its armature.

Bones rest as importers leave them: those of Unreal and Character Creator lie across what they move, rolled; Daz's,
VRM's and Mixamo's point along it. Constraints are of the kind that such rigs carry.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import characters
import numpy as np

_UP, _LEFT, _BACK = "up", "left", "back"
#: Whole characters by the directions of their left, back and up in the armature: columns of a matrix.
_Z_UP = np.eye(3)  # looks along −y
_Y_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]).T  # looks along +z
_LOOKS_ALONG_X = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]).T


@dataclass(frozen=True)
class HeadRig:
    """One rig, and what the add-on should find in it."""

    bones: tuple[tuple[str, str, float, float, float, str, float], ...]
    """Name, parent, place (left, back, up; shares of the height), the direction in which it points, its roll."""
    head: str
    necks: tuple[str, ...]  # from the bottom up
    moved: str  # the bone that holds the skull's skin
    axes: np.ndarray = None  # type: ignore[assignment]
    height: float = 1.7  # in the armature's units
    scale: float = 1.0  # of the object
    constrain: Callable[[Any], None] = lambda rig: None

    def build(self, name: str) -> Any:
        """The armature object."""
        frame = self.height * (self.axes if self.axes is not None else _Z_UP)
        bones = {}
        for bone, parent, left, back, up, points, roll in self.bones:
            start = frame @ (left, back, up)
            tail = start + 0.06 * frame @ {_UP: (0, 0, 1), _LEFT: (1, 0, 0), _BACK: (0, 1, 0)}[points]
            bones[bone] = (tuple(start), tuple(tail), roll, parent)
        rig = characters.rig(name, bones)
        rig.scale = (self.scale,) * 3
        self.constrain(rig)
        return rig

    def frame(self) -> np.ndarray:
        """(3, 3): columns are the character's left, back and up in the armature."""
        return _Z_UP if self.axes is None else self.axes


def _limited(bone: str, degrees: float) -> Callable[[Any], None]:
    def constrain(rig: Any) -> None:
        limit = rig.pose.bones[bone].constraints.new("LIMIT_ROTATION")
        limit.owner_space = "LOCAL"
        for axis in "xyz":
            setattr(limit, f"use_limit_{axis}", True)
            setattr(limit, f"min_{axis}", -math.radians(degrees))
            setattr(limit, f"max_{axis}", math.radians(degrees))

    return constrain


def _copied(
    owner: str, source: str, kind: str, influence: float = 1.0, *, local: bool = False
) -> Callable[[Any], None]:
    def constrain(rig: Any) -> None:
        copy = rig.pose.bones[owner].constraints.new(kind)
        copy.target, copy.subtarget, copy.influence = rig, source, influence
        if local:
            copy.owner_space = copy.target_space = "LOCAL"
            copy.mix_mode = "AFTER"

    return constrain


def _all(*steps: Callable[[Any], None]) -> Callable[[Any], None]:
    def constrain(rig: Any) -> None:
        for step in steps:
            step(rig)

    return constrain


def _auto_rig_pro(locked: float) -> HeadRig:
    """Its controls drive bones of their own; with the head locked, what carries the head keeps the spine's turn."""
    return HeadRig(
        (
            ("c_traj", "", 0, 0, 0, _BACK, 0), ("c_root_master.x", "c_traj", 0, 0, 0.55, _UP, 12),
            ("c_spine_02.x", "c_root_master.x", 0, 0, 0.7, _UP, 0), ("spine_02.x", "c_spine_02.x", 0, 0, 0.7, _UP, 0),
            ("c_shoulder.l", "c_spine_02.x", 0.05, 0, 0.8, _LEFT, 0),
            ("c_shoulder.r", "c_spine_02.x", -0.05, 0, 0.8, _LEFT, 180),
            ("c_p_neck.x", "c_spine_02.x", 0, 0, 0.84, _BACK, 0), ("c_neck.x", "c_spine_02.x", 0, 0, 0.84, _UP, 40),
            ("neck.x", "c_neck.x", 0, 0, 0.84, _UP, 40), ("head_scale_fix.x", "neck.x", 0, 0, 0.9, _UP, 0),
            ("c_head.x", "head_scale_fix.x", 0, 0, 0.9, _UP, -35), ("head.x", "c_head.x", 0, 0, 0.9, _UP, 5),
            ("c_jawbone.x", "c_head.x", 0, -0.02, 0.91, _BACK, 0), ("c_p_head.x", "c_head.x", 0, 0, 0.98, _BACK, 0),
        ),
        "c_head.x", ("c_neck.x",), "head.x",
        constrain=_all(
            _copied("head_scale_fix.x", "c_spine_02.x", "COPY_ROTATION", locked),
            _copied("neck.x", "c_neck.x", "COPY_SCALE"),
        ),
    )  # fmt: skip


RIGS: dict[str, HeadRig] = {
    "Auto-Rig Pro": _auto_rig_pro(0.0),
    "Auto-Rig Pro, head locked": _auto_rig_pro(1.0),
    # Centimetres; bones across what they move: their x points up.
    "Unreal mannequin": HeadRig(
        (
            ("root", "", 0, 0, 0, _BACK, 0), ("pelvis", "root", 0, 0, 0.55, _BACK, 90),
            ("spine_03", "pelvis", 0, 0.01, 0.7, _BACK, 90), ("neck_01", "spine_03", 0, 0.02, 0.84, _BACK, 90),
            ("head", "neck_01", 0, 0, 0.9, _BACK, 90), ("clavicle_l", "spine_03", 0.02, 0, 0.8, _BACK, 0),
            ("clavicle_r", "spine_03", -0.02, 0, 0.8, _BACK, 180),
        ),
        "head", ("neck_01",), "head", height=170.0, scale=0.01, constrain=_limited("head", 80.0),
    ),
    # Epic's neck shares its twist; a face hangs on each of the three.
    "MetaHuman": HeadRig(
        (
            ("root", "", 0, 0, 0, _BACK, 0), ("pelvis", "root", 0, 0, 0.55, _BACK, -90),
            ("spine_05", "pelvis", 0, 0.01, 0.75, _BACK, -90), ("neck_01", "spine_05", 0, 0.02, 0.83, _BACK, -90),
            ("FACIAL_C_Neck1Root", "neck_01", 0, 0.02, 0.83, _UP, 0),
            ("neck_02", "neck_01", 0, 0.01, 0.86, _BACK, -90),
            ("FACIAL_C_Neck2Root", "neck_02", 0, 0.01, 0.86, _UP, 0), ("head", "neck_02", 0, 0, 0.9, _BACK, -90),
            ("FACIAL_C_FacialRoot", "head", 0, 0, 0.9, _UP, 30),
            ("FACIAL_L_Eye", "FACIAL_C_FacialRoot", 0.02, -0.05, 0.93, _BACK, 0),
            ("FACIAL_R_Eye", "FACIAL_C_FacialRoot", -0.02, -0.05, 0.93, _BACK, 0),
            ("clavicle_l", "spine_05", 0.02, 0, 0.8, _BACK, 0),
            ("clavicle_r", "spine_05", -0.02, 0, 0.8, _BACK, 180),
        ),
        "head", ("neck_01", "neck_02"), "FACIAL_C_FacialRoot", axes=_LOOKS_ALONG_X, height=170.0, scale=0.01,
        constrain=_copied("neck_02", "neck_01", "COPY_ROTATION", 0.5, local=True),
    ),
    # The head's own file: no bone is called head.
    "MetaHuman, face alone": HeadRig(
        (
            ("FACIAL_C_Neck1Root", "", 0, 0.02, 0.83, _UP, 0),
            ("FACIAL_C_Neck2Root", "FACIAL_C_Neck1Root", 0, 0.01, 0.86, _UP, 77),
            ("FACIAL_C_FacialRoot", "FACIAL_C_Neck2Root", 0, 0, 0.9, _UP, 30),
            ("FACIAL_L_Eye", "FACIAL_C_FacialRoot", 0.02, -0.05, 0.93, _BACK, 0),
            ("FACIAL_R_Eye", "FACIAL_C_FacialRoot", -0.02, -0.05, 0.93, _BACK, 0),
        ),
        "FACIAL_C_FacialRoot", ("FACIAL_C_Neck1Root", "FACIAL_C_Neck2Root"), "FACIAL_C_FacialRoot",
    ),
    "Mixamo": HeadRig(
        (
            ("mixamorig:Hips", "", 0, 0, 0.55, _UP, 0), ("mixamorig:Spine2", "mixamorig:Hips", 0, 0.01, 0.7, _UP, 0),
            ("mixamorig:Neck", "mixamorig:Spine2", 0, 0.01, 0.84, _UP, 15),
            ("mixamorig:Head", "mixamorig:Neck", 0, 0, 0.9, _UP, 0),
            ("mixamorig:HeadTop_End", "mixamorig:Head", 0, 0, 1.0, _UP, 0),
            ("mixamorig:LeftShoulder", "mixamorig:Spine2", 0.03, 0, 0.8, _LEFT, 0),
            ("mixamorig:RightShoulder", "mixamorig:Spine2", -0.03, 0, 0.8, _LEFT, 0),
        ),
        "mixamorig:Head", ("mixamorig:Neck",), "mixamorig:HeadTop_End", axes=_Y_UP, height=170.0, scale=0.01,
        constrain=_copied("mixamorig:Head", "mixamorig:Hips", "COPY_ROTATION", 0.0),
    ),
    "VRM": HeadRig(
        (
            ("Root", "", 0, 0, 0, _BACK, 0), ("J_Bip_C_Hips", "Root", 0, 0, 0.55, _UP, 0),
            ("J_Bip_C_UpperChest", "J_Bip_C_Hips", 0, 0.01, 0.72, _UP, 0),
            ("J_Bip_C_Neck", "J_Bip_C_UpperChest", 0, 0.01, 0.84, _UP, 0),
            ("J_Bip_C_Head", "J_Bip_C_Neck", 0, 0, 0.9, _UP, 0),
            ("J_Adj_L_FaceEye", "J_Bip_C_Head", 0.02, -0.04, 0.93, _BACK, 0),
            ("J_Adj_R_FaceEye", "J_Bip_C_Head", -0.02, -0.04, 0.93, _BACK, 0),
            ("J_Bip_L_Shoulder", "J_Bip_C_UpperChest", 0.03, 0, 0.8, _LEFT, 0),
            ("J_Bip_R_Shoulder", "J_Bip_C_UpperChest", -0.03, 0, 0.8, _LEFT, 0),
        ),
        "J_Bip_C_Head", ("J_Bip_C_Neck",), "J_Bip_C_Head", constrain=_limited("J_Bip_C_Neck", 60.0),
    ),
    # Its importers bring the limits of its joints along.
    "Daz Genesis 8": HeadRig(
        (
            ("hip", "", 0, 0, 0.55, _UP, 0), ("abdomenLower", "hip", 0, 0, 0.6, _UP, 0),
            ("chestUpper", "abdomenLower", 0, 0, 0.75, _UP, 0),
            ("lCollar", "chestUpper", 0.02, 0, 0.8, _LEFT, 90), ("rCollar", "chestUpper", -0.02, 0, 0.8, _LEFT, -90),
            ("neckLower", "chestUpper", 0, 0.01, 0.83, _UP, 0), ("neckUpper", "neckLower", 0, 0, 0.86, _UP, 0),
            ("head", "neckUpper", 0, 0, 0.9, _UP, 0), ("upperFaceRig", "head", 0, -0.03, 0.93, _UP, 0),
            ("lEye", "head", 0.02, -0.04, 0.93, _BACK, 0), ("rEye", "head", -0.02, -0.04, 0.93, _BACK, 0),
        ),
        "head", ("neckLower", "neckUpper"), "upperFaceRig", height=170.0, scale=0.01,
        constrain=_all(*(_limited(bone, 80.0) for bone in ("neckLower", "neckUpper", "head"))),
    ),
    "Character Creator": HeadRig(
        (
            ("CC_Base_BoneRoot", "", 0, 0, 0, _BACK, 0), ("CC_Base_Hip", "CC_Base_BoneRoot", 0, 0, 0.55, _BACK, 180),
            ("CC_Base_Spine02", "CC_Base_Hip", 0, 0, 0.7, _UP, 180),
            ("CC_Base_NeckTwist01", "CC_Base_Spine02", 0, 0.01, 0.83, _BACK, 180),
            ("CC_Base_NeckTwist02", "CC_Base_NeckTwist01", 0, 0, 0.86, _BACK, -120),
            ("CC_Base_Head", "CC_Base_NeckTwist02", 0, 0, 0.9, _BACK, 180),
            ("CC_Base_FacialBone", "CC_Base_Head", 0, 0, 0.9, _LEFT, 0),
            ("CC_Base_L_Eye", "CC_Base_FacialBone", 0.02, -0.04, 0.93, _BACK, 0),
            ("CC_Base_R_Eye", "CC_Base_FacialBone", -0.02, -0.04, 0.93, _BACK, 0),
            ("CC_Base_L_Clavicle", "CC_Base_Spine02", 0.02, 0, 0.8, _LEFT, 0),
            ("CC_Base_R_Clavicle", "CC_Base_Spine02", -0.02, 0, 0.8, _LEFT, 0),
        ),
        "CC_Base_Head", ("CC_Base_NeckTwist01", "CC_Base_NeckTwist02"), "CC_Base_FacialBone", height=170.0, scale=0.01,
    ),
}  # fmt: skip
