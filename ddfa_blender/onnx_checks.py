# SPDX-License-Identifier: GPL-3.0-or-later
"""What an ONNX file of a stranger may not have: numbers that lie in other files.

onnxruntime follows such references anywhere, out of the model's folder and to other machines. So a file is looked
through before it is opened: its messages (protocol buffers) are walked, without the package ``onnx``, which does not
ship.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .errors import CaptureError

#: Larger files are refused unread; our networks have 4 and 7 MB, the authors' largest 13.
LARGEST = 512 * 2**20
#: More fields are refused: a network's numbers are few fields with much data.
_MOST_FIELDS = 1_000_000
#: Message → its fields that hold other messages, by number (onnx.proto).
_INSIDE: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
#: A tensor's fields: where its numbers lie when not in the file, and that they do.
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_FIXED = {_FIXED64: 8, _FIXED32: 4}
#: onnxruntime's own format, which may refer to other files too, says so behind its first four bytes.
_OTHER_FORMAT = b"ORTM"


def read_network(path: Path) -> bytes:
    """The bytes of an ONNX file that needs no other file.

    Raises:
        CaptureError: it cannot be read, is far too large, is damaged, or refers to other files.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise CaptureError(f"{path} is far too large for a face regressor; choose another model folder.")
        content = path.read_bytes()
    except OSError as error:
        raise CaptureError(f"{path} cannot be read ({error.strerror}); check the path.") from error
    try:
        refers = _refers_elsewhere(content)
    except (ValueError, IndexError) as error:
        raise CaptureError(f"{path} cannot be read: it is not an ONNX file or damaged; choose another.") from error
    if refers:
        raise CaptureError(f"{path} keeps its weights in other files; export it again as one file.")
    return content


def _refers_elsewhere(content: bytes) -> bool:
    """Whether a tensor of a model lies in another file.

    Raises:
        ValueError, IndexError: it is no such model.
    """
    if content[4:8] == _OTHER_FORMAT:
        raise ValueError("another format")
    data = memoryview(content)
    # No recursion: messages may be nested as deep as the file is long.
    waiting: list[tuple[str, int, int]] = [("model", 0, len(content))]
    count = 0
    while waiting:
        kind, begin, end = waiting.pop()
        for number, start, stop in _fields(data, begin, end):
            count += 1
            if count > _MOST_FIELDS:
                raise ValueError("it is far too long")
            if kind == "tensor" and number in (_EXTERNAL_DATA, _DATA_LOCATION):
                if number == _EXTERNAL_DATA or any(data[start:stop]):
                    return True
            elif number in _INSIDE[kind]:
                waiting.append((_INSIDE[kind][number], start, stop))
    return False


def _fields(data: memoryview, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The fields of the message that lies in ``data[at:end]``: number, and where the value lies.

    Raises:
        ValueError, IndexError: it is no message.
    """
    while at < end:
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        start = at
        if wire == _VARINT:
            _, at = _varint(data, at)
        elif wire == _LENGTH:
            length, start = _varint(data, at)
            at = start + length
        elif wire in _FIXED:
            at += _FIXED[wire]
        else:
            raise ValueError("a field of an unknown kind")
        # Longer tags are cut off by the readers that it is meant for: they would see another field.
        if at > end or not 0 < tag < 2**32:
            raise ValueError("a field is broken, or reaches beyond its message")
        yield number, start, at


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """A number of up to ten bytes, and where the next thing begins."""
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number without end")
