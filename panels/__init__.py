# SPDX-License-Identifier: GPL-3.0-or-later
"""Panels: what the user sees of the extension. One module for each sub-panel."""

import bpy

from . import cleanup, export, footage, head, look, menus, neutral, preferences, presets, retarget, takes, timing

#: Each has a tuple ``classes``; the main panel's (and its presets) come first, for the others hang on it.
_MODULES = (preferences, presets, footage, timing, cleanup, neutral, head, retarget, look, export, takes, menus)
classes = tuple(cls for module in _MODULES for cls in module.classes)


def panel_classes() -> tuple[type[bpy.types.Panel], ...]:
    """The panels, in the order in which they are registered."""
    return tuple(cls for cls in classes if issubclass(cls, bpy.types.Panel))


def register() -> None:
    """Add the panels and the menus' entries."""
    for cls in classes:
        bpy.utils.register_class(cls)
    menus.register()


def unregister() -> None:
    """Remove them."""
    menus.unregister()
    for cls in reversed(classes):
        bpy.utils.unregister_class(cls)
