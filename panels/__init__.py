# SPDX-License-Identifier: GPL-3.0-or-later
"""Panels: what the user sees of the extension."""

import bpy

from . import sidebar


def register() -> None:
    """Add the panels."""
    for cls in sidebar.classes:
        bpy.utils.register_class(cls)


def unregister() -> None:
    """Remove the panels."""
    for cls in reversed(sidebar.classes):
        bpy.utils.unregister_class(cls)
