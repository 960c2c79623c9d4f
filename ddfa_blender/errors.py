# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors that a user can cause and can mend, and how long work is stopped."""

from __future__ import annotations

from collections.abc import Callable


class CaptureError(Exception):
    """Bad input or a missing part; the message is one sentence that says what to do."""


def unloadable(error: ImportError) -> CaptureError:
    """What to tell the user when OpenCV, onnxruntime or another part of the extension cannot be loaded."""
    return CaptureError(
        f"A part that came with the extension cannot be loaded ({error}); "
        "reinstall the extension for this version of Blender and restart Blender."
    )


class CaptureCancelled(Exception):
    """The caller's ``cancelled`` callback asked to stop; nothing has been written."""


def check_cancelled(cancelled: Callable[[], bool] | None) -> None:
    """Ask whether to stop; None = nobody wants to.

    Raises:
        CaptureCancelled: ``cancelled`` said so.
    """
    if cancelled is not None and cancelled():
        raise CaptureCancelled
