# SPDX-License-Identifier: GPL-3.0-or-later
"""Write files so that a crash leaves the old file or the new one, never half of one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from .errors import CaptureError


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def check_writable(path: Path | str) -> None:
    """Make sure that a file can be written at ``path``, before long work; leaves nothing behind.

    Raises:
        CaptureError: the folder is missing or read-only, or ``path`` is a folder.
    """
    target = Path(path)
    if target.is_dir():
        raise CaptureError(f"{target} is a folder; give the name of a file in it.")
    if not target.parent.is_dir():
        raise CaptureError(f"The folder {target.parent} does not exist; make it first or write elsewhere.")
    probe = _temporary(target)
    try:
        # Asking for permission bits is not enough: network drives and Windows lie about them.
        with probe.open("xb"):
            pass
        probe.unlink()
    except OSError as error:
        raise _cannot_write(target, error) from error


def write_atomically(path: Path | str, write: Callable[[BinaryIO], None]) -> None:
    """Call ``write`` with a temporary file beside ``path``, then rename that to ``path``.

    Raises:
        CaptureError: the file cannot be written (missing or read-only folder, full disk).
    """
    target = Path(path)
    temporary = _temporary(target)
    try:
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except OSError as error:
        raise _cannot_write(target, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path | str, value: object) -> None:
    """Write ``value`` as JSON, atomically; NaN and infinity are refused, since JSON has neither.

    Raises:
        CaptureError: the file cannot be written.
        ValueError: a number is not finite.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    write_atomically(path, lambda file: _write_text(file, text))


def _write_text(file: BinaryIO, text: str) -> None:
    file.write(text.encode())


def _cannot_write(path: Path, error: OSError) -> CaptureError:
    return CaptureError(f"{path} cannot be written ({error.strerror}); choose a folder that you may write to.")
