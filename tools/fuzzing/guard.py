# SPDX-License-Identifier: GPL-3.0-or-later
"""What no reader may do, whatever the file says: dawdle, fill the memory, talk, start, unpickle, write elsewhere."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

#: Events of the interpreter that a reader never causes.
_FORBIDDEN = (
    "socket.", "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.posix_spawn", "pickle.find_class", "urllib.",
    "http.", "ftplib.", "smtplib.", "webbrowser.",
)  # fmt: skip
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Forbidden(BaseException):
    """A reader did what none may do. No Exception, so that no reader's own `except` hides it."""


class TooSlow(BaseException):
    """A case took more than its time, of the processor: a busy machine slows no case down."""


_watched: list[Path] = []


def watch(sandbox: Path) -> None:
    """From now on forbidden events raise inside :func:`guarded`, and files may be written below ``sandbox`` only."""
    if not _watched:
        sys.addaudithook(_hook)
        signal.signal(signal.SIGPROF, _alarm)
    _watched[:] = [sandbox.resolve()]


_open = False


@contextmanager
def guarded(seconds: float) -> Iterator[None]:
    """One case: forbidden events raise :class:`Forbidden`, and more than ``seconds`` :class:`TooSlow`."""
    global _open  # noqa: PLW0603 (an audit hook can be told in no other way)
    _open = True
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        _open = False


def limit_memory(more: int) -> None:
    """Let the process have so many bytes more than it has now; beyond them Python raises MemoryError."""
    import resource

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    total = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (total, resource.RLIM_INFINITY))


def _alarm(_signal: int, _frame: FrameType | None) -> None:
    raise TooSlow


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _open:
        return
    if event.startswith(_FORBIDDEN):
        raise Forbidden(f"{event} {arguments!r:.200}")
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES and not _is_inside(arguments[0]):
        raise Forbidden(f"writes {arguments[0]!r:.200}")
    if event in ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink"):
        paths = [part for part in arguments if isinstance(part, str | bytes | os.PathLike)]
        if not all(map(_is_inside, paths)):
            raise Forbidden(f"{event} {arguments!r:.200}")


def _is_inside(path: object) -> bool:
    if isinstance(path, int):
        return True
    text = os.fsdecode(path)  # type: ignore[arg-type]
    return text == os.devnull or Path(os.path.abspath(text)).is_relative_to(_watched[0])  # noqa: PTH100 (no links)


def sandbox() -> tempfile.TemporaryDirectory[str]:
    """A folder for cases, in memory where there is such a place."""
    memory = Path("/dev/shm")  # noqa: S108 (a folder of our own is made in it)
    return tempfile.TemporaryDirectory(prefix="ddfa-fuzz-", dir=memory if os.access(memory, os.W_OK) else None)
