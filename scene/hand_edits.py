# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of a captured head that were edited by hand are kept in an action of their own before they are baked over."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import bpy
from numpy.typing import NDArray

from . import actions
from .head import Head

#: A curve's data path and index.
Place = tuple[str, int]


def checksum(keys: NDArray) -> int:
    """Of a curve's keys (K · 2) as :func:`.actions.stored_keys` gives them; what bends it comes behind them."""
    return zlib.crc32(keys.tobytes())


def fingerprint(checksums: Mapping[Place, int]) -> str:
    """Of all curves that a bake writes; "" without any."""
    lines = [f"{path}[{index}] {value:08x}" for (path, index), value in sorted(checksums.items())]
    return f"{zlib.crc32(chr(10).join(lines).encode()):08x}" if lines else ""


def keep(head: Head, present: str) -> None:
    """Copy the head's actions if their ``present`` fingerprint is not that of its last bake."""
    baked = head.armature.ddfa.baked
    if not present or not baked.fingerprint or present == baked.fingerprint:
        return
    # Before 4.4 the bones have an action of their own; the face's, which comes last, is the one to name.
    for action in dict.fromkeys(map(actions.action_of, (head.armature, head.mesh.data.shape_keys))):
        if action is not None:
            copy = action.copy()
            copy.name, copy.use_fake_user = f"{action.name} Edited", True
            baked.kept_edits = copy.name


def kept(armature: bpy.types.Object) -> str:
    """The action that keeps what was edited by hand and then baked over; "" = there is none."""
    name = armature.ddfa.baked.kept_edits
    return name if name in bpy.data.actions else ""
