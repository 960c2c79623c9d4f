# SPDX-License-Identifier: GPL-3.0-or-later
"""Write files so that a crash leaves the old file or the new one, never half of one, and no litter that grows.

What is not complete yet has a name of its own beside its place. Its writer keeps it locked; the lock goes with the
process, however that ends. Whoever writes there next removes what nobody locks any more.
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO

from .errors import CaptureError
from .paths import is_folder

try:
    import fcntl
except ImportError:  # Windows: there an open file cannot be deleted, and age tells the rest
    fcntl = None  # type: ignore[assignment]

_TEMPORARY = ".tmp"
#: The file's name, the process, and what tells processes of the same number apart: on a share, machines and containers
#: have theirs. Earlier releases had no such part.
_TEMPORARY_NAME = re.compile(r"\.(.+)\.([0-9]+)(?:-[0-9a-f]+)?\.tmp", re.DOTALL)
#: How often a file is made anew that somebody sweeps away at the moment it is made.
_TRIES = 5
#: Folders that several files or an exporter are at work in, and the file in each that its owner keeps locked.
_FOLDER_PREFIX, _OWNER = ".ddfa-work-", ".owner"
#: What earlier releases called them, if there is an owner's file in it. A batch's own folder is none of them.
_OLD_FOLDER = re.compile(r"\.ddfa-[a-z0-9_]{8}")
#: Windows: seconds for which a file that another program has open (a virus scanner, an indexer) is waited for, between
#: two tries, and the length from which on paths are too long for most programs.
_BUSY, _BUSY_LOOK, _LONG_PATH = 3.0, 0.1, 260
#: Seconds after which what cannot be locked, or has no lock yet, counts as left behind.
_OLD = 3600.0
#: Errors that say that the disk, or the user's share of it, is full.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}{_TEMPORARY}")


def check_writable(path: Path | str) -> None:
    """Make sure that a file can be written at ``path``, before long work; leaves nothing behind.

    Raises:
        CaptureError: the folder is missing or read-only, the name is too long, or ``path`` is a folder.
    """
    target = Path(path)
    if is_folder(target):
        raise CaptureError(f"{target} is a folder; give the name of a file in it.")
    if not is_folder(target.parent):
        raise CaptureError(f"The folder {target.parent} does not exist; make it first or write elsewhere.")
    probe = _temporary(target)
    try:
        # Asking for permission bits is not enough: network drives and Windows lie about them.
        with probe.open("xb"):
            pass
        probe.unlink()
    except OSError as error:
        raise cannot_write(target, error) from error


def write_atomically(path: Path | str, write: Callable[[BinaryIO], None]) -> None:
    """Call ``write`` with a temporary file beside ``path``, then rename that to ``path``.

    Raises:
        CaptureError: the file cannot be written (missing or read-only folder, full disk).
    """
    target = Path(path)
    temporary = _temporary(target)
    try:
        sweep(target.parent, target.name)
        with _open_held(temporary) as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
            if fcntl is not None:  # while it is locked; Windows renames no open file
                os.replace(temporary, target)
        if fcntl is None:
            _replace_patiently(temporary, target)
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        with suppress(OSError):  # a read-only disk complains even of a file that is not there
            temporary.unlink(missing_ok=True)


def put_in_place(partial: Path, target: Path) -> None:
    """Move a file that is complete to its place on the same disk, over an older one; it is on the disk before.

    Raises:
        OSError: it cannot be moved; the older one is still there.
    """
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    if fcntl is None:
        _replace_patiently(partial, target)
    else:
        os.replace(partial, target)


def put_all_in_place(files: Sequence[tuple[Path, Path]]) -> None:
    """Move files (partial, target) that belong together to their places: all of them, or none.

    Each partial file lies in a :func:`work_folder` of its own beside its target.

    Raises:
        OSError: one cannot be moved (``filename`` is its target); the older ones are there again.
    """
    moved: list[tuple[Path, Path | None]] = []
    try:
        for partial, target in files:
            kept = _kept(target, partial)
            try:
                put_in_place(partial, target)
            except OSError as error:
                error.filename = str(target)
                raise
            moved.append((target, kept))
    except OSError:
        for target, kept in reversed(moved):
            with suppress(OSError):
                _put_back(target, kept)
        raise


def write_json(path: Path | str, value: object) -> None:
    """Write ``value`` as JSON, atomically; NaN and infinity are refused, since JSON has neither.

    Raises:
        CaptureError: the file cannot be written.
        ValueError: a number is not finite.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    write_atomically(path, lambda file: _write_text(file, text))


@contextmanager
def work_folder(beside: Path) -> Iterator[Path]:
    """An empty folder in the folder ``beside``, on the same disk, so that files in it can be renamed to their places.

    It goes with the block, and if the process dies, with the next one that works there.

    Raises:
        OSError: it cannot be made.
    """
    for other in beside.glob(".ddfa-*"):
        if _is_work_folder(other) and is_abandoned(other / _OWNER):
            shutil.rmtree(other, ignore_errors=True)
    # On Windows the owner's file must be closed before the folder can go.
    with (
        tempfile.TemporaryDirectory(prefix=_FOLDER_PREFIX, dir=beside, ignore_cleanup_errors=True) as folder,
        (Path(folder) / _OWNER).open("wb") as owner,
    ):
        hold(owner)
        yield Path(folder)


def hold(file: IO[bytes]) -> bool:
    """Lock a file that is open for writing until it is closed; False where somebody else has it, or nobody can."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_abandoned(path: Path) -> bool:
    """Whether nobody is at work any more on a file that its writer would :func:`hold`; False where none can tell."""
    try:
        if fcntl is None:
            return time.time() - path.stat().st_mtime > _OLD
        with path.open("rb+") as file:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except FileNotFoundError:
        return _is_old(path.parent)
    except OSError:
        return False


def cannot_write(path: Path, error: OSError) -> CaptureError:
    """What to tell the user when ``path`` could not be written."""
    if error.errno in _FULL:
        return CaptureError(f"{path} cannot be written: the disk is full; free some space or choose another folder.")
    if fcntl is None and isinstance(error, PermissionError) and path.is_file():
        return CaptureError(f"{path} cannot be written; close other programs that use it, or write elsewhere.")
    if fcntl is None and len(os.path.abspath(path)) + len(_TEMPORARY) >= _LONG_PATH:  # noqa: PTH100 (no links)
        return CaptureError(f"{path} cannot be written: the path is too long for Windows; choose a shorter one.")
    if error.errno == errno.ENAMETOOLONG:
        return CaptureError(f"{path} cannot be written: the name is too long; choose a shorter one.")
    return CaptureError(f"{path} cannot be written ({error.strerror}); choose a folder that you may write to.")


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > _OLD
    except OSError:
        return False


def sweep(folder: Path, name: str = "") -> None:
    """Remove what writers of the file ``name``, or of any ("") in a folder, left there when they died."""
    try:
        found = os.listdir(folder)  # noqa: PTH208 (names alone, which is quick)
    except OSError:
        return
    for other in found:
        match = _TEMPORARY_NAME.fullmatch(other)
        if match and name in ("", match[1]) and is_abandoned(folder / other):
            with suppress(OSError):  # somebody else's, or open: it can wait, the file that is to be written cannot
                (folder / other).unlink(missing_ok=True)


def _is_work_folder(path: Path) -> bool:
    """Whether a folder is one of :func:`work_folder`'s, and nothing else that begins alike."""
    if path.is_symlink() or not path.is_dir():
        return False
    is_old = _OLD_FOLDER.fullmatch(path.name) is not None and (path / _OWNER).is_file()
    return is_old or path.name.startswith(_FOLDER_PREFIX)


def _open_held(temporary: Path) -> BinaryIO:
    """A new file, locked before anybody could take it for left behind."""
    for _ in range(_TRIES):
        file = temporary.open("xb")
        if not hold(file) or temporary.exists():
            break
        file.close()  # swept in the moment between
    return file


def _kept(target: Path, partial: Path) -> Path | None:
    """The older file under a second name in the folder of ``partial``; None = there is none."""
    if not target.is_file():
        return None
    kept = partial.with_name(f"{partial.name}.old")
    try:
        os.link(target, kept)
    except OSError:  # this disk knows no second names
        shutil.copy2(target, kept)
    return kept


def _put_back(target: Path, kept: Path | None) -> None:
    if kept is None:
        target.unlink(missing_ok=True)
    else:
        os.replace(kept, target)


def _replace_patiently(source: Path, target: Path) -> None:
    """``os.replace``, which Windows refuses as long as any program has the target open."""
    deadline = time.monotonic() + _BUSY
    while True:
        try:
            os.replace(source, target)
        except PermissionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_BUSY_LOOK)
        else:
            return


def _write_text(file: BinaryIO, text: str) -> None:
    file.write(text.encode())
