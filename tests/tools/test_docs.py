# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages say is there is there: links, files, commands and their options, the limits of the batch's flags."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ddfa_blender import cli
from ddfa_blender.batch.quality import FLAGS
from tools import command_line
from tools.project import ROOT

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "model").glob("*.md")))
#: Folders in which pages name files by less than their whole path.
_NAMED_FROM = ("ddfa_blender", "scene", "operators", "panels", "training", "tools", "tests", "model", "flamenco")
#: Put there at set-up, or written by the user's own command: a fresh checkout need not have them.
_MADE = ("face_detector.onnx", "regressor.onnx")
#: What a command may follow: a prompt's line, or the quotes of code in a sentence.
_BUILD = re.compile(r"python build\.py ([a-z]+)([^`|\n#]*)")
_CORE = re.compile(r"-m ddfa_blender ([a-z][a-z-]*)([^`|\n#]*)")


def commands(parser: argparse.ArgumentParser) -> dict[str, set[str]]:
    """The options of each sub-command."""
    (subs,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return {name: set(sub._option_string_actions) for name, sub in subs.choices.items()}


def wrong_calls(text: str, pattern: re.Pattern[str], known: dict[str, set[str]]) -> Iterator[str]:
    """Calls in a page of a sub-command that is unknown, or with an option that it does not have."""
    for command, rest in pattern.findall(text):
        if command not in known:
            yield command
        else:
            yield from (f"{command} {option}" for option in re.findall(r"(?<!\w)--?[a-z][a-z-]*", rest)
                        if option not in known[command])  # fmt: skip


def files_named(text: str) -> set[str]:
    """Sources that a page names in code quotes, with ``NAME`` and the like left out."""
    named = re.findall(r"`([\w./-]+\.(?:py|js|toml|onnx))`", text)
    return {name for name in named if not re.search(r"[A-Z]{3}", name) and not name.endswith(_MADE)}


def test_there_are_pages() -> None:
    assert {"README.md", "batch.md", "quick-start.md", "MODEL_CARD.md"} <= {page.name for page in PAGES}
    assert any(_BUILD.search(page.read_text(encoding="utf-8")) for page in PAGES)
    assert any(_CORE.search(page.read_text(encoding="utf-8")) for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if "://" not in link and not (page.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_their_options_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not list(wrong_calls(text, _BUILD, commands(command_line._parser())))
    assert not list(wrong_calls(text, _CORE, commands(cli._parser())))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_modules_that_are_to_be_run_exist(page: Path) -> None:
    names = re.findall(r"python -m ((?:tools|training|tests)\.[\w.]+\w)", page.read_text(encoding="utf-8"))
    places = [ROOT.joinpath(*name.split(".")) for name in names]
    assert not [place for place in places if not place.with_suffix(".py").is_file() and not place.is_dir()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_sources_that_are_named_exist(page: Path) -> None:
    there = [path.as_posix() for folder in _NAMED_FROM for path in (ROOT / folder).rglob("*.*")]
    there += [path.as_posix() for path in ROOT.glob("*.*")]
    named = files_named(page.read_text(encoding="utf-8"))
    assert not {name for name in named if not any(path.endswith(f"/{name}") for path in there)}


def test_the_batchs_page_has_all_its_options_and_the_limits_of_its_flags() -> None:
    text = (ROOT / "docs" / "batch.md").read_text(encoding="utf-8")
    options = {option for option in commands(cli._parser())["batch"] if option.startswith("--")} - {"--help"}
    assert not {option for option in options if f"`{option}" not in text}
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", text, re.MULTILINE)
    described = {name: words for name, words in rows if name in FLAGS}
    assert list(described) == list(FLAGS)
    for name, kind in FLAGS.items():
        assert not kind.limit or f"{'<' if kind.below else '>'} {kind.limit:g}" in described[name], name
