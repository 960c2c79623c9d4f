# SPDX-License-Identifier: GPL-3.0-or-later
"""Text files are read and written as UTF-8 everywhere: without being told, Python takes the system's encoding."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tools.project import ROOT

FOLDERS = ("ddfa_blender", "operators", "panels", "scene", "translations", "tools", "tests", "training")


class _Call(NamedTuple):
    """Where a call has its mode and its encoding, if they have no names; 9 = nowhere."""

    mode: int
    encoding: int


_METHODS = {"read_text": _Call(9, 0), "write_text": _Call(9, 1), "open": _Call(0, 2)}
_FUNCTIONS = {"open": _Call(1, 3)}


def without_encoding(text: str) -> Iterator[int]:
    """Lines in which a text file is opened, read or written in whatever encoding the system has."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or any(word.arg in ("encoding", None) for word in node.keywords):
            continue
        if isinstance(node.func, ast.Attribute):
            called, places = node.func.attr, _METHODS
        else:
            called, places = getattr(node.func, "id", ""), _FUNCTIONS
        if called in places and len(node.args) <= places[called].encoding and not _other(node, places[called]):
            yield node.lineno


def _other(node: ast.Call, call: _Call) -> bool:
    """Whether a call opens a binary file, or something else than a file: the member of an archive."""
    modes = [word.value for word in node.keywords if word.arg == "mode"] + node.args[call.mode : call.mode + 1]
    return any(not isinstance(mode, ast.Constant) or not set(str(mode.value)) <= set("rwxat+") for mode in modes)


@pytest.mark.parametrize("folder", [*FOLDERS, "."])
def test_every_text_file_has_its_encoding(folder: str) -> None:
    files = sorted((ROOT / folder).glob("*.py") if folder == "." else (ROOT / folder).rglob("*.py"))
    found = {f"{path.relative_to(ROOT)}:{line}" for path in files for line in without_encoding(path.read_text("utf-8"))}
    assert not found


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("p.read_text()", 1), ("p.write_text('x')", 1), ("open(p)", 1), ("open(p, 'w')", 1), ("p.open('w')", 1),
        ("p.open(mode='r')", 1), ("p.open()", 1), ("p.read_text('utf-8')", 0), ("p.read_text(encoding='utf-8')", 0),
        ("p.write_text('x', 'utf-8')", 0), ("open(p, 'rb')", 0), ("p.open('rb')", 0), ("archive.open('a.npy', 'w')", 0),
        ("open(p, 'w', encoding='utf-8')", 0),
    ],
)  # fmt: skip
def test_the_search_finds_what_it_is_for(text: str, count: int) -> None:
    assert len(list(without_encoding(text))) == count


def test_there_is_something_to_search() -> None:
    assert all(any((ROOT / folder).rglob("*.py")) for folder in FOLDERS)
