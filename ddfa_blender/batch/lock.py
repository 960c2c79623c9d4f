# SPDX-License-Identifier: GPL-3.0-or-later
"""Only one batch writes into a folder at a time; the system frees the lock when the process ends, however it ends."""

from __future__ import annotations

import errno
import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO

from ..atomic import write_json
from ..errors import CaptureError
from .records import HIDDEN, make_folder

_LOCK, _OWNER = "lock", "owner.json"
#: How systems say that somebody else has a lock; Windows says EACCES or, after several tries of its own, EDEADLK.
_HELD = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK})


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder of results, made if missing, as long as the block lasts.

    Raises:
        CaptureError: another batch holds it, or the folder cannot be written.
    """
    place = folder / HIDDEN
    for needed in (folder, place):  # the first is the one that the user named
        make_folder(needed)
    path = place / _LOCK
    try:
        file = path.open("ab")
    except OSError as error:
        raise CaptureError(f"{path} cannot be written ({error.strerror}); choose another folder.") from error
    with file:
        try:
            _take(file)
        except OSError as error:
            if error.errno in _HELD:
                text = f"{_owner(place)} is writing into {folder}; wait for it or choose another."
                raise CaptureError(text) from error
            # Some network drives know no locks. Two batches would do work twice there, but tear no file.
            print(
                f"{folder} cannot be locked ({error.strerror}): start no other batch there meanwhile", file=sys.stderr
            )
        owner = {"host": platform.node(), "pid": os.getpid(), "since": datetime.now().strftime("%H:%M")}
        write_json(place / _OWNER, owner)
        try:
            yield
        finally:
            with suppress(OSError):
                (place / _OWNER).unlink(missing_ok=True)
            with suppress(OSError):
                _release(file)


def _owner(place: Path) -> str:
    try:
        owner = json.loads((place / _OWNER).read_text(encoding="utf-8"))
        return f"Another batch (process {owner['pid']} on {owner['host']}, since {owner['since']})"
    except (OSError, ValueError, TypeError, KeyError):
        return "Another batch"


if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[bytes]) -> None:
        # The byte need not exist.
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

    def _release(file: IO[bytes]) -> None:
        # Closing the file alone frees it at some later time.
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _release(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
