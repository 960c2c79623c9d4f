# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a long fit has come, told from inside; whoever is told may raise, and so end it."""

from __future__ import annotations

from collections.abc import Callable

from ...errors import check_cancelled

#: Is told the part done, 0…1; what it raises ends the work.
Progress = Callable[[float], None]


def silent(_done: float) -> None:
    """Nobody wants to know."""


def stage(tell: Progress, start: float, end: float) -> Progress:
    """What one stage of the work is told: its own 0…1 is ``start``…``end`` of the whole."""
    return lambda done: tell(start + (end - start) * done)


def stoppable(tell: Progress, cancelled: Callable[[], bool]) -> Progress:
    """The same, but raises ``CaptureCancelled`` once ``cancelled()`` says so."""

    def told(done: float) -> None:
        check_cancelled(cancelled)
        tell(done)

    return told
