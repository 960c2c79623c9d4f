# SPDX-License-Identifier: GPL-3.0-or-later
"""How a character was animated, kept of it (``retargeted``, ``overrides.py``): so it can follow its head's clean-up."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import bpy
import numpy as np

from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.retarget import presets
from ..ddfa_blender.retarget.mapping import Mapping
from . import actions, character, mapping_items, overrides
from .character import Character

#: Settings that are the same in ``Scene.ddfa.retarget`` and in the record.
_SAME = (
    "use_face", "use_head", "head_bone", "neck_bone", "lower_neck_bone", "share_neck", "move_head", "blend_mode",
    "blend_influence",
)  # fmt: skip


def holder(found: Character) -> bpy.types.Object:
    """The object of a character on which the record is kept."""
    return found.armature if found.armature is not None else found.meshes[0]


def keep(
    found: Character, settings: bpy.types.PropertyGroup, mapping: Mapping, source: bpy.types.Object | None, mark: str
) -> None:
    """Note how the character was animated just now; with no ``source`` it follows nothing from here on."""
    _forget_others(found, settings)
    record = overrides.own_state_of(holder(found)).retargeted
    record.source, record.mark, record.problem = source, mark, ""
    if source is None:
        return
    for name in _SAME:
        setattr(record, name, getattr(settings, name))
    record.face_meshes.clear()
    for item in settings.face_meshes:
        if character.is_present(settings.id_data, item.mesh):
            kept = record.face_meshes.add()
            kept.name, kept.mesh, kept.use_mesh = item.mesh.name, item.mesh, item.use_mesh
    record.armature_name = found.armature.name if found.armature is not None else ""
    record.mapping = presets.to_text(mapping)
    record.fingerprint = fingerprint(holder(found))


def _forget_others(found: Character, settings: bpy.types.PropertyGroup) -> None:
    """Take away the records of the character's other objects: with other meshes ticked, another one held it."""
    parts = [found.armature, *(item.mesh for item in settings.face_meshes)]
    for part in dict.fromkeys(part for part in parts if part is not None and part.is_editable):
        record = overrides.state_of(part).retargeted
        if part != holder(found) and (record.source is not None or record.problem):
            record = overrides.own_state_of(part).retargeted
            record.source, record.problem = None, ""


def mapping_of(owner: bpy.types.Object) -> Mapping:
    """The mapping that was used, of objects that may have got other names since.

    Raises:
        CaptureError: what is kept is damaged.
    """
    record = overrides.state_of(owner).retargeted
    try:
        mapping = presets.preset_from_text(record.mapping, "The kept mapping").mapping
    except CaptureError as error:
        raise CaptureError("The kept mapping is damaged; press Retarget again.") from error
    return mapping_items.with_present_names(mapping, record, owner if owner.type == "ARMATURE" else None)


def character_of(owner: bpy.types.Object) -> Character:
    """The character as it is now, without what was deleted of it."""
    meshes = character.meshes_in_use(bpy.context.scene, overrides.state_of(owner).retargeted.face_meshes)
    return character.of(owner if owner.type == "ARMATURE" else None, meshes)


def fingerprint(owner: bpy.types.Object) -> str:
    """Of all keys of the character's actions that were made under the record's mark; "" when it plays none of them.

    Meshes that were deleted since count too: their keys are as they were, so nobody edited anything.
    """
    record = overrides.state_of(owner).retargeted
    meshes = [item.mesh for item in record.face_meshes if item.mesh is not None and item.use_mesh]
    blocks = [owner if owner.type == "ARMATURE" else None, *(mesh.data.shape_keys for mesh in meshes)]
    return _fingerprint(blocks, record.mark)


def _fingerprint(blocks: Iterable[bpy.types.ID | None], mark: str) -> str:
    digest, any_ = hashlib.sha256(), False
    for block in blocks:
        if block is None or not actions.is_marked(block, (mark,)):
            continue
        any_ = True
        for curve in sorted(actions.curves(block), key=lambda curve: (curve.data_path, curve.array_index)):
            digest.update(f"{curve.data_path}[{curve.array_index}]{curve.mute}".encode())
            digest.update(np.ascontiguousarray(actions.keys(curve)).tobytes())
            digest.update(actions.bends(curve).tobytes())  # nothing, for a curve that was only baked
    return digest.hexdigest() if any_ else ""
