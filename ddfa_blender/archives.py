# SPDX-License-Identifier: GPL-3.0-or-later
"""Read ``.npz`` files of strangers: plain numbers and texts, no pickle, never more memory than the file really holds.

``numpy.load`` allocates what a header claims before it looks at the data. Here the claims of all headers must agree
with the sizes in the archive, and those with a limit, before anything is allocated.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

#: Bytes that the arrays of a file may take when unpacked: some six hours of a take at 60 frames per second.
LARGEST_UNPACKED = 2 * 2**30
#: Bytes of a header; numpy writes less than 200 for plain arrays.
_LARGEST_HEADER = 4096
#: Bytes that are unpacked at a time.
_PIECE = 2**20
#: bool, signed, unsigned, floating point, text.
_KINDS = "biufU"
_SUFFIX = ".npy"
#: Bit of a member's flags.
ENCRYPTED = 0x1
#: Bytes of an archive's list of contents: thousands of members. ``zipfile`` takes ten times as much memory for it.
_LARGEST_LIST = 2**20
_HEADER_READERS: dict[tuple[int, int], Callable[..., tuple[tuple[int, ...], bool, np.dtype[Any]]]] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class ArchiveError(ValueError):
    """A file is no archive of plain arrays; the message says why, as half a sentence."""


class _Source(io.BufferedReader):
    """What ``zipfile`` reads from. It takes the list of contents in one go: a list without end is refused."""

    is_listed = False

    def read(self, size: int | None = -1, /) -> bytes:
        """As always, but for the list."""
        if not self.is_listed and size is not None and size > _LARGEST_LIST:
            raise ArchiveError("its list of contents is far too long")
        return super().read(size)


@contextmanager
def opened(source: Path | bytes) -> Iterator[zipfile.ZipFile]:
    """A zip file, or the bytes of one, to be read; no more than a megabyte is its list of contents.

    Raises:
        ArchiveError: the list is longer.
        Exception: it is damaged; ``zipfile`` raises many types.
    """
    raw: Any = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb", buffering=0)
    with _Source(raw) as file, zipfile.ZipFile(file) as archive:
        file.is_listed = True
        yield archive


def read_npz(
    source: Path | bytes, names: Collection[str] | None = None, largest: int | None = None
) -> dict[str, NDArray]:
    """The arrays of an ``.npz`` file by name.

    Args:
        source: the file, or its content.
        names: those wanted, None = all; one that is not there is left out.
        largest: bytes that they may take in all; None = ``LARGEST_UNPACKED``.

    Raises:
        ArchiveError: it is no such file, damaged, too large, or holds something other than plain arrays.
        OSError: it cannot be read.
    """
    with _judged(), opened(source) as archive:
        return {name: _read(archive, info) for name, info in _wanted(archive, names, largest).items()}


def array_names(path: Path) -> frozenset[str]:
    """The names of the arrays in an ``.npz`` file; only its list of contents is read.

    Raises:
        ArchiveError, OSError: as :func:`read_npz`.
    """
    with _judged(), opened(path) as archive:
        return frozenset(name.removesuffix(_SUFFIX) for name in archive.namelist())


def read_members(path: Path, largest: int | None = None) -> dict[str, bytes]:
    """The unpacked bytes of all members of a zip file, by the names they have there, unknown kinds among them.

    Raises:
        ArchiveError, OSError: as :func:`read_npz`.
    """
    with _judged(), opened(path) as archive:
        members = archive.infolist()
        _check(members, largest)
        return {info.filename: archive.read(info) for info in members}


def write_npz(file: BinaryIO, arrays: Mapping[str, NDArray]) -> None:
    """Write arrays as ``numpy.savez_compressed`` does, but leave nothing open when the disk is full.

    Raises:
        OSError: it cannot be written.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            with archive.open(name + _SUFFIX, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)  # type: ignore[no-untyped-call]


@contextmanager
def _judged() -> Iterator[None]:
    """Whatever goes wrong with a file that can be read means that it is damaged."""
    try:
        yield
    except (ArchiveError, FileNotFoundError, IsADirectoryError, PermissionError):
        raise
    except Exception as error:  # damaged archives raise a dozen unrelated types (zip, zlib, struct, tokenize, …)
        raise ArchiveError(f"it is damaged ({type(error).__name__})") from error


def _wanted(archive: zipfile.ZipFile, names: Collection[str] | None, largest: int | None) -> dict[str, zipfile.ZipInfo]:
    members = archive.infolist()
    if names is not None:
        members = [info for info in members if info.filename.removesuffix(_SUFFIX) in names]
    _check(members, largest)
    return {info.filename.removesuffix(_SUFFIX): info for info in members}


def _check(members: Collection[zipfile.ZipInfo], largest: int | None) -> None:
    """Nothing is unpacked before its method, its size and its name have been looked at."""
    if len({info.filename.removesuffix(_SUFFIX) for info in members}) < len(members):
        raise ArchiveError("a name is in it twice")
    if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in members):
        raise ArchiveError("it is packed in an unusual way")
    if any(info.flag_bits & ENCRYPTED for info in members):
        raise ArchiveError("it is encrypted")
    if sum(info.file_size for info in members) > (LARGEST_UNPACKED if largest is None else largest):
        raise ArchiveError("it is too large when unpacked")


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray:
    with archive.open(info) as member:
        reader = _HEADER_READERS.get(np.lib.format.read_magic(member))  # type: ignore[no-untyped-call]
        if reader is None:
            raise ArchiveError("an array is of a version that is not known")
        shape, fortran, dtype = reader(member, max_header_size=_LARGEST_HEADER)
        if dtype.kind not in _KINDS or dtype.subdtype is not None:
            raise ArchiveError(f"the array {info.filename[:80]!r} is neither numbers nor text")
        if not all(type(length) is int and length >= 0 for length in shape):
            raise ArchiveError("the shape of an array is broken")
        size = math.prod(shape) * dtype.itemsize
        if size != info.file_size - member.tell():
            raise ArchiveError(f"the array {info.filename[:80]!r} is not as long as it says")
        data = _unpacked(member, size)
    if not dtype.itemsize:
        return np.zeros(shape, dtype)
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


def _unpacked(member: IO[bytes], size: int) -> bytearray:
    data = bytearray()
    while len(data) < size:
        piece = member.read(min(_PIECE, size - len(data)))
        if not piece:
            raise ArchiveError("an array is cut short")
        data += piece
    # The checksum is compared when the end is read.
    if member.read(1):
        raise ArchiveError("an array is longer than it says")
    return data
