# SPDX-License-Identifier: GPL-3.0-or-later
"""Characters that were animated from a captured head are baked again with it, in place."""

from __future__ import annotations

import bpy

from ..ddfa_blender.errors import CaptureError
from . import live, overrides, retarget, retarget_record


def follow(armature: bpy.types.Object) -> None:
    """Bake the characters of a captured head again; what goes wrong is a line of each (``retargeted.problem``)."""
    objects = bpy.context.scene.objects
    for owner in [obj for obj in objects if overrides.state_of(obj).retargeted.source == armature]:
        record = overrides.state_of(owner).retargeted
        try:
            lost = _bake_again(owner, armature)
        except CaptureError as error:
            record.problem = str(error)
        else:
            record.problem = f"{owner.name}: {lost}; press Find Mapping, then Retarget." if lost else ""


def _bake_again(owner: bpy.types.Object, armature: bpy.types.Object) -> str:
    """All or nothing, and only over what the add-on made and nobody changed; gives a line about targets that are gone.

    Raises:
        CaptureError: it cannot be done, or would undo somebody's work.
    """
    record = overrides.state_of(owner).retargeted
    found = retarget_record.character_of(owner)
    present = retarget_record.fingerprint(owner)
    if not present:
        raise CaptureError(f"{owner.name} plays another action and does not follow the clean-up; press Retarget.")
    if present != record.fingerprint:
        raise CaptureError(
            f"The animation of {owner.name} was edited and does not follow the clean-up; press Retarget to replace it."
        )
    source = retarget.source_of_head(armature)
    mapping = retarget_record.mapping_of(owner)
    result = retarget.bake(bpy.context, record, found, mapping, source, "LAYER", (record.mark,))
    record.mark = result.mark
    record.fingerprint = retarget_record.fingerprint(owner)
    return result.lost


def problems(scene: bpy.types.Scene) -> list[str]:
    """Why characters could not follow."""
    told = (overrides.state_of(obj).retargeted.problem for obj in scene.objects)
    return [problem for problem in told if problem]


def register() -> None:
    """Listen for heads that are baked again."""
    live.after_bake.append(follow)


def unregister() -> None:
    """Stop that."""
    if follow in live.after_bake:
        live.after_bake.remove(follow)
