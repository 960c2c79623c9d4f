# SPDX-License-Identifier: GPL-3.0-or-later
"""What all readers of foreign files have in common: bounded size, known text, plain JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NoReturn

from ..errors import CaptureError
from ..paths import is_file

#: Bytes; an hour of a 63-column CSV at 60 frames per second is 160 MB.
LARGEST = 512 * 2**20
#: How JSON spells halves of a character.
_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def read_bytes(path: Path | str, kind: str, largest: int = LARGEST) -> bytes:
    """The whole file, which is to be a ``kind`` ("mapping", "Live Link Face CSV"), for messages.

    Raises:
        CaptureError: it is missing, cannot be read or is larger than ``largest`` bytes.
    """
    file = Path(path)
    if not is_file(file):
        raise CaptureError(f"There is no file {file}; choose a {kind}.")
    try:
        if file.stat().st_size > largest:
            raise CaptureError(f"{file} is too large for a {kind}; choose another file.")
        return file.read_bytes()
    except OSError as error:
        raise CaptureError(f"{file} cannot be read ({error.strerror}); check its permissions.") from error


def read_text(path: Path | str, kind: str, largest: int = LARGEST) -> str:
    """The whole file as text, a byte-order mark left out; UTF-8, or UTF-16 where a mark says so.

    Raises:
        CaptureError: as in :func:`read_bytes`, or it is no text.
    """
    data = read_bytes(path, kind, largest)
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise CaptureError(f"{path} is not a {kind}: it is no text; choose another file.") from error
    if "\0" in text:
        raise CaptureError(f"{path} is not a {kind}: it is no text; choose another file.")
    return text


def parse_json(text: str, path: Path | str, kind: str) -> dict[str, Any]:
    """The JSON object in ``text``; NaN, infinity and the same key twice are refused.

    Raises:
        CaptureError: it is not JSON, or not an object.
    """
    try:
        value = json.loads(text, parse_constant=_refuse, object_pairs_hook=_object)
        check_characters(text, value)
    except (ValueError, RecursionError) as error:
        raise CaptureError(f"{path} is not a {kind} or is damaged; choose another file.") from error
    if not isinstance(value, dict):
        raise CaptureError(f"{path} is not a {kind}; choose another file.")
    return value


def check_header(value: dict[str, Any], file_format: str, version: int, path: Path | str, kind: str) -> None:
    """Make sure that an object says it is of this format and of a version that we know.

    Raises:
        CaptureError: it does not.
    """
    found = value.get("version")
    if value.get("format") != file_format or type(found) is not int or found < 1:
        raise CaptureError(f"{path} is not a {kind}; choose another file.")
    if found > version:
        raise CaptureError(f"{path} was written by a newer version of this extension; update the extension.")


def check_characters(text: str, value: object) -> None:
    """Make sure that a ``value`` out of JSON ``text`` has no half characters: they can be neither shown nor written.

    Raises:
        ValueError: it has.
    """
    if _HALF.search(text):
        json.dumps(value, ensure_ascii=False).encode()


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"not a JSON number: {constant}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a key is there twice")
    return value
