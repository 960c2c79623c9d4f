# SPDX-License-Identifier: GPL-3.0-or-later
"""What Blender's status bar shows while something runs: how far it has come, and how it is stopped.

A text would belong to the workspace that happened to be shown, and stay there if the user goes to another one before
the end. What is drawn instead is the same in all of them, and gone with :func:`hide`.
"""

from __future__ import annotations

from collections.abc import Callable

import bpy
from bpy.app.translations import pgettext_iface as iface_

#: Gives the part done, 0…1, and its text; None when nothing runs.
Told = Callable[[], tuple[float, str] | None]


def show(told: Told) -> None:
    """Show it, or draw it again with what is told now."""

    def draw(header: bpy.types.Header, _context: bpy.types.Context) -> None:
        layout, now = header.layout, told()
        if now is None:
            return
        factor, text = now
        layout.label(text="", icon="EVENT_ESC")
        layout.separator(factor=0.8)  # the icon is wider than an icon
        layout.label(text=iface_("Cancel"), translate=False)
        row = layout.row()
        row.ui_units_x = 14.0
        row.progress(factor=factor, type="BAR", text=text)

    _set(draw)


def hide() -> None:
    """Give the status bar back to Blender."""
    _set(None)


def _set(draw: Callable[[bpy.types.Header, bpy.types.Context], None] | None) -> None:
    # Without a window nothing is drawn, and Blender has no workspace to ask.
    if not bpy.app.background and bpy.data.workspaces:
        bpy.data.workspaces[0].status_text_set(draw)
