# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the weights in a PyTorch checkpoint without PyTorch: its zip format, and the one before 1.6."""

from __future__ import annotations

import io
import math
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..archives import ENCRYPTED, opened
from ..errors import CaptureError
from .plain_pickle import (
    ArrayBuilder,
    Builders,
    FormatError,
    Name,
    as_dictionary,
    checked_shape,
    read_content,
    read_pickle,
)

#: The first pickle of a file in the old format, and the version in its second.
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_VERSION = 1001
_ZIP_MAGIC = b"PK\x03\x04"

_STORAGE_TYPES = {
    Name("torch", "FloatStorage"): "<f4",
    Name("torch", "DoubleStorage"): "<f8",
    Name("torch", "HalfStorage"): "<f2",
    Name("torch", "LongStorage"): "<i8",
    Name("torch", "IntStorage"): "<i4",
    Name("torch", "ShortStorage"): "<i2",
    Name("torch", "CharStorage"): "i1",
    Name("torch", "ByteStorage"): "u1",
    Name("torch", "BoolStorage"): "?",
}


class _Storage:
    """A run of numbers, read after the pickle that refers to it."""

    def __init__(self, dtype: str, count: int) -> None:
        self.dtype, self.count = np.dtype(dtype), count
        self.values: NDArray | None = None

    @property
    def size(self) -> int:
        """Bytes."""
        return self.count * self.dtype.itemsize

    def fill(self, data: bytes) -> None:
        if len(data) != self.size:
            raise FormatError("it is cut short")
        self.values = np.frombuffer(data, self.dtype)


class _Tensor:
    """A view of a storage."""

    def __init__(self, arguments: tuple[Any, ...]) -> None:
        storage, self._offset, shape, strides = arguments[:4]
        if not isinstance(storage, _Storage) or type(self._offset) is not int or self._offset < 0:
            raise FormatError("a tensor is broken")
        self._storage, self._shape = storage, checked_shape(shape)
        expected, step = [], 1
        for length in reversed(self._shape):
            expected.append(step)
            step *= length
        runs = zip(self._shape, checked_shape(strides), expected[::-1], strict=True)
        if any(length > 1 and stride != wanted for length, stride, wanted in runs):
            raise FormatError("a tensor does not lie in one piece")

    def array(self) -> NDArray:
        end = self._offset + math.prod(self._shape)
        if self._storage.values is None or end > self._storage.count:
            raise FormatError("a tensor reaches beyond its storage")
        return self._storage.values[self._offset : end].reshape(self._shape)


_BUILDERS: Builders = {
    Name("torch._utils", "_rebuild_tensor_v2"): _Tensor,
    Name("torch._utils", "_rebuild_parameter"): lambda arguments: arguments[0],
}


class _Storages:
    """The storages that a pickle asks for, by key."""

    def __init__(self) -> None:
        self.by_key: dict[str, _Storage] = {}

    def __call__(self, identity: tuple[Any, ...]) -> _Storage:
        kind, storage_type, key, _, count = identity[:5]
        if kind != "storage" or any(part is not None for part in identity[5:]):
            raise FormatError("it refers to something other than numbers")
        if not isinstance(key, str) or not isinstance(storage_type, Name) or storage_type not in _STORAGE_TYPES:
            raise FormatError("a storage is broken")
        storage = self.by_key.setdefault(key, _Storage(_STORAGE_TYPES[storage_type], *checked_shape((count,))))
        if (storage.dtype, storage.count) != (np.dtype(_STORAGE_TYPES[storage_type]), count):
            raise FormatError("a storage is used as two types")
        return storage


def read_state_dict(path: Path) -> dict[str, NDArray]:
    """The weights of a checkpoint by name, without the ``module.`` that training on several GPUs adds.

    Raises:
        CaptureError: the file cannot be read, is no checkpoint, or holds anything but plain data.
    """
    content = read_content(path)
    try:
        tree = _read_zip(content) if content.startswith(_ZIP_MAGIC) else _read_legacy(content)
        outer = as_dictionary(tree)
        weights = as_dictionary(outer.get("state_dict", outer))
        return {
            str(name).removeprefix("module."): value.array()
            for name, value in weights.items()
            if isinstance(value, ArrayBuilder)
        }
    except (ValueError, zipfile.BadZipFile, NotImplementedError, EOFError, struct.error) as error:
        raise CaptureError(
            f"{path} is not a checkpoint that can be read ({error}); give the authors' .pth or .onnx file."
        ) from error


def _read_pickle(file: io.BytesIO, storages: _Storages) -> Any:
    return read_pickle(file, builders=_BUILDERS, names=frozenset(_STORAGE_TYPES), storage=storages)


def _read_legacy(content: bytes) -> Any:
    """Pickles of a magic number, a version, the machine, the objects and the storages' keys; then the storages."""
    file, storages = io.BytesIO(content), _Storages()
    if read_pickle(file) != _LEGACY_MAGIC or read_pickle(file) != _LEGACY_VERSION:
        raise FormatError("it does not begin as one")
    machine = read_pickle(file)
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise FormatError("it was written on a big-endian machine")
    tree = _read_pickle(file, storages)
    keys = read_pickle(file)
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise FormatError("its storages have no keys")
    for key in keys:
        storage = storages.by_key.get(key)
        if storage is None or file.read(8) != storage.count.to_bytes(8, "little"):
            raise FormatError("its storages are broken")
        storage.fill(file.read(storage.size))
    return tree


def _read_zip(content: bytes) -> Any:
    """``NAME/data.pkl`` holds the objects, ``NAME/data/KEY`` the storages, all of them uncompressed."""
    with opened(content) as archive:
        (pickle_name,) = [name for name in archive.namelist() if name.rsplit("/", 1)[-1] == "data.pkl"]
        folder = pickle_name.removesuffix("data.pkl")
        if f"{folder}byteorder" in archive.namelist() and _stored(archive, f"{folder}byteorder") != b"little":
            raise FormatError("it was written on a big-endian machine")
        storages = _Storages()
        tree = _read_pickle(io.BytesIO(_stored(archive, pickle_name)), storages)
        # Entries of a malicious archive can overlap: together they must not be larger than the file.
        if sum(storage.size for storage in storages.by_key.values()) > len(content):
            raise FormatError("its storages are larger than the file")
        for key, storage in storages.by_key.items():
            storage.fill(_stored(archive, f"{folder}data/{key}"))
    return tree


def _stored(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        info = archive.getinfo(name)
    except KeyError as error:
        raise FormatError(f"the entry {name[:80]!r} is missing") from error
    if info.compress_type != zipfile.ZIP_STORED:
        raise FormatError("an entry is compressed, which PyTorch never does")
    if info.flag_bits & ENCRYPTED:
        raise FormatError("an entry is encrypted")
    return archive.read(info)
