# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender keeps a preset as a Python script of assignments. Here it is read as text: nothing in it is ever run.

Presets are handed around, and a script from a stranger could do anything. What Blender writes is few kinds of lines::

    settings = bpy.context.scene.ddfa.current()
    settings.head.neck_share = 0.8
    settings.cleanup.channel_gains.clear()
    item_sub_1 = settings.cleanup.channel_gains.add()
    item_sub_1.name = 'jawOpen'
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Literal

from .errors import CaptureError

Value = bool | int | float | str | tuple[bool | int | float, ...] | set[str]
Kind = Literal["set", "clear", "add"]

#: Bytes of a preset's file, its characters, and its lines; ours has about forty.
LARGEST_FILE, _LARGEST, _MOST_STEPS = 1_000_000, 200_000, 5_000
#: What stands for the settings themselves.
_ROOT = ("bpy", "context", "scene", "ddfa", "current")


@dataclass(frozen=True)
class Step:
    """One line: what to do with the property at ``path`` below the settings (``item`` = None) or below an item."""

    kind: Kind
    item: str | None  # name that an earlier "add" gave
    path: tuple[str, ...]
    value: Value | None = None  # of "set"; of "add" the new item's name


def read_preset(text: str) -> list[Step]:
    """The steps of a preset.

    Raises:
        CaptureError: it holds something other than plain assignments of plain values.
    """
    if len(text) > _LARGEST:
        raise CaptureError("The preset is far too long to be one; choose another.")
    try:
        lines = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise CaptureError("The preset is damaged and cannot be read; choose another.") from error
    if len(lines) > _MOST_STEPS:
        raise CaptureError("The preset is far too long to be one; choose another.")
    known: dict[str, tuple[str | None, tuple[str, ...]]] = {}
    steps: list[Step] = []
    for line in lines:
        step = _step(line, known)
        if step is not None:
            steps.append(step)
    return steps


_Known = dict[str, tuple[str | None, tuple[str, ...]]]


def _step(line: ast.stmt, known: _Known) -> Step | None:
    if isinstance(line, ast.Import) and [name.name for name in line.names] == ["bpy"]:
        return None
    if isinstance(line, ast.Expr) and isinstance(line.value, ast.Call):
        item, path = _called(line.value, "clear", known, line.lineno)
        return Step("clear", item, path)
    if isinstance(line, ast.Assign) and len(line.targets) == 1:
        target, value = line.targets[0], line.value
        if isinstance(target, ast.Name):
            return _named(target.id, value, known, line.lineno)
        if isinstance(target, ast.Attribute):
            item, path = _place(target, known, line.lineno)
            return Step("set", item, path, _value(value, line.lineno))
    raise _not_plain(line.lineno)


def _named(name: str, value: ast.expr, known: _Known, line: int) -> Step | None:
    """``name = settings.group``, or ``name = settings.list.add()``."""
    names = _names(value)
    if names is None and isinstance(value, ast.Call):
        item, path = _called(value, "add", known, line)
        known[name] = name, ()
        return Step("add", item, path, name)
    known[name] = _place(value, known, line)
    return None


def _called(call: ast.Call, method: str, known: _Known, line: int) -> tuple[str | None, tuple[str, ...]]:
    function = call.func
    if call.args or call.keywords or not isinstance(function, ast.Attribute) or function.attr != method:
        raise _not_plain(line)
    return _place(function.value, known, line)


def _place(node: ast.expr, known: _Known, line: int) -> tuple[str | None, tuple[str, ...]]:
    names = _names(node)
    if names is None:
        raise _not_plain(line)
    if names[: len(_ROOT)] == _ROOT:
        item, path = None, names[len(_ROOT) :]
    elif names[0] in known:
        item, before = known[names[0]]
        path = before + names[1:]
    else:
        raise _not_plain(line)
    if any(name.startswith("_") for name in path):
        raise _not_plain(line)
    return item, path


def _names(node: ast.expr) -> tuple[str, ...] | None:
    """``a.b.c`` as its names, the call of ``current()`` among them; None = something else."""
    found: list[str] = []
    while True:
        if isinstance(node, ast.Call) and not node.args and not node.keywords:
            node = node.func
            if not isinstance(node, ast.Attribute) or node.attr != _ROOT[-1]:
                return None
        elif isinstance(node, ast.Attribute):
            found.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Name):
            return (node.id, *reversed(found))
        else:
            return None


def _value(node: ast.expr, line: int) -> Value:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise _not_plain(line) from error
    parts = value if isinstance(value, tuple) else ()
    plain = isinstance(value, bool | int | float | str) or (isinstance(value, tuple) and len(parts) <= 64)
    plain = plain and all(isinstance(part, bool | int | float) for part in parts)
    if isinstance(value, set) and all(isinstance(part, str) for part in value):
        plain = True
    if not plain:
        raise _not_plain(line)
    return value  # type: ignore[no-any-return]


def _not_plain(line: int) -> CaptureError:
    return CaptureError(f"Line {line} of the preset is not a setting; presets that run code are not used.")
