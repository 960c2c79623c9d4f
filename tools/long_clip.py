# SPDX-License-Identifier: GPL-3.0-or-later
"""Long clips without their bytes: an MP4 file whose tables show its few pictures again and again."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

#: Boxes that hold others, on the way to the tables of samples (``stbl``).
_CONTAINERS = (b"moov", b"trak", b"mdia", b"minf")
#: Where durations lie in the payload of headers of version 0.
_DURATIONS = {b"mvhd": 16, b"tkhd": 20, b"mdhd": 16}


def write_enlarged(source: Path, target: Path, size: tuple[int, int], frames: int) -> Path:
    """Write so many frames of a clip, again from its start when it ends, at another size (width, height), as MP4."""
    video = cv2.VideoCapture(str(source))
    writer = cv2.VideoWriter(str(target), cv2.VideoWriter.fourcc(*"mp4v"), video.get(cv2.CAP_PROP_FPS), size)
    for _ in range(frames):
        read, picture = video.read()
        if not read:
            video.release()
            video = cv2.VideoCapture(str(source))
            _, picture = video.read()
        # The picture keeps its shape in the middle of a mirrored surrounding.
        height = size[1]
        width = min(size[0], round(picture.shape[1] * height / picture.shape[0]))
        left = (size[0] - width) // 2
        large = cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC)
        writer.write(cv2.copyMakeBorder(large, 0, 0, left, size[0] - width - left, cv2.BORDER_REFLECT))
    writer.release()
    return target


def write_repeated(source: Path, target: Path, times: int) -> Path:
    """Write an MP4 file, as :func:`write_enlarged` makes them, that shows all of another one ``times`` times over."""
    target.write_bytes(_repeated(source.read_bytes(), times))
    return target


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and payload of each box."""
    start = 0
    while start < len(data):
        size, kind = struct.unpack_from(">I4s", data, start)
        yield kind, data[start + 8 : start + size]
        start += size


def _box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", len(payload) + 8, kind) + payload


def _repeated(data: bytes, times: int) -> bytes:
    result = bytearray()
    for kind, payload in _boxes(data):
        if kind == b"stbl":
            result += _box(kind, _sample_tables(payload, times))
        elif kind in _CONTAINERS:
            result += _box(kind, _repeated(payload, times))
        elif kind in _DURATIONS:
            place = _DURATIONS[kind]
            (duration,) = struct.unpack_from(">I", payload, place)
            result += _box(kind, payload[:place] + struct.pack(">I", duration * times) + payload[place + 4 :])
        elif kind != b"edts":  # which part is shown: all of it
            result += _box(kind, payload)
    return bytes(result)


def _sample_tables(payload: bytes, times: int) -> bytes:
    tables = dict(_boxes(payload))
    sizes, (chunks,) = tables[b"stsz"], struct.unpack_from(">I", tables[b"stco"], 4)
    (samples,) = struct.unpack_from(">I", sizes, 8)
    tables[b"stsz"] = sizes[:8] + struct.pack(">I", samples * times) + sizes[12:] * times
    tables[b"stts"] = _rows_again(tables[b"stts"], 2, times, 0)
    tables[b"stco"] = _rows_again(tables[b"stco"], 1, times, 0)
    tables[b"stsc"] = _rows_again(tables[b"stsc"], 3, times, chunks)
    tables[b"stss"] = _rows_again(tables[b"stss"], 1, times, samples)
    return b"".join(_box(kind, table) for kind, table in tables.items())


def _rows_again(table: bytes, width: int, times: int, shift: int) -> bytes:
    """A table with its rows of ``width`` numbers repeated, the first number of each ``shift`` larger every time."""
    rows = np.frombuffer(table, ">u4", offset=8).reshape(-1, width)
    repeated = np.tile(rows, (times, 1)).astype(np.int64)
    repeated[:, 0] += np.repeat(np.arange(times), len(rows)) * shift
    return table[:4] + struct.pack(">I", len(repeated)) + repeated.astype(">u4").tobytes()
