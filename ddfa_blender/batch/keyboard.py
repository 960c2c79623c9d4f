# SPDX-License-Identifier: GPL-3.0-or-later
"""Esc, Ctrl-C and a polite ``kill`` as a wish that can be asked for, instead of an exception anywhere."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

_ESCAPE = b"\x1b"
#: Windows: what arrows and function keys begin with; a second part follows, which may look like another key.
_TWO_PARTS = (b"\x00", b"\xe0")


class StopWish:
    """Whether the user wants to stop."""

    def __init__(self) -> None:
        self._stopped = False

    def wish(self) -> None:
        """Stop soon."""
        self._stopped = True

    def __call__(self) -> bool:
        """Look: has the user asked to stop?"""
        if not self._stopped and _escape_pressed():
            self._stopped = True
        return self._stopped


@contextmanager
def stop_wish() -> Iterator[StopWish]:
    """Inside the block Ctrl-C, SIGTERM and, in a terminal, Esc are wishes; a second Ctrl-C interrupts as usual."""
    wish = StopWish()

    def handle(_number: int, _frame: FrameType | None) -> None:
        if wish._stopped:  # noqa: SLF001 (its own module)
            raise KeyboardInterrupt
        wish.wish()

    before: dict[signal.Signals, Any] = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(ValueError):  # not on the main thread: its owner decides
            before[number] = signal.signal(number, handle)
    try:
        with _keys_at_once():
            yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if sys.platform == "win32":
    import msvcrt

    @contextmanager
    def _keys_at_once() -> Iterator[None]:
        yield

    def _escape_pressed() -> bool:
        pressed = False
        while sys.stdin and sys.stdin.isatty() and msvcrt.kbhit():
            key = msvcrt.getch()
            pressed = pressed or key == _ESCAPE
            if key in _TWO_PARTS:
                msvcrt.getch()
        return pressed

else:
    import select
    import termios
    import tty

    @contextmanager
    def _keys_at_once() -> Iterator[None]:
        """Let the terminal pass keys on without Enter."""
        if not _is_our_terminal():
            yield
            return
        before = termios.tcgetattr(sys.stdin)
        try:
            tty.setcbreak(sys.stdin)
            yield
        finally:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)

    def _escape_pressed() -> bool:
        if not _is_our_terminal() or not select.select([sys.stdin], [], [], 0)[0]:
            return False
        # Arrows and function keys begin with Esc, too, and go on.
        return os.read(sys.stdin.fileno(), 64) == _ESCAPE

    def _is_our_terminal() -> bool:
        """Whether keys come to us: jobs in the background are stopped if they touch the terminal."""
        try:
            return sys.stdin.isatty() and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
        except (OSError, ValueError, AttributeError):
            return False
