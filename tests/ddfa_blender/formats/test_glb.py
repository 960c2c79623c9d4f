# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import struct

import numpy as np
import pytest

from ddfa_blender.formats.glb import with_duration


def glb(times: list[list[float]], component: int = 5126) -> bytes:
    """A file with an animation of one sampler for each list of times; the second chunk begins with four other bytes."""
    binary, views, accessors = b"\x01\x02\x03\x04", [], []
    for values in times:
        data = np.array(values, "<f4").tobytes()
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(data)})
        accessors.append({"bufferView": len(views) - 1, "componentType": component, "count": len(values),
                          "type": "SCALAR", "min": [min(values)], "max": [max(values)]})  # fmt: skip
        binary += data
    samplers = [{"input": i, "output": i} for i in range(len(times))]
    document = {"asset": {"version": "2.0", "generator": "ü"}, "bufferViews": views, "accessors": accessors}
    if times:
        document["animations"] = [{"samplers": samplers, "channels": []}]
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def read(data: bytes) -> tuple[dict, list[np.ndarray], bytes]:
    assert struct.unpack_from("<4sII", data) == (b"glTF", 2, len(data))
    (size,) = struct.unpack_from("<I", data, 12)
    document, binary = json.loads(data[20 : 20 + size]), data[20 + size + 8 :]
    starts = [view["byteOffset"] for view in document["bufferViews"]]
    counts = [accessor["count"] for accessor in document["accessors"]]
    return document, [np.frombuffer(binary, "<f4", n, at) for n, at in zip(counts, starts, strict=True)], binary


def test_all_times_are_scaled_and_nothing_else() -> None:
    document, times, binary = read(with_duration(glb([[0.0, 0.5, 1.0], [0.0, 0.25]]), 2.0))
    np.testing.assert_allclose(times[0], [0.0, 1.0, 2.0])
    np.testing.assert_allclose(times[1], [0.0, 0.5])
    assert [accessor["max"] for accessor in document["accessors"]] == [[2.0], [0.5]]
    assert binary[:4] == b"\x01\x02\x03\x04" and document["asset"]["generator"] == "ü"


def test_shared_times_are_scaled_once() -> None:
    data = glb([[0.0, 1.0]])
    size = struct.unpack_from("<I", data, 12)[0]
    document = json.loads(data[20 : 20 + size])
    document["accessors"].append(dict(document["accessors"][0]))
    document["animations"][0]["samplers"].append({"input": 1, "output": 1})
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    rest = data[20 + size :]
    whole = (
        struct.pack("<4sII", b"glTF", 2, 20 + len(text) + len(rest)) + struct.pack("<I4s", len(text), b"JSON") + text
    )
    document, _, binary = read_first(with_duration(whole + rest, 3.0))
    np.testing.assert_allclose(np.frombuffer(binary, "<f4", 2, 4), [0.0, 3.0])
    assert [accessor["max"] for accessor in document["accessors"]] == [[3.0], [3.0]]


def read_first(data: bytes) -> tuple[dict, None, bytes]:
    (size,) = struct.unpack_from("<I", data, 12)
    return json.loads(data[20 : 20 + size]), None, data[20 + size + 8 :]


@pytest.mark.parametrize("times", [[], [[0.0, 0.5, 1.0]], [[0.0]]])
def test_what_is_right_already_comes_back_byte_for_byte(times: list[list[float]]) -> None:
    assert with_duration(glb(times), 1.0) == glb(times)


def test_anything_else_is_refused() -> None:
    with pytest.raises(ValueError, match="not a binary glTF"):
        with_duration(b"glTF" + bytes(20), 1.0)
    with pytest.raises(ValueError, match="single precision"):
        with_duration(glb([[0.0, 2.0]], component=5123), 1.0)
