# SPDX-License-Identifier: GPL-3.0-or-later
"""What all operators ask before they run."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.app.translations import pgettext_tip as tip_

from ..ddfa_blender.errors import CaptureError
from ..scene import head


def may_run(operator: Any, reason: str | None) -> bool:
    """For ``poll``: True without a reason against it; else the button is grey and its tooltip says why."""
    if reason is not None:
        operator.poll_message_set(tip_(reason))
    return reason is None


def check(reason: str | None) -> None:
    """What ``poll`` cannot see to: while a dialog is open, the rest of Blender goes on.

    Raises:
        CaptureError: there is a ``reason`` against it by now.
    """
    if reason is not None:
        raise CaptureError(f"{reason}.")


def scene_reason(context: bpy.types.Context) -> str | None:
    """Why nothing can be added to the scene, nor changed in it; None when it can."""
    return None if context.scene.is_editable else "The scene is linked from another file and cannot be changed"


def head_reason(context: bpy.types.Context) -> str | None:
    """Why there is no current head to work on; None when there is, though it may be read-only."""
    return head.missing_reason(context.scene.ddfa.head)


def is_interactive(context: bpy.types.Context) -> bool:
    """There is a window whose timer can wake a modal operator."""
    return not bpy.app.background and context.window is not None
