# SPDX-License-Identifier: GPL-3.0-or-later
"""Put the times of a binary glTF file right.

Blender's exporter divides frames by ``fps × fps_base`` where the frame rate is ``fps ÷ fps_base``: at 29.97 frames per
second its animations end two thousandths early, a tenth of a second in a minute.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

_HEADER, _CHUNK = struct.Struct("<4sII"), struct.Struct("<I4s")
_JSON, _BINARY = b"JSON", b"BIN\0"
_FLOAT = 5126
#: Relative error of the duration that single precision leaves.
_TOLERANCE = 1e-5


def with_duration(data: bytes, seconds: float) -> bytes:
    """The file's bytes with all times of its animations scaled so that the longest ends at ``seconds``.

    Those of a file that does so already, or that has no animation, come back as they are.

    Raises:
        ValueError: it is no binary glTF, or its times are not plain numbers of single precision.
    """
    try:
        return _with_duration(data, seconds)
    except (LookupError, TypeError, AttributeError, OverflowError, RecursionError, struct.error) as error:
        raise ValueError("not a binary glTF file, or a damaged one") from error


def _with_duration(data: bytes, seconds: float) -> bytes:
    document, binary = _chunks(data)
    inputs = sorted({s["input"] for a in document.get("animations", []) for s in a["samplers"]})
    times = {index: _times(document, binary, index) for index in inputs}
    longest = max((float(t.max()) for t in times.values() if t.size), default=0.0)
    if longest <= 0.0 or abs(longest - seconds) <= _TOLERANCE * seconds:
        return data
    factor = seconds / longest
    # Accessors may share their place in memory.
    for array in {t.__array_interface__["data"][0]: t for t in times.values()}.values():
        array[:] = array * np.float32(factor)
    for index, t in times.items():
        document["accessors"][index].update(min=[float(t.min())], max=[float(t.max())])
    return _joined(document, bytes(binary))


def _chunks(data: bytes) -> tuple[dict[str, Any], bytearray]:
    magic, version, length = _HEADER.unpack_from(data)
    if magic != b"glTF" or version != 2 or length != len(data):
        raise ValueError("not a binary glTF file of version 2")
    found, place = {}, _HEADER.size
    while place < length:
        size, kind = _CHUNK.unpack_from(data, place)
        found[kind] = data[place + _CHUNK.size : place + _CHUNK.size + size]
        place += _CHUNK.size + size
    return json.loads(found[_JSON]), bytearray(found.get(_BINARY, b""))


def _times(document: dict[str, Any], binary: bytearray, index: int) -> NDArray[np.float32]:
    """An animation's times (N,), which can be changed in place."""
    accessor = document["accessors"][index]
    plain = accessor["componentType"] == _FLOAT and accessor["type"] == "SCALAR" and "sparse" not in accessor
    view = document["bufferViews"][accessor["bufferView"]] if plain else {"byteStride": 1}
    if not plain or view.get("byteStride", 4) != 4:
        raise ValueError("times are not plain numbers of single precision")
    start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    return np.frombuffer(binary, "<f4", accessor["count"], start)


def _joined(document: dict[str, Any], binary: bytes) -> bytes:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    chunks = _CHUNK.pack(len(text), _JSON) + text + _CHUNK.pack(len(binary), _BINARY) + binary
    return _HEADER.pack(b"glTF", 2, _HEADER.size + len(chunks)) + chunks
