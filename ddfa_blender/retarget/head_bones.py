# SPDX-License-Identifier: GPL-3.0-or-later
"""Which bones of an armature turn the head and the neck, told by names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: Family, its head, its necks from the bottom up; spelt as in the rig, after a name space such as ``mixamorig:``.
#: Controls come before the bones that they move, so that a generated rig is animated by its controls.
_FAMILIES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Auto-Rig Pro", "c_head.x", ("c_neck.x",)),
    ("VRM", "J_Bip_C_Head", ("J_Bip_C_Neck",)),
    ("Character Creator", "CC_Base_Head", ("CC_Base_NeckTwist01", "CC_Base_NeckTwist02")),
    ("Daz Genesis 9", "head", ("neck1", "neck2")),
    ("Daz Genesis", "head", ("neckLower", "neckUpper")),
    ("Unreal", "head", ("neck_01", "neck_02")),
    ("3ds Max Biped", "Bip01 Head", ("Bip01 Neck",)),
    ("3ds Max Biped", "Bip001 Head", ("Bip001 Neck",)),
    ("Rigify", "head", ("neck",)),
    ("Mixamo", "Head", ("Neck",)),
    ("Auto-Rig Pro", "head.x", ("neck.x",)),
    ("Rigify metarig", "spine.006", ("spine.004", "spine.005")),
    ("MetaHuman face", "FACIAL_C_FacialRoot", ("FACIAL_C_Neck1Root", "FACIAL_C_Neck2Root")),
    ("XNALara", "head neck upper", ("head neck lower",)),
    ("MikuMikuDance", "頭", ("首",)),
)
_NAMESPACE = re.compile(r"^.*[:|]")
#: Mixamo's name space is sometimes numbered and without a colon.
_MIXAMO = re.compile(r"^mixamorig\d*[_:]?", re.IGNORECASE)


@dataclass(frozen=True)
class HeadBones:
    """Names as in the armature."""

    head: str
    necks: tuple[str, ...]  # from the bottom up; () = the rig has none
    family: str  # "" = none that we know


def find_head_bones(parents: Mapping[str, str | None]) -> HeadBones | None:
    """The bones that turn the head, out of an armature's bones and their parents; None if the names do not tell.

    >>> find_head_bones({"neck_01": None, "neck_02": "neck_01", "head": "neck_02"})
    HeadBones(head='head', necks=('neck_01', 'neck_02'), family='Unreal')
    """
    plain = _plain_names(parents)
    best: HeadBones | None = None
    for family, head, necks in _FAMILIES:
        heads = plain.get(head.lower(), [])
        if len(heads) != 1:
            continue
        found = tuple(bone for neck in necks for bone in plain.get(neck.lower(), []))
        # Several families call the head "head"; the necks tell which it is.
        if best is None or (heads[0] == best.head and len(found) > len(best.necks)):
            best = HeadBones(heads[0], found, family)
    if best is None or best.necks:
        return best
    return HeadBones(best.head, tuple(_necks_above(best.head, parents)), "")


def _plain_names(names: Iterable[str]) -> dict[str, list[str]]:
    """Name without name space, in lower case → the bones that are called so."""
    plain: dict[str, list[str]] = {}
    for name in names:
        plain.setdefault(_MIXAMO.sub("", _NAMESPACE.sub("", name)).lower(), []).append(name)
    return plain


def _necks_above(head: str, parents: Mapping[str, str | None]) -> list[str]:
    """Ancestors of the head that call themselves necks, from the bottom up."""
    found: list[str] = []
    seen = {head}
    bone = parents.get(head)
    while bone is not None and bone not in seen:
        seen.add(bone)
        if "neck" in bone.lower():
            found.append(bone)
        bone = parents.get(bone)
    return found[::-1]
