# SPDX-License-Identifier: GPL-3.0-or-later
"""What all operators ask before they run."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.app.translations import pgettext_tip as tip_


def may_run(operator: Any, reason: str | None) -> bool:
    """For ``poll``: True without a reason against it; else the button is grey and its tooltip says why."""
    if reason is not None:
        operator.poll_message_set(tip_(reason))
    return reason is None


def is_interactive(context: bpy.types.Context) -> bool:
    """There is a window whose timer can wake a modal operator."""
    return not bpy.app.background and context.window is not None
