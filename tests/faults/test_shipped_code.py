# SPDX-License-Identifier: GPL-3.0-or-later
"""What the shipped code may not contain: pickles, code made of text, networks, archives that unpack themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("__init__.py", "ddfa_blender", "operators", "panels", "scene", "translations")

#: Modules that nothing shipped imports. The batch's own processes and the optional extra for a cluster are no part of
#: what runs inside Blender.
_MODULES = {
    "pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "joblib", "socket", "ssl", "asyncio", "urllib", "http",
    "ftplib", "smtplib", "xmlrpc", "socketserver", "webbrowser", "requests", "subprocess", "multiprocessing", "pty",
    "code", "runpy", "yaml", "xml",
}  # fmt: skip
_ALLOWED = {"ddfa_blender/batch": {"multiprocessing"}}
#: Calls by name: text that becomes code.
_CALLS = {"eval", "exec", "compile", "__import__", "execfile"}
#: Calls by attribute.
_METHODS = {
    ("os", "system"), ("os", "popen"), ("np", "load"), ("numpy", "load"), ("np", "fromregex"), ("torch", "load"),
    ("utils", "execfile"), ("np", "memmap"),
}  # fmt: skip
_UNPACKERS = {"extractall", "extract", "unpack_archive"}


def _files() -> Iterator[Path]:
    for name in SHIPPED:
        path = ROOT / name
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def findings(text: str, allowed: set[str]) -> list[str]:
    """What a module does that no shipped one may."""
    found = []
    for node in ast.walk(ast.parse(text)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name.split(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [node.module.split(".")[0]]
        found += [f"imports {name}" for name in names if name in _MODULES - allowed]
        if isinstance(node, ast.Call):
            found += _call(node)
    return found


def _call(node: ast.Call) -> list[str]:
    function = node.func
    if isinstance(function, ast.Name) and function.id in _CALLS:
        return [f"calls {function.id}"]
    if isinstance(function, ast.Attribute):
        owner = function.value
        last = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
        if (last, function.attr) in _METHODS or function.attr in _UNPACKERS:
            return [f"calls {last}.{function.attr}"]
        keywords = [word for word in node.keywords if word.arg in ("allow_pickle", "shell")]
        if any(not (isinstance(word.value, ast.Constant) and word.value.value is False) for word in keywords):
            return [f"calls {function.attr} with pickles or a shell"]
    return []


@pytest.mark.parametrize("path", list(_files()), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_shipped_runs_or_sends_what_a_file_says(path: Path) -> None:
    place = path.relative_to(ROOT).as_posix()
    allowed = {name for folder, names in _ALLOWED.items() if place.startswith(folder) for name in names}
    assert findings(path.read_text(encoding="utf-8"), allowed) == []


@pytest.mark.parametrize(
    "text",
    [
        "import pickle", "from urllib.request import urlopen", "eval('1')", "import os\nos.system('x')", "np.load(f)",
        "np.save(f, a, allow_pickle=True)", "archive.extractall(x)", "bpy.utils.execfile(p)", "import socket",
    ],
)  # fmt: skip
def test_the_search_finds(text: str) -> None:
    assert len(findings(text, set())) == 1
