# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path

import pytest

from ddfa_blender.batch.clips import find_clips
from ddfa_blender.errors import CaptureError


def files(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def found(*arguments: object, leave_out: Path | None = None) -> list[tuple[str, str]]:
    clips = find_clips([str(argument) for argument in arguments], leave_out)
    return [(str(clip.path.relative_to(clip.root)), clip.root.name) for clip in clips]


def test_a_folder_is_searched_for_videos_in_the_order_of_their_names(tmp_path: Path) -> None:
    files(tmp_path, "b.MOV", "a.mp4", "day 2/ü.mkv", "note.txt", "photo.png", ".hidden.mp4", ".cache/c.mp4", "a.npz")
    names = [("a.mp4", tmp_path.name), ("b.MOV", tmp_path.name), (str(Path("day 2", "ü.mkv")), tmp_path.name)]
    assert found(tmp_path) == names


def test_results_inside_the_clips_folder_are_not_clips(tmp_path: Path) -> None:
    files(tmp_path, "a.mp4", "out/proxy.mp4")
    assert len(found(tmp_path)) == 2
    assert found(tmp_path, leave_out=tmp_path / "out") == [("a.mp4", tmp_path.name)]


@pytest.mark.skipif(os.name != "posix", reason="Windows allows links to few")
def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    files(tmp_path, "real/a.mp4", "in/b.mp4")
    (tmp_path / "in" / "linked").symlink_to(tmp_path / "real")
    (tmp_path / "in" / "up").symlink_to(tmp_path / "in")
    assert [name for name, _ in found(tmp_path / "in")] == ["b.mp4", "linked/a.mp4"]


def test_a_name_that_begins_like_a_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files(tmp_path, "~nobody-of-this-name.mp4")
    monkeypatch.chdir(tmp_path)
    assert found("~nobody-of-this-name.mp4") == [("~nobody-of-this-name.mp4", tmp_path.name)]


def test_globs_reach_into_folders_and_take_what_they_match(tmp_path: Path) -> None:
    files(tmp_path, "s1/a.mp4", "s1/b.xyz", "s2/deep/c.mp4", "s2/d.mov")
    inside = [str(Path("s1", "a.mp4")), str(Path("s2", "deep", "c.mp4"))]
    assert found(tmp_path / "**" / "*.mp4") == [(name, tmp_path.name) for name in inside]
    assert found(tmp_path / "s1" / "*.xyz") == [("b.xyz", "s1")]


def test_wildcards_are_those_of_the_argument_not_of_the_folder_it_counts_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = tmp_path / "shots [day 1]"
    files(day, "a.mp4", "cam/b.mp4", "list.txt")
    (day / "list.txt").write_text("cam/*.mp4\n", encoding="utf-8")
    monkeypatch.chdir(day)
    assert found("*.mp4") == [("a.mp4", day.name)]
    assert found("../shots*/cam/*.mp4") == [(str(Path("shots [day 1]", "cam", "b.mp4")), tmp_path.name)]
    monkeypatch.chdir(tmp_path)
    assert found(day / "list.txt") == [("b.mp4", "cam")]


def test_a_name_with_brackets_is_a_file_when_there_is_one(tmp_path: Path) -> None:
    files(tmp_path, "take [1].mp4")
    assert found(tmp_path / "take [1].mp4") == [("take [1].mp4", tmp_path.name)]


def test_pictures_of_one_sequence_are_one_clip(tmp_path: Path) -> None:
    files(tmp_path, *(f"shot_{i:04}.png" for i in range(1, 5)), "other_07.png", "other_08.png", "alone.png")
    names = [name for name, _ in found(tmp_path / "*.png")]
    assert names == ["alone.png", "other_07.png", "shot_0001.png"]


def test_a_list_names_clips_from_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files(tmp_path, "clips/a b.mp4", "clips/more/c.mp4", "d.mp4")
    (tmp_path / "list.txt").write_text("\ufeff# first day\nclips/a b.mp4\n\n  clips/more  \nd.mp4\ngone.mp4\n", "utf-8")
    monkeypatch.chdir("/")
    clips = find_clips([str(tmp_path / "list.txt")])
    assert [clip.path.name for clip in clips] == ["a b.mp4", "c.mp4", "d.mp4", "gone.mp4"]
    assert all(clip.path.is_absolute() for clip in clips)


def test_a_clip_named_twice_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files(tmp_path, "a.mp4", "b.mp4")
    monkeypatch.chdir(tmp_path)
    assert [clip.path.name for clip in find_clips(["a.mp4", str(tmp_path), "./a.mp4", "*.mp4"])] == ["a.mp4", "b.mp4"]


@pytest.mark.parametrize(
    ("argument", "message"),
    [("empty", "There is no video in"), ("*.mov", "No file matches"), ("none.txt", "cannot be read"),
     ("blank.txt", "names no clip"), ("binary.txt", "is no UTF-8 text")],
)  # fmt: skip
def test_what_names_no_clip_is_said_before_any_work(tmp_path: Path, argument: str, message: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "blank.txt").write_text("# nothing\n\n", encoding="utf-8")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(CaptureError, match=message):
        find_clips([str(tmp_path / argument)])
