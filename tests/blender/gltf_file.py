# SPDX-License-Identifier: GPL-3.0-or-later
"""A small reader of binary glTF, written from the format's specification: what the tests need and no more."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

_TYPES = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


@dataclass(frozen=True)
class Gltf:
    """The JSON chunk and the binary one."""

    json: dict[str, Any]
    binary: bytes

    @classmethod
    def read(cls, path: Path) -> Gltf:
        """The two chunks of a ``.glb`` file."""
        data = path.read_bytes()
        magic, version, length = struct.unpack_from("<4sII", data)
        assert (magic, version, length) == (b"glTF", 2, len(data))
        chunks, place = {}, 12
        while place < length:
            size, kind = struct.unpack_from("<I4s", data, place)
            chunks[kind] = data[place + 8 : place + 8 + size]
            place += 8 + size
        return cls(json.loads(chunks[b"JSON"]), chunks[b"BIN\0"])

    def accessor(self, index: int) -> np.ndarray:
        """The values (N,) or (N, width), sparse ones filled in."""
        a = self.json["accessors"][index]
        dtype, width = np.dtype(_TYPES[a["componentType"]]), _WIDTHS[a["type"]]
        values = np.zeros((a["count"], width), dtype)
        if "bufferView" in a:
            values = self._view(a["bufferView"], a.get("byteOffset", 0), dtype, a["count"], width)
        if "sparse" in a:
            values, sparse = values.copy(), a["sparse"]
            at, held = sparse["indices"], sparse["values"]
            number = np.dtype(_TYPES[at["componentType"]])
            rows = self._view(at["bufferView"], at.get("byteOffset", 0), number, sparse["count"], 1)[:, 0]
            values[rows] = self._view(held["bufferView"], held.get("byteOffset", 0), dtype, sparse["count"], width)
        return values[:, 0] if width == 1 else values

    def _view(self, view: int, offset: int, dtype: np.dtype, count: int, width: int) -> np.ndarray:
        v = self.json["bufferViews"][view]
        start = v.get("byteOffset", 0) + offset
        stride = v.get("byteStride", dtype.itemsize * width)
        return np.ndarray((count, width), dtype, self.binary, start, (stride, dtype.itemsize))

    def channels(self, animation: int = 0) -> dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]:
        """Times and values of an animation's channels by the names of node and property."""
        found = {}
        anim = self.json["animations"][animation]
        for channel in anim["channels"]:
            sampler = anim["samplers"][channel["sampler"]]
            assert sampler.get("interpolation", "LINEAR") in ("LINEAR", "STEP")
            node = self.json["nodes"][channel["target"]["node"]]["name"]
            pair = self.accessor(sampler["input"]), self.accessor(sampler["output"])
            found[node, channel["target"]["path"]] = pair
        return found
