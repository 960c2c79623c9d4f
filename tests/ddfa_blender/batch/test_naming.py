# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

from ddfa_blender.batch.clips import Clip
from ddfa_blender.batch.naming import name_clips

ROOT = Path("/shots")


def names(*paths: str, taken: tuple[str, ...] = (), each: bool = False) -> list[str]:
    full = [ROOT / path for path in paths]
    clips = [Clip(path, path.parent if each else ROOT) for path in full]
    return name_clips(clips, lambda _, name: name not in taken)


def test_a_clip_keeps_its_name_and_its_folders() -> None:
    assert names("a.mp4", "day 2/b.v2.mov", "day 1/b.mov") == ["a", "day 2/b.v2", "day 1/b"]


def test_named_files_of_different_folders_do_not_collide() -> None:
    assert names("a/x.mp4", "b/x.mp4", "c/b/x.mp4", each=True) == ["x", "b/x", "c/b/x"]


def test_clips_that_differ_in_their_ending_only() -> None:
    assert names("x.mp4", "x.mov") == ["x", "x.mov"]


def test_names_that_some_file_systems_take_for_one() -> None:
    assert names("Clip.mp4", "clip.mp4") == ["Clip", "clip.mp4"]
    assert names("é.mp4", "e\u0301.mp4")[1] != "e\u0301"


def test_characters_that_windows_forbids() -> None:
    assert names("what?.mp4", "a:b/con.mp4") == ["what_", "a_b/_con"]


def test_the_tables_names_and_what_belongs_to_others_are_left_alone() -> None:
    assert names("results.mp4") == ["shots/results"]
    assert names("a.mp4", taken=("a", "shots/a", "a 2")) == ["a 3"]


def test_known_names_are_kept_unless_another_clip_has_them_now() -> None:
    clips = [Clip(ROOT / "a/x.mp4", ROOT / "a"), Clip(ROOT / "b/x.mp4", ROOT / "b"), Clip(ROOT / "y.mp4", ROOT)]
    known = {str(ROOT / "b/x.mp4"): "old/x", str(ROOT / "y.mp4"): "x"}
    assert name_clips(clips, lambda *_: True, known) == ["x", "old/x", "y"]


def test_thousands_of_namesakes_are_told_apart_in_a_few_tries() -> None:
    clips = [Clip(ROOT / f"{i}/cam/x.mp4", ROOT / f"{i}/cam") for i in range(3000)]
    asked = []
    found = name_clips(clips, lambda clip, name: asked.append(name) is None)
    assert found[:3] == ["x", "cam/x", "2/cam/x"] and len(set(found)) == 3000
    assert len(asked) == 3000
