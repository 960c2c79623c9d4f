# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators: gather settings, call the core, hand the result to ``scene``."""

import bpy

from . import capture, export_fbx, presets, state

#: Each has a tuple ``classes``.
_MODULES = (capture, export_fbx, presets)
_classes = tuple(cls for module in _MODULES for cls in module.classes)


def register() -> None:
    """Add the operators."""
    for cls in _classes:
        bpy.utils.register_class(cls)


def unregister() -> None:
    """Stop a running capture and remove the operators."""
    if state.job is not None:
        state.job.cancel()
        state.job.wait()
        state.end(bpy.context)
    for cls in reversed(_classes):
        bpy.utils.unregister_class(cls)
