# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

import pytest

from ddfa_blender.console import KNOWN_ENDINGS, Parser, any_text_prints, check_name, path_with
from ddfa_blender.errors import CaptureError


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("head", "head.fbx"), ("head.fbx", "head.fbx"), ("HEAD.FBX", "HEAD.FBX"), ("shot.v2", "shot.v2.fbx"),
        ("sc.0010", "sc.0010.fbx"), ("a.glb/head", "a.glb/head.fbx"), ("名 [1] 'x'", "名 [1] 'x'.fbx"),
        ("-odd", "-odd.fbx"), (".hidden", ".hidden.fbx"),
    ],
)  # fmt: skip
def test_an_ending_is_added_where_it_was_left_out(typed: str, path: str) -> None:
    assert path_with(".fbx")(typed) == Path(path)


@pytest.mark.parametrize("typed", ["head.glb", "head.GLB", "photo.jpg", "take.npz", "notes.txt", "a.usd"])
def test_the_ending_of_another_kind_is_refused(typed: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"let it end in \.fbx"):
        path_with(".fbx")(typed)


@pytest.mark.parametrize("typed", ["", ".", "/", "folder/"])
def test_what_names_no_file_is_refused(typed: str) -> None:
    with pytest.raises(
        argparse.ArgumentTypeError, match=r"is no name of a file; give one that ends in \.usdc or \.usda"
    ):
        path_with(".usdc", ".usda")(typed)


def test_any_of_several_endings_will_do_and_the_first_is_added() -> None:
    assert [path_with(".usdc", ".usda")(name).name for name in ("a", "a.usda", "a.usdc")] == [
        "a.usdc",
        "a.usda",
        "a.usdc",
    ]


def test_known_endings_are_lower_case_and_sorted() -> None:
    assert list(KNOWN_ENDINGS) == sorted({ending.lower() for ending in KNOWN_ENDINGS})
    assert all(ending.startswith(".") and ending.count(".") == 1 for ending in KNOWN_ENDINGS)


def _parser() -> Parser:
    parser = Parser(prog="tool")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    do = commands.add_parser("do")
    do.add_argument("--workers", type=int)
    do.add_argument("--out", type=path_with(".csv"))
    return parser


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "the following arguments are required: COMMAND; `tool --help` says what can be given"),
        (
            ["do", "--workers", "x"],
            "argument --workers: invalid int value: 'x'; `tool do --help` says what can be given",
        ),
        (["do", "--work", "2"], "unrecognized arguments: --work 2; `tool --help` says what can be given"),
        (["do", "--out", "a.png"], "argument --out: a.png has the ending of another kind of file; let it end in .csv"),
    ],
)
def test_wrong_arguments_are_one_line_and_status_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        _parser().parse_args(arguments)
    assert stop.value.code == 2 and capsys.readouterr() == ("", f"error: {said}.\n")


def test_names_that_are_no_text_are_refused() -> None:
    check_name(Path("Größe 名.mp4"))
    with pytest.raises(CaptureError, match=r"^The name a\uFFFD\.mp4 is no text .*; rename the file\.$"):
        check_name(Path("a\udcff.mp4"))


def test_any_text_can_be_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    bytes_written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(bytes_written, encoding="cp1252"))
    monkeypatch.setattr(sys, "stderr", io.StringIO())  # what has no encoding is left alone
    any_text_prints()
    print("größer 名", flush=True)
    assert bytes_written.getvalue() == "größer \\u540d\n".encode("cp1252")
