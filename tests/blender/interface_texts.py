# SPDX-License-Identifier: GPL-3.0-or-later
"""Every English text of the interface: what Blender knows of the registered classes, and what the code says itself.

    python tests/blender/interface_texts.py      (a Python with bpy) prints those that a language lacks

Texts in the code are found where they are shown: as a layout's ``text``, as a reason why a button is grey, in a report,
in what is handed to Blender's ``pgettext_…``. :func:`untranslated` finds what no table can help: texts that are put
together before they are looked up, and reasons for a grey button's tooltip, which Blender shows as they are. Errors
with values in them stay English (see ``translations``).
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import support

_FOLDERS = ("panels", "operators", "scene")
#: The command line speaks English, like Blender's own.
_COMMAND_LINE = ("command.py", "command_settings.py", "outputs.py")
#: Attributes of classes that Blender shows.
_LABELS = ("bl_label", "bl_category")
#: Functions that look a text up, under the names by which modules import or get them.
_TRANSLATORS = re.compile(r"(pgettext(_\w+)?|iface_|tip_|rpt_|n_|translate)$")
#: Functions that show one of their arguments → which one.
_SHOWN = {
    "draw_text": 2,
    "draw_reason": 2,
    "draw_problem": 2,
    "tell": 0,
    "report": 1,
    "succeed": 0,
    "CaptureError": 0,
    "ModelState": 0,
    "Place": 1,
    "begin": 3,
    "start": 3,
}
#: Blender looks up what those show; not what this one is given, nor what a function of that name returns.
_AS_IT_IS, _TOOLTIP = "poll_message_set", "description"
#: Keywords that take a text to show, of layouts, dialogues, and of the dataclasses that carry a line to a panel.
_KEYWORDS = {"text", "heading", "placeholder", "title", "message", "confirm_text", "note", "problem"}
#: Functions that return a text to show: a reason, a line, what an operator has done.
_RETURNING = re.compile(r"(\w*(reason|problem|text|note|message)|lines_up|run)$")
#: Of these, sentences with values are errors.
_ERRORS = {"CaptureError", "problem"}
#: Words that are the same in every language.
_UNITS = {"s", "min", "h", "fps", "px", "mm"}
#: What a bake or a look at the disk fills in; panels show it in lines of their own, never as properties.
_RESULTS = {"BakedState", "MarkerName", "HeadState", "TakeItem", "TakeList"}


def property_groups() -> list[Any]:
    """The extension's property groups whose properties are shown."""
    properties = support.module("scene.properties")
    seen: list[Any] = []
    waiting = [properties.SceneState, properties.HeadState]
    while waiting:
        cls = waiting.pop()
        if cls not in seen:
            seen.append(cls)
            waiting += [inner for inner in map(inner_group, cls.bl_rna.properties) if inner is not None]
    return [cls for cls in seen if cls.__name__ not in _RESULTS]


def inner_group(prop: Any) -> Any:
    """The property group that a property holds, or None."""
    import bpy

    if prop.type not in ("POINTER", "COLLECTION"):
        return None
    return bpy.types.PropertyGroup.bl_rna_get_subclass_py(prop.fixed_type.identifier)


def own_properties(cls: Any) -> list[Any]:
    """The properties that the extension's code declares on a class; not those of Blender's mix-ins."""
    import bpy

    owners = [base for base in cls.__mro__ if base.__module__.startswith(support.PACKAGE)]
    names = {name for owner in owners for name in inspect.get_annotations(owner)}
    # An operator's properties are its button's, not the class's.
    registered = _operator(cls).get_rna_type() if issubclass(cls, bpy.types.Operator) else cls.bl_rna
    return [prop for prop in registered.properties if prop.identifier in names]


def _operator(cls: Any) -> Any:
    import bpy

    namespace, _, name = cls.bl_idname.partition(".")
    return getattr(getattr(bpy.ops, namespace), name)


def labels() -> set[str]:
    """Names of properties and choices, and what stands on buttons, panels, menus and tabs: they must fit there."""
    found = {label for module in _modules() for label in module.labels}
    for prop in _shown_properties():
        found |= {prop.name, *(item.name for item in _items(prop))}
    return _with_letters(found)


def tooltips() -> set[str]:
    """Of properties, choices, buttons, menus, and of the panels that open from a button."""
    import bpy

    found = set()
    for cls in _classes():
        opens = issubclass(cls, bpy.types.Panel) and cls.bl_region_type == "HEADER"
        if opens or issubclass(cls, (bpy.types.Operator, bpy.types.Menu)):
            found.add(getattr(cls, "bl_description", None) or cls.__doc__)
    for prop in _shown_properties():
        found.add(prop.description)
        found |= {item.description for item in _items(prop)}
    return _with_letters(found)


def _classes() -> Iterator[Any]:
    for package in ("operators", "panels"):
        yield from support.module(package).classes


def _shown_properties() -> Iterator[Any]:
    import bpy

    settings = (bpy.types.Operator, bpy.types.AddonPreferences)
    for cls in [*property_groups(), *(cls for cls in _classes() if issubclass(cls, settings))]:
        for prop in own_properties(cls):
            if inner_group(prop) is None and not prop.is_hidden:
                yield prop


def _items(prop: Any) -> list[Any]:
    """Choices that are fixed; those that a function makes are data."""
    return list(prop.enum_items_static) if prop.type == "ENUM" else []


def written_texts() -> set[str]:
    """Constants that the code shows."""
    return _with_letters({text for module in _modules() for text in module.texts})


def untranslated(*folders: str) -> list[str]:
    """``file:line: code`` that shows a text which nobody can have looked up; in ``folders``, without any in all."""
    found = (each for module in _modules(*folders) for each in module.untranslated)
    return [f"{place}: {code}" for place, code in found]


def _modules(*folders: str) -> Iterator[Module]:
    for folder in folders or _FOLDERS:
        for path in sorted((support.ROOT / folder).rglob("*.py")):
            if path.name not in _COMMAND_LINE:
                yield Module(path)


class Module:
    """``labels`` of a file's classes, other ``texts`` that it shows, and what it shows ``untranslated``: (place, code).

    Labels are read from the file: Blender itself changes that of the presets' panel to the chosen preset's name.
    """

    def __init__(self, path: Path) -> None:
        self.labels: set[str] = set()
        self.texts: set[str] = set()
        self.untranslated: dict[tuple[str, str], None] = {}
        self._path, self._is_panel = path, path.parent.name == "panels"
        tree = ast.parse(path.read_text(encoding="utf-8"))
        self._scope = _bound_names(tree.body)
        self._visit(tree)

    def _visit(self, node: ast.AST) -> None:
        outside = self._scope
        if isinstance(node, ast.FunctionDef):
            own: dict[str, list[ast.expr]] = {argument.arg: [] for argument in node.args.args}
            self._scope = {**outside, **own, **_bound_names(ast.walk(node))}
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return) and inner.value is not None:
                    self._visit_returned(node.name, inner.value)
        if isinstance(node, ast.ClassDef):
            named = _bound_names(node.body)
            self.labels |= {label.value for name in _LABELS for label in named.get(name, []) if _is_text(label)}
        if isinstance(node, ast.Call):
            self._visit_call(node)
        elif isinstance(node, ast.JoinedStr) and self._is_panel and _has_words(node) and " " in ast.unparse(node):
            self._complain(node)  # panels build nothing but texts and, without spaces, names of properties
        for child in ast.iter_child_nodes(node):
            self._visit(child)
        self._scope = outside

    def _visit_returned(self, function: str, value: ast.expr) -> None:
        if function == _TOOLTIP and not _is_translated(value):
            self._complain(value)
        elif _RETURNING.match(function):
            self._show(value, is_error=function in _ERRORS)

    def _visit_call(self, call: ast.Call) -> None:
        name = _called(call)
        if _TRANSLATORS.match(name) and call.args:
            self._show(call.args[0])
        elif name == _AS_IT_IS and not any(_is_translated(argument) for argument in call.args):
            self._complain(call)
        elif name in _SHOWN and len(call.args) > _SHOWN[name]:
            self._show(call.args[_SHOWN[name]], is_error=name in _ERRORS)
        for keyword in call.keywords:
            if keyword.arg in _KEYWORDS:
                self._show(keyword.value, is_error=keyword.arg in _ERRORS)

    def _show(self, node: ast.expr, *, is_error: bool = False) -> None:
        """Take down what is shown. The values in an error are its own."""
        for part in self._resolved(node):
            if _is_text(part):
                self.texts.add(part.value)
            elif _has_words(part) and not is_error:
                self._complain(part)

    def _complain(self, node: ast.expr) -> None:
        place = f"{self._path.relative_to(support.ROOT).as_posix()}:{node.lineno}"
        self.untranslated[place, ast.unparse(node)] = None

    def _resolved(self, node: ast.expr, seen: tuple[str, ...] = ()) -> Iterator[ast.expr]:
        """What an expression may stand for: the branches of a choice, the values that a name was given."""
        if isinstance(node, ast.IfExp):
            parts = [node.body, node.orelse]
        elif isinstance(node, ast.BoolOp):
            parts = node.values
        elif isinstance(node, ast.Name) and node.id not in seen:
            parts, seen = self._scope.get(node.id, []), (*seen, node.id)
        else:
            yield node
            return
        for part in parts:
            yield from self._resolved(part, seen)


def _bound_names(nodes: Iterable[ast.AST]) -> dict[str, list[ast.expr]]:
    """Name → expressions that the nodes give it, by assignment or by a loop over literals."""
    found: dict[str, list[ast.expr]] = {}
    for node in nodes:
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                _bind(target, node.value, found)
        elif isinstance(node, ast.For) and isinstance(node.iter, (ast.Tuple, ast.List)):
            for item in node.iter.elts:
                _bind(node.target, item, found)
    return found


def _bind(target: ast.expr, value: ast.expr, found: dict[str, list[ast.expr]]) -> None:
    if isinstance(target, ast.Name):
        found.setdefault(target.id, []).append(value)
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for inner, part in zip(target.elts, value.elts, strict=False):
            _bind(inner, part, found)


def _called(call: ast.Call) -> str:
    function = call.func
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _is_translated(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and _TRANSLATORS.match(_called(node)) is not None


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _has_words(node: ast.expr) -> bool:
    """Joined or filled in, with words of its own that no translator sees."""
    if _is_text(node):
        return bool(_words(node.value))
    if isinstance(node, ast.JoinedStr):
        return any(_words(part.value) for part in node.values if _is_text(part))
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod)):
        return _has_words(node.left) or _has_words(node.right)
    if isinstance(node, ast.IfExp):
        return _has_words(node.body) or _has_words(node.orelse)
    filled_in = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"
    return filled_in and _has_words(node.func.value)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", text)) - _UNITS


def _with_letters(texts: set[str]) -> set[str]:
    """Without those that are the same in every language: numbers and signs."""
    return {text.strip() for text in texts if text and any(letter.isalpha() for letter in text)}


def all_texts() -> list[str]:
    """Sorted, each once."""
    return sorted(labels() | tooltips() | written_texts())


def missing() -> dict[str, list[str]]:
    """Language → texts that it lacks."""
    return {
        language: [text for text in all_texts() if ("*", text) not in table]
        for language, table in support.module("translations").messages().items()
    }


def obsolete() -> dict[str, list[str]]:
    """Language → texts that it has and that exist no more."""
    texts = set(all_texts())
    return {
        language: sorted({english for _, english in table} - texts)
        for language, table in support.module("translations").messages().items()
    }


if __name__ == "__main__":
    support.prepare_user_folder()
    import bpy

    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    support.enable_extension()
    for title, found in (("lacks", missing()), ("has, but nobody shows", obsolete())):
        for code, lines in found.items():
            for line in lines:
                print(f"{code} {title}: {line!r}")
    for line in untranslated():
        print(f"nobody translates {line}")
    sys.stdout.flush()
    import os

    support.discard_user_folder()
    os._exit(0)
