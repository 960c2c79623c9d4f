# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders of takes: what is in them, under which names, renamed and deleted. The takes' arrays stay on the disk."""

from __future__ import annotations

import errno
import io
import json
import re
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np

from .archives import array_names, read_members, read_npz
from .atomic import hold, is_abandoned, sweep, write_atomically
from .errors import CaptureError
from .paths import is_file
from .take import Take, TakeHeader

SUFFIX = ".npz"
#: What Windows forbids in file names; elsewhere it is as well to do without.
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]+')
#: Devices of Windows: no file may have such a stem, whatever its suffix.
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)")
#: Bytes of a file name, its number and suffix left out; most file systems allow 255 in all.
_NAME_BYTES = 180
#: The two members of a take's file that tell everything about its length.
_TIMES, _CONFIDENCES = "time", "confidence"


@dataclass(frozen=True)
class TakeEntry:
    """One file of a library, as a list shows it. Of a damaged one only ``file`` and ``problem`` are known."""

    file: Path
    title: str
    header: TakeHeader | None = None
    frames: int = 0
    lost_frames: int = 0
    duration: float = 0.0  # seconds between the first and the last frame
    problem: str = ""  # why it cannot be used; "" = it can

    @property
    def lost_share(self) -> float:
        """0…1 of the frames without a face."""
        return self.lost_frames / self.frames if self.frames else 0.0

    @property
    def captured(self) -> datetime | None:
        """When, in the local time zone; None where the take does not say, or names a time that the system has not."""
        try:
            return datetime.fromisoformat(self.header.captured).astimezone() if self.header is not None else None
        except (ValueError, OverflowError, OSError):
            return None


def list_takes(folder: Path | str) -> list[TakeEntry]:
    """The takes in a folder, the newest first and damaged ones among them; [] where there is no folder.

    Files that merely end in ``.npz`` and hold something else are left out: they are not ours.

    Raises:
        CaptureError: the folder is there and cannot be read.
    """
    found: list[tuple[float, TakeEntry]] = []
    try:
        names = [file for file in Path(folder).iterdir() if file.suffix == SUFFIX and not file.name.startswith(".")]
        files = sorted(file for file in names if file.is_file())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise CaptureError(
            f"The folder of takes {folder} cannot be read ({error.strerror}); choose another in the preferences."
        ) from error
    for file in files:
        entry = describe(file)
        if entry is not None:
            found.append((_age_key(entry), entry))
    return [entry for _, entry in sorted(found, key=lambda pair: -pair[0])]


def describe(file: Path | str) -> TakeEntry | None:
    """What a take's file says of itself, read once for each version of the file; None = it is no take.

    A missing file and one that is too damaged to tell have a ``problem``.
    """
    path = Path(file)
    try:
        status = path.stat()
    except OSError:
        return TakeEntry(path, path.stem, problem="The file of the take is missing.")
    try:
        return _describe(path, status.st_mtime_ns, status.st_size)
    except OSError as error:
        return TakeEntry(path, path.stem, problem=str(_unreadable(path, error)))


def save_new(take: Take, folder: Path | str, title: str) -> Path:
    """Keep a take in a folder (made if missing) under a name that is free: "clip", "clip 2"…; return its file.

    Its header gets the title and, where it has none yet, the present as the time of the capture and a ``uid``.

    Raises:
        CaptureError: nothing can be written there.
    """
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CaptureError(
            f"The folder of takes {place} cannot be made ({error.strerror}); choose another in the preferences."
        ) from error
    sweep(place)
    with _reserved(place, title) as (file, name):
        header = take.header
        header = replace(header, title=name, captured=header.captured or _now(), uid=header.uid or uuid.uuid4().hex)
        replace(take, header=header).save(file)
    return file


def copy_into(file: Path | str, folder: Path | str) -> Path:
    """Copy a take into a folder (made if missing); return the copy. One that is there already serves as it is.

    Raises:
        CaptureError: the take is damaged, or nothing can be written there.
    """
    source, place = Path(file), Path(folder)
    take = Take.load(source)
    here = [entry for entry in list_takes(place) if entry.header is not None and entry.header.uid]
    same = next((entry.file for entry in here if entry.header and entry.header.uid == take.header.uid), None)
    return same or save_new(take, place, take.header.title or source.stem)


def rename(file: Path | str, title: str) -> None:
    """Give a take another title. Its file keeps its name, so that heads in other .blend files still find it.

    Raises:
        CaptureError: the title is empty, or the file is no take or cannot be written.
    """
    path, title = Path(file), title.strip()
    if not title:
        raise CaptureError("A take needs a name; type one.")
    _check_is_take(path)
    try:
        members = read_members(path)
        header = json.loads(str(read_npz(path, names=("header",))["header"]))
        renamed = _array_bytes(json.dumps(header | {"title": title}, ensure_ascii=False, allow_nan=False))
    except OSError as error:
        raise _unreadable(path, error) from error
    except Exception as error:  # damaged archives raise a dozen unrelated types
        raise CaptureError(f"{path} is damaged and cannot be renamed; capture the footage again.") from error

    def write(target: BinaryIO) -> None:
        # Members are copied, not read as arrays: what a later release adds to a take survives.
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
            for name, data in members.items():
                if name:
                    new.writestr(name, renamed if name == "header.npy" else data)

    write_atomically(path, write)


def delete(file: Path | str) -> None:
    """Delete a take for good; a file that is no take stays.

    Raises:
        CaptureError: it is none, or it cannot be deleted.
    """
    path = Path(file)
    _check_is_take(path)
    try:
        path.unlink()
    except OSError as error:
        raise CaptureError(f"{path} cannot be deleted ({error.strerror}); check its permissions.") from error


def file_stem(title: str) -> str:
    """A title as a file name that every system takes, without suffix; never empty.

    >>> file_stem("Scene 3: close/up?")
    'Scene 3_ close_up_'
    """
    stem = _FORBIDDEN.sub("_", title).strip(" .")
    stem = stem.encode("utf-8", "ignore")[:_NAME_BYTES].decode("utf-8", "ignore").strip(" .")
    return f"_{stem}" if not stem or _DEVICES.match(stem) else stem


@contextmanager
def _reserved(folder: Path, title: str) -> Iterator[tuple[Path, str]]:
    """A free file, made empty so that no other Blender takes the name meanwhile, and the title that goes with it."""
    number = 1
    while True:
        name = title if number == 1 else f"{title} {number}"
        file = folder / (file_stem(title) + (f" {number}" if number > 1 else "") + SUFFIX)
        try:
            holder = _claimed(file)
        except OSError as error:
            reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror
            raise CaptureError(
                f"Takes cannot be kept in {folder} ({reason}); choose another folder in the preferences."
            ) from error
        if holder is not None:
            break
        number += 1
    with holder:
        try:
            yield file, name
        except BaseException:
            file.unlink(missing_ok=True)
            raise


def _claimed(file: Path) -> IO[bytes] | None:
    """A file that is ours from now on: a new one, or an empty one whose owner died before writing; None = taken.

    It is locked while it is open, where there are locks; elsewhere it is closed at once.
    """
    holder: IO[bytes]
    try:
        holder = file.open("xb")
    except FileExistsError:
        if file.stat().st_size or not is_abandoned(file):
            return None
        holder = file.open("rb+")
    if not hold(holder):
        # Windows replaces no open file.
        holder.close()
        return io.BytesIO()
    if file.exists() and not file.stat().st_size:
        return holder
    holder.close()
    return None


@lru_cache(maxsize=4096)
def _describe(path: Path, _modified: int, _size: int) -> TakeEntry | None:
    damaged = TakeEntry(path, path.stem, problem="The file of the take is damaged; capture the footage again.")
    try:
        # Other programs' archives of arrays are no damaged takes.
        if not {"header", _TIMES, _CONFIDENCES} <= array_names(path):
            return None
        arrays = read_npz(path, names=("header", _TIMES, _CONFIDENCES))
        header = TakeHeader.from_json(str(arrays["header"]), path)
        time, confidence = (arrays[name].astype(np.float64) for name in (_TIMES, _CONFIDENCES))
        if time.ndim != 1 or time.shape != confidence.shape or not np.isfinite(time).all():
            return damaged
        return TakeEntry(
            path,
            header.title or path.stem,
            header,
            frames=len(time),
            lost_frames=int((~(confidence > 0.0)).sum()),
            duration=float(time[-1] - time[0]) if len(time) else 0.0,
        )
    except CaptureError as error:
        return TakeEntry(path, path.stem, problem=str(error))
    except OSError:  # not remembered: it may be readable the next time
        raise
    except Exception:  # noqa: BLE001 (damaged archives raise a dozen unrelated types)
        return damaged


def _check_is_take(path: Path) -> None:
    entry = describe(path)
    if not is_file(path):
        raise CaptureError(f"There is no take at {path}; it may have been moved or deleted.")
    # An empty file has nothing in it that could tell, and nothing to lose: a take whose writing was cut off.
    if entry is None or (entry.header is None and not _looks_like_take(path)):
        raise CaptureError(f"{path} is not a take of this extension; it is left alone.")


def _looks_like_take(path: Path) -> bool:
    """A file that cannot be read as a take, but was one: empty, or a zip that begins with our header."""
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as error:
        raise _unreadable(path, error) from error
    return not start or (start.startswith(b"PK") and b"header.npy" in start)


def _unreadable(path: Path, error: OSError) -> CaptureError:
    return CaptureError(f"The take {path} cannot be read ({error.strerror}); check its permissions.")


def _age_key(entry: TakeEntry) -> float:
    captured = entry.captured
    if captured is not None:
        return captured.timestamp()
    try:
        return entry.file.stat().st_mtime
    except OSError:
        return 0.0


def _array_bytes(value: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array(value), allow_pickle=False)
    return buffer.getvalue()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
