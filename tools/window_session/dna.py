# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender: reads what Blender's own structs hold, where Python has no attribute for it.

Every .blend file carries the layout of all structs that Blender keeps in files ("structure DNA"), and in memory they
are the same. So the layout is read from a file that the running Blender has written, and fits it whatever its version.
"""

from __future__ import annotations

import ctypes
import math
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_POINTER = 8
_LENGTHS = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True)
class Field:
    """Where a field lies in its struct, bytes."""

    offset: int
    size: int


Layouts = Mapping[str, Mapping[str, Field]]


def layouts(blend: bytes) -> dict[str, dict[str, Field]]:
    """Struct → field → place, from an uncompressed .blend file of a 64-bit, little-endian machine.

    Raises:
        ValueError: it holds no structure DNA.
    """
    reader = _Reader(blend, blend.index(b"SDNANAME") + 4)
    names = reader.texts(b"NAME")
    kinds = reader.texts(b"TYPE")
    lengths = reader.shorts(b"TLEN", len(kinds))
    found: dict[str, dict[str, Field]] = {}
    for _number in range(reader.count(b"STRC")):
        kind, fields = reader.pair()
        offset, places = 0, {}
        for _field in range(fields):
            field_kind, name = reader.pair()
            size = _size(names[name], lengths[field_kind])
            places[_bare(names[name])] = Field(offset, size)
            offset += size
        found[kinds[kind]] = places
    return found


def _size(name: str, length: int) -> int:
    """Of a field as DNA declares it: ``*next``, ``panelname[64]``, ``(*function)()``."""
    count = math.prod(int(text) for text in _LENGTHS.findall(name))
    return count * (_POINTER if name.startswith(("*", "(")) else length)


def _bare(name: str) -> str:
    return _LENGTHS.sub("", name).strip("*()")


class _Reader:
    """Goes through the DNA block, whose parts begin at multiples of four bytes from its start."""

    def __init__(self, data: bytes, place: int) -> None:
        self._data, self._place, self._start = data, place, place

    def count(self, part: bytes) -> int:
        self._place += -(self._place - self._start) % 4
        if self._data[self._place : self._place + 4] != part:
            raise ValueError(f"Blender's structure DNA has no part {part.decode()} where it should be")
        (count,) = struct.unpack_from("<i", self._data, self._place + 4)
        self._place += 8
        return int(count)

    def texts(self, part: bytes) -> list[str]:
        found = []
        for _number in range(self.count(part)):
            end = self._data.index(b"\0", self._place)
            found.append(self._data[self._place : end].decode())
            self._place = end + 1
        return found

    def shorts(self, part: bytes, count: int) -> tuple[int, ...]:
        self.count(part)
        self._place -= 4  # this part begins without a count
        found = struct.unpack_from(f"<{count}h", self._data, self._place)
        self._place += 2 * count
        return found

    def pair(self) -> tuple[int, int]:
        first, second = struct.unpack_from("<hh", self._data, self._place)
        self._place += 4
        return first, second


@dataclass(frozen=True)
class Struct:
    """One struct in this process's memory."""

    layouts: Layouts
    kind: str
    address: int

    def number(self, field: str) -> int:
        """An integer field of any size."""
        return int.from_bytes(self._bytes(field), "little", signed=True)

    def text(self, field: str) -> str:
        """A text that the struct holds itself."""
        return self._bytes(field).partition(b"\0")[0].decode()

    def chain(self, field: str, kind: str) -> Iterator[Struct]:
        """The members, of struct ``kind``, of a list."""
        place = self.address + self.layouts[self.kind][field].offset
        address = Struct(self.layouts, "ListBase", place).pointer("first")
        while address:
            member = Struct(self.layouts, kind, address)
            yield member
            address = member.pointer("next")

    def pointer(self, field: str) -> int:
        """An address, 0 for none."""
        return int.from_bytes(self._bytes(field), "little")

    def _bytes(self, field: str) -> bytes:
        place = self.layouts[self.kind][field]
        return ctypes.string_at(self.address + place.offset, place.size)
