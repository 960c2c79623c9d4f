# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.formats.reading import check_header, parse_json, read_bytes, read_text

TEXT = "Grüße, 写真\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_texts_come_without_their_marks(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(TEXT.encode(encoding))
    assert read_text(file, "note") == TEXT


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\x00", "\N{LATIN SMALL LETTER U WITH DIAERESIS}".encode("latin-1"), b"a\0b"]
)
def test_what_is_no_text_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(data)
    with pytest.raises(CaptureError, match="is not a note: it is no text; choose another file"):
        read_text(file, "note")


def test_missing_and_oversized_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"There is no file .*; choose a note"):
        read_bytes(tmp_path / "none", "note")
    file = tmp_path / "large"
    file.write_bytes(b"eleven byte")
    assert read_bytes(file, "note", largest=11) == b"eleven byte"
    with pytest.raises(CaptureError, match="is too large for a note"):
        read_bytes(file, "note", largest=10)


@pytest.mark.parametrize(
    "text", ["", "{", '{"a": NaN}', '{"a": -Infinity}', '{"a": 1, "a": 2}', '{"a": "\\ud800"}', "[" * 100_000]
)
def test_json_that_others_would_misread_is_damaged(text: str) -> None:
    with pytest.raises(CaptureError, match=r"a\.json is not a note or is damaged"):
        parse_json(text, "a.json", "note")


@pytest.mark.parametrize("text", ["[]", "1", '"text"', "null"])
def test_json_that_is_no_object_is_another_kind(text: str) -> None:
    with pytest.raises(CaptureError, match=r"a\.json is not a note; choose"):
        parse_json(text, "a.json", "note")


def test_whole_characters_outside_the_basic_plane_are_fine() -> None:
    assert parse_json('{"a": "\\ud83d\\ude00"}', "a.json", "note") == {"a": "\N{GRINNING FACE}"}


def test_headers_of_other_formats_and_newer_versions_are_refused() -> None:
    check_header({"format": "f", "version": 2}, "f", 2, "a.json", "note")
    for header in ({}, {"format": "g", "version": 1}, {"format": "f"}, {"format": "f", "version": True}):
        with pytest.raises(CaptureError, match="is not a note"):
            check_header(header, "f", 2, "a.json", "note")
    with pytest.raises(CaptureError, match="newer version of this extension"):
        check_header({"format": "f", "version": 3}, "f", 2, "a.json", "note")
