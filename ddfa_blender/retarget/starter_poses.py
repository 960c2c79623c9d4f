# SPDX-License-Identifier: GPL-3.0-or-later
"""Poses to begin with for bones of known names: Rigify's face, and the eyes of VRM avatars."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .vocabulary import SIDE


@dataclass(frozen=True)
class Move:
    """What a pose does to one control, in the character's axes."""

    bone: str
    #: Towards the character's left, up and to the front, in distances between its eyes.
    left: float = 0.0
    up: float = 0.0
    front: float = 0.0
    #: Degrees about the axis to the character's left; what is in front goes down.
    nod: float = 0.0
    #: Instead of all that, this share of the way to another control.
    towards: str = ""
    share: float = 0.0
    #: Degrees about the upright axis; what is in front goes to the character's left.
    turn: float = 0.0


@dataclass(frozen=True)
class BoneFace:
    """A family of bone faces."""

    name: str
    eyes: tuple[str, str]  # controls whose distance is the unit
    required: tuple[str, ...]  # without these it is another family's
    poses: Mapping[str, tuple[Move, ...]]  # by channel
    #: Whether the rest of the face has shape keys: then it gets the poses of those channels that these leave out.
    beside_keys: bool = False


def find_bone_face(bones: Collection[str]) -> BoneFace | None:
    """The family that a rig's bones belong to; None if it is none that we know.

    >>> find_bone_face(["jaw_master", "chin"]) is None
    True
    """
    present = set(bones)
    return next((face for face in _FACES if present.issuperset((*face.required, *face.eyes))), None)


def displacement(move: Move, unit: float, heads: Callable[[str], NDArray | None]) -> NDArray[np.float64] | None:
    """How far a control moves (3,): left, back, up; None = not at all.

    ``unit``: the distance between the eyes. ``heads`` gives a bone's pivot in the same axes and unit, if it is there.
    """
    if not move.towards:
        return np.array((move.left, -move.front, move.up)) * unit
    start, end = heads(move.bone), heads(move.towards)
    return None if start is None or end is None else move.share * (np.asarray(end) - start)


def _mirrored(poses: Mapping[str, tuple[Move, ...]]) -> dict[str, tuple[Move, ...]]:
    """Both sides of poses with a side in their names."""
    found: dict[str, tuple[Move, ...]] = {}
    for channel, moves in poses.items():
        for side, letter, sign in (("Left", "L", 1.0), ("Right", "R", -1.0)):
            found[channel.replace(SIDE, side)] = tuple(
                replace(
                    move,
                    bone=move.bone.replace(SIDE, letter),
                    towards=move.towards.replace(SIDE, letter),
                    left=sign * move.left,
                    turn=sign * move.turn,
                )
                for move in moves
            )
    return found


def _lids(share: float, upper: bool) -> tuple[Move, ...]:
    """The upper or lower lid on its way to the other; Rigify numbers one from outside, the other from inside."""
    pairs = ((f"lid.T.{SIDE}.00{i}", f"lid.B.{SIDE}.00{4 - i}") for i in (1, 2, 3))
    ends = pairs if upper else ((lower, top) for top, lower in pairs)
    return tuple(Move(bone, towards=other, share=share) for bone, other in ends)


def _lips(names: tuple[str, ...], left: float = 0.0, up: float = 0.0, front: float = 0.0) -> tuple[Move, ...]:
    return tuple(Move(name, left, up, front) for name in names)


def _narrow(inwards: float, up: float = 0.0, front: float = 0.0, lip: str = "T") -> tuple[Move, ...]:
    """The upper or lower lip, its two halves drawn towards the middle."""
    return (
        Move(f"lip.{lip}", 0.0, up, front),
        Move(f"lip.{lip}.L.001", -inwards, up, front),
        Move(f"lip.{lip}.R.001", inwards, up, front),
    )


_UPPER_LIP = ("lip.T", "lip.T.L.001", "lip.T.R.001")
_LOWER_LIP = ("lip.B", "lip.B.L.001", "lip.B.R.001")
_MOUTH = (*_UPPER_LIP, *_LOWER_LIP, "lips.L", "lips.R")
_CORNER = f"lips.{SIDE}"

_RIGIFY_SIDES: dict[str, tuple[Move, ...]] = {
    "browDown{S}": (Move("brow.T.{S}.001", up=-0.05), Move("brow.T.{S}.002", up=-0.09),
                    Move("brow.T.{S}.003", left=-0.04, up=-0.12)),
    "browOuterUp{S}": (Move("brow.T.{S}.001", up=0.12), Move("brow.T.{S}.002", up=0.1)),
    "cheekSquint{S}": (Move("cheek.T.{S}.001", up=0.1),),
    "eyeBlink{S}": _lids(0.95, upper=True),
    "eyeSquint{S}": _lids(0.35, upper=False),
    "eyeWide{S}": _lids(-0.35, upper=True),
    "eyeLookUp{S}": (Move("eye.{S}", up=1.2),),
    "eyeLookDown{S}": (Move("eye.{S}", up=-1.2),),
    "eyeLookOut{S}": (Move("eye.{S}", left=1.4),),
    "eyeLookIn{S}": (Move("eye.{S}", left=-1.4),),
    "mouthDimple{S}": (Move(_CORNER, left=0.06, front=-0.06),),
    "mouthFrown{S}": (Move(_CORNER, left=0.02, up=-0.12),),
    "mouthLowerDown{S}": (Move("lip.B.{S}.001", up=-0.1), Move("lip.B", up=-0.05)),
    "mouthPress{S}": (Move("lip.B.{S}.001", up=0.04), Move("lip.T.{S}.001", up=-0.03)),
    "mouthSmile{S}": (Move(_CORNER, left=0.1, up=0.12, front=-0.06), Move("cheek.B.{S}.001", left=0.03, up=0.06),
                      Move("lip.T.{S}.001", up=0.03)),
    "mouthStretch{S}": (Move(_CORNER, left=0.12, up=-0.04),),
    "mouthUpperUp{S}": (Move("lip.T.{S}.001", up=0.1), Move("lip.T", up=0.05)),
    "noseSneer{S}": (Move("nose.{S}", up=0.06), Move("nose.{S}.001", up=0.06), Move("lip.T.{S}.001", up=0.03)),
}  # fmt: skip

RIGIFY = BoneFace(
    "Rigify",
    ("eye.L", "eye.R"),
    ("jaw_master", "lip.T", "lip.B", "lips.L", "lips.R", "lid.T.L.002", "lid.B.L.002", "brow.T.L.002"),
    {
        **_mirrored(_RIGIFY_SIDES),
        "browInnerUp": (Move("brow.T.L.003", up=0.14), Move("brow.T.R.003", up=0.14)),
        "cheekPuff": (Move("cheek.B.L.001", left=0.12, front=0.06), Move("cheek.B.R.001", left=-0.12, front=0.06)),
        "jawForward": (Move("jaw_master", front=0.15),),
        "jawLeft": (Move("jaw_master", left=0.15),),
        "jawOpen": (Move("jaw_master", nod=20.0),),
        "jawRight": (Move("jaw_master", left=-0.15),),
        # With the jaw open the lips stay together: the lower one comes most of the way.
        "mouthClose": (*_lips(_LOWER_LIP, up=0.22), *_lips(_UPPER_LIP, up=-0.06)),
        "mouthFunnel": (*_narrow(0.03, up=0.05, front=0.08), *_narrow(0.03, up=-0.06, front=0.08, lip="B"),
                        Move("lips.L", left=-0.08, front=0.08), Move("lips.R", left=0.08, front=0.08)),
        "mouthLeft": _lips(_MOUTH, left=0.15),
        "mouthPucker": (*_narrow(0.07, front=0.1), *_narrow(0.07, front=0.1, lip="B"),
                        Move("lips.L", left=-0.13, front=0.06), Move("lips.R", left=0.13, front=0.06)),
        "mouthRight": _lips(_MOUTH, left=-0.15),
        "mouthRollLower": _lips(_LOWER_LIP, up=0.03, front=-0.08),
        "mouthRollUpper": _lips(_UPPER_LIP, up=-0.03, front=-0.08),
        "mouthShrugLower": (*_lips(_LOWER_LIP, up=0.07, front=0.04), Move("chin", up=0.04)),
        "mouthShrugUpper": _lips(_UPPER_LIP, up=0.05, front=0.03),
        "tongueOut": (Move("tongue_master", front=0.35),),
    },
)  # fmt: skip

#: VRoid Studio's eye bones. Their irises are large: degrees are what VRoid writes as the avatar's own limits.
VROID_EYES = BoneFace(
    "VRoid eyes",
    ("J_Adj_L_FaceEye", "J_Adj_R_FaceEye"),
    (),
    _mirrored({
        "eyeLookDown{S}": (Move("J_Adj_{S}_FaceEye", nod=10.0),),
        "eyeLookIn{S}": (Move("J_Adj_{S}_FaceEye", turn=-8.0),),
        "eyeLookOut{S}": (Move("J_Adj_{S}_FaceEye", turn=12.0),),
        "eyeLookUp{S}": (Move("J_Adj_{S}_FaceEye", nod=-10.0),),
    }),
    beside_keys=True,
)  # fmt: skip
_FACES = (RIGIFY, VROID_EYES)
