# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of docs/panels.md, filled from what the panels show in Blender, so that text and code agree.

``python tests/blender/panel_contents.py``, with a Python that has bpy, fills them; a test sees that they are as they
should be. Each table stands between ``<!-- settings NAME -->`` and ``<!-- end -->``, where NAME is a panel's class or
``preferences``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..project import ROOT, BuildError

PAGE = ROOT / "docs" / "panels.md"
_TABLE = re.compile(r"(<!-- settings (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

#: More choices than these are told by their first ones.
_MOST_CHOICES, _EXAMPLES = 12, 2

Entry = Mapping[str, Any]


def table(entries: Sequence[Entry]) -> str:
    """A Markdown table of settings and buttons; one that is shown twice gets one row."""
    rows = {(entry["name"], _text(entry)): None for entry in entries if entry["name"] and entry["description"]}
    lines = [f"| **{name}** | {text} |" for name, text in rows]
    return "\n".join(["| setting | what it does |", "| --- | --- |", *lines]) + "\n"


def _text(entry: Entry) -> str:
    """The description as a sentence; a list of choices behind it."""
    told = [choice for choice in entry["choices"] if choice["description"]]
    choices = [f"*{choice['name']}*: {choice['description']}" for choice in told]
    if len(told) > _MOST_CHOICES:
        choices = [*choices[:_EXAMPLES], f"… and {len(told) - _EXAMPLES} more"]
    parts = [entry["description"], *choices]
    return "<br>".join(_sentence(part) for part in parts).replace("|", "\\|")


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def fill(page: str, contents: Mapping[str, Sequence[Entry]]) -> str:
    """The page with its tables made anew.

    Raises:
        BuildError: the page asks for a panel that Blender did not show.
    """

    def made(match: re.Match[str]) -> str:
        name = match.group(2)
        if name not in contents:
            raise BuildError(f"{PAGE.name} has a table for {name}, but Blender shows no such panel.")
        return f"{match.group(1)}{table(contents[name])}{match.group(3)}"

    return _TABLE.sub(made, page)


def missing(page: str, contents: Mapping[str, Sequence[Entry]]) -> list[str]:
    """Panels with settings for which the page has no table."""
    named = {match.group(2) for match in _TABLE.finditer(page)}
    return sorted(name for name, entries in contents.items() if entries and name not in named)
