# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths that the system refuses to look at are said to hold nothing, instead of raising what nobody expects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ddfa_blender.batch.clips import find_clips
from ddfa_blender.errors import CaptureError
from ddfa_blender.formats.reading import read_bytes
from ddfa_blender.model_folder import ModelFolder
from ddfa_blender.paths import is_file, is_folder
from ddfa_blender.solutions import take_at
from ddfa_blender.take import Take

#: No system takes a name of so many characters.
TOO_LONG = "a" * 300


def test_what_is_there(tmp_path: Path) -> None:
    file = tmp_path / "größe 名.npz"
    file.touch()
    assert is_file(file) and is_file(str(file)) and not is_folder(file)
    assert is_folder(tmp_path) and not is_file(tmp_path)
    assert not is_file(tmp_path / "none") and not is_folder(tmp_path / "none")


def test_what_the_system_does_not_tell_is_not_there(tmp_path: Path) -> None:
    assert not is_file(tmp_path / TOO_LONG) and not is_folder(tmp_path / TOO_LONG)


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (ModelFolder.at, "is not a model folder"),
        (Take.load, "There is no take at"),
        (take_at, "There is no take at"),
        (lambda path: read_bytes(path, "mapping"), "There is no file"),
    ],
    ids=["model", "take", "take_at", "read_bytes"],
)
def test_readers_say_it_in_a_sentence(tmp_path: Path, read: Callable[[Path], object], message: str) -> None:
    with pytest.raises(CaptureError, match=message):
        read(tmp_path / TOO_LONG)


def test_a_clip_of_such_a_name_fails_when_its_turn_comes(tmp_path: Path) -> None:
    assert [clip.path.name for clip in find_clips([tmp_path / TOO_LONG])] == [TOO_LONG]
