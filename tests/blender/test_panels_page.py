# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/panels.md has every setting and button of the panels, in their order and words, and nothing else."""

from __future__ import annotations

import ast
import sys

import panel_contents
import pytest
import support

sys.path.insert(0, str(support.ROOT))
from tools.window_session import panel_tables

#: Methods of a layout that draw a setting or a button → which argument names it.
_DRAWING = {"prop": 1, "prop_search": 1, "operator": 0, "operator_menu_enum": 0}


@pytest.fixture
def contents() -> dict[str, list[dict[str, object]]]:
    return panel_contents.contents()


def named_in_code() -> set[str]:
    """Settings and buttons that the panels' modules name where they draw them."""
    found = set()
    for path in (support.ROOT / "panels").glob("*.py"):
        if path.name == "menus.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            kind = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
            if kind in _DRAWING and len(node.args) > _DRAWING[kind]:
                name = node.args[_DRAWING[kind]]
                if isinstance(name, ast.Constant):
                    found.add(name.value)
    return found


def test_every_state_of_the_panels_is_looked_at(contents) -> None:
    named, seen = named_in_code(), {entry["id"] for entries in contents.values() for entry in entries}
    assert len(named) > 60
    assert not named - seen


def test_the_page_says_what_the_panels_say(contents) -> None:
    """Where it does not: ``python tests/blender/panel_contents.py`` fills its tables anew."""
    page = panel_tables.PAGE.read_text(encoding="utf-8")
    assert panel_tables.fill(page, contents) == page
    assert panel_tables.missing(page, contents) == []


def test_buttons_that_share_an_operator_say_what_each_does(contents) -> None:
    level = [entry for entry in contents["DDFA_PT_head"] if entry["id"] == "ddfa.level_head"]
    assert len(level) == 3 and len({entry["description"] for entry in level}) == 3


def test_what_is_drawn_later_goes_where_it_belongs() -> None:
    known: list[dict[str, object]] = []
    for state in ("ad", "abd", "dcde", "xb"):
        panel_contents._merge(known, [{"id": letter} for letter in state])
    assert "".join(str(entry["id"]) for entry in known) == "axbcde"
