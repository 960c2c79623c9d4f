# SPDX-License-Identifier: GPL-3.0-or-later
"""How operators tell what became of them: a line in the panel, Blender's report, and the answer that goes with it."""

from __future__ import annotations

from collections.abc import Callable

from ..ddfa_blender.errors import CaptureError
from . import state


class Reporting:
    """What operators have in common that tell how it went; ``topic`` as in :func:`state.tell`."""

    topic = ""
    report: Callable[[set[str], str], None]  # Blender's

    def succeed(self, message: str) -> set[str]:
        """Tell what was done, if there is something to tell; what the panel told of before is over in any case."""
        if message or (self.topic and state.topic == self.topic):
            state.tell(message, about=self.topic)
        if message:
            self.report({"INFO"}, message)
        return {"FINISHED"}

    def fail(self, error: CaptureError) -> set[str]:
        """Tell what went wrong."""
        state.tell(str(error), is_error=True, about=self.topic)
        self.report({"ERROR"}, str(error))
        return {"CANCELLED"}
