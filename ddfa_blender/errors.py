# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors that a user can cause and can mend."""


class CaptureError(Exception):
    """Bad input or a missing part; the message is one sentence that says what to do."""


class CaptureCancelled(Exception):
    """The caller's ``cancelled`` callback asked to stop; nothing has been written."""
