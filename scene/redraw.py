# SPDX-License-Identifier: GPL-3.0-or-later
"""Let Blender draw again what the extension shows."""

from __future__ import annotations

import bpy


def sidebars() -> None:
    """Every 3D viewport's sidebar, in all windows."""
    for manager in bpy.data.window_managers:
        for window in manager.windows:
            for area in window.screen.areas:
                if area.type == "VIEW_3D":
                    for region in area.regions:
                        if region.type == "UI":
                            region.tag_redraw()
