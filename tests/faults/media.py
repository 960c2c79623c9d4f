# SPDX-License-Identifier: GPL-3.0-or-later
"""Broken footage, made here: AVI files written by hand, whose headers may claim anything, and MP4 files cut about."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.ddfa_blender.support import find_box, set_frame_durations


@dataclass(frozen=True)
class Claims:
    """What an AVI's headers say; None = the truth."""

    width: int | None = None
    height: int | None = None
    frames: int | None = None


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _list(kind: bytes, data: bytes) -> bytes:
    return _chunk(b"LIST", kind + data)


def write_avi(path: Path, pictures: Iterable[NDArray[np.uint8]], claims: Claims | None = None, fps: int = 25) -> Path:
    """RGB pictures of any sizes as Motion JPEG."""
    claims = claims or Claims()
    shown = list(pictures)
    jpegs = [cv2.imencode(".jpg", picture[..., ::-1])[1].tobytes() for picture in shown]
    return _write(path, jpegs, shown[0].shape, claims, fps)


def _write(path: Path, jpegs: Sequence[bytes], shape: tuple[int, ...], claims: Claims, fps: int) -> Path:
    width = shape[1] if claims.width is None else claims.width
    height = shape[0] if claims.height is None else claims.height
    count = len(jpegs) if claims.frames is None else claims.frames
    main = struct.pack("<14I", 1_000_000 // fps, 10**7, 0, 0x10, count, 0, 1, 10**6, width, height, 0, 0, 0, 0)
    stream = b"vidsMJPG" + struct.pack(
        "<IHHIIIIIIII4H", 0, 0, 0, 0, 1, fps, 0, count, 10**6, 10_000, 0, 0, 0, width & 0xFFFF, height & 0xFFFF
    )
    picture = struct.pack("<IiiHH4sIiiII", 40, width, height, 1, 24, b"MJPG", width * height * 3, 0, 0, 0, 0)
    header = _list(b"hdrl", _chunk(b"avih", main) + _list(b"strl", _chunk(b"strh", stream) + _chunk(b"strf", picture)))
    frames, index, offset = b"", b"", 4
    for jpeg in jpegs:
        chunk = _chunk(b"00dc", jpeg)
        index += struct.pack("<4sIII", b"00dc", 0x10, offset, len(jpeg))
        frames, offset = frames + chunk, offset + len(chunk)
    body = b"AVI " + header + _list(b"movi", frames) + _chunk(b"idx1", index)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def write_wave(path: Path, seconds: float = 0.5) -> Path:
    """Sound and nothing else."""
    data = np.zeros(round(8000 * seconds), "<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
    body = b"WAVE" + _chunk(b"fmt ", form) + _chunk(b"data", data)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def media_range(data: bytes) -> tuple[int, int]:
    """Where an MP4 keeps its packets: first byte and the one behind the last."""
    start = find_box(data, b"mdat")
    (size,) = struct.unpack_from(">I", data, start)
    return start + 8, start + size


def with_hole(path: Path, first: float, last: float) -> Path:
    """An MP4 whose packets between two shares of its length are noise."""
    data = bytearray(path.read_bytes())
    start, end = media_range(bytes(data))
    low, high = (start + round(share * (end - start)) for share in (first, last))
    data[low:high] = np.random.default_rng(5).integers(0, 256, high - low, dtype=np.uint8).tobytes()
    path.write_bytes(bytes(data))
    return path


def with_durations(path: Path, durations: list[int]) -> Path:
    """An MP4 whose frames last so many ticks each, and whose edit list does not cut them off."""
    set_frame_durations(path, durations)
    data = bytearray(path.read_bytes())
    edits = find_box(bytes(data), b"moov", b"trak", b"edts", b"elst")
    struct.pack_into(">I", data, edits + 16, 10**9)
    path.write_bytes(bytes(data))
    return path
