# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators: gather settings, call the core, hand the result to ``scene``."""

import bpy

from ..scene import followers
from . import (
    capture,
    command,
    export,
    footage,
    gains,
    head,
    import_live_link,
    key_transfer,
    look,
    mapping,
    mapping_presets,
    modal_job,
    neutral,
    presets,
    retarget,
    state,
    takes,
    timing,
)

#: Each has a tuple ``classes``.
_MODULES = (
    capture, footage, export, gains, head, import_live_link, key_transfer, look, mapping, mapping_presets,
    neutral, presets, retarget, takes, timing,
)  # fmt: skip
classes = tuple(cls for module in _MODULES for cls in module.classes)


def register() -> None:
    """Add the operators and the command."""
    for cls in classes:
        bpy.utils.register_class(cls)
    command.register()
    followers.register()
    state.register()


def unregister() -> None:
    """Stop a running capture and remove the operators."""
    if state.job is not None:
        modal_job.stop(state.job, bpy.context)
    state.unregister()
    followers.unregister()
    command.unregister()
    for cls in reversed(classes):
        bpy.utils.unregister_class(cls)
