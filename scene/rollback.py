# SPDX-License-Identifier: GPL-3.0-or-later
"""All or nothing: data-blocks made inside a failing block are removed again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy


def _data_blocks() -> dict[tuple[str, int], bpy.types.ID]:
    """Every data-block of the file by (collection name, session id)."""
    found = {}
    for prop in bpy.types.BlendData.bl_rna.properties:
        if prop.type == "COLLECTION":
            for block in getattr(bpy.data, prop.identifier):
                found[prop.identifier, block.session_uid] = block
    return found


@contextmanager
def rollback_on_error() -> Iterator[None]:
    """Remove every data-block that did not exist on entry if the block raises, and raise on.

    The active object and its mode come back too. Other changes to existing data are not undone: make them last,
    where nothing can fail any more.
    """
    before = set(_data_blocks())
    active = bpy.context.view_layer.objects.active
    # Not by name: a linked object may have the same.
    uid, mode = (active.session_uid, active.mode) if active is not None else (None, "OBJECT")
    try:
        yield
    except BaseException:
        # Blender refuses to remove an armature that is being edited.
        _set_mode("OBJECT")
        bpy.data.batch_remove([block for key, block in _data_blocks().items() if key not in before])
        objects = bpy.context.view_layer.objects
        # Where something was removed, the view layer holds nothing until Blender looks at it again.
        objects.active = next((obj for obj in objects if obj is not None and obj.session_uid == uid), None)
        _set_mode(mode)
        raise


def _set_mode(mode: str) -> None:
    active = bpy.context.view_layer.objects.active
    if active is not None and active.mode != mode:
        bpy.ops.object.mode_set(mode=mode)
