# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of finished tasks, and whose a name is; red squares are the faces."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ddfa_blender.batch.records import is_free, read_record, record_path
from ddfa_blender.batch.tasks import ClipTask
from ddfa_blender.batch.work import run_task
from tests.ddfa_blender.batch.support import square_clip


def test_a_name_belongs_to_the_clip_that_had_it_first(task: ClipTask, tmp_path: Path) -> None:
    run_task(task)
    other = square_clip(tmp_path / "b" / "clip.mp4", count=9)
    assert is_free(task.folder, task.clip, "clip") and not is_free(task.folder, other, "clip")
    moved = task.clip.rename(tmp_path / "b" / "moved.mp4")
    assert is_free(task.folder, moved, "clip") and not is_free(task.folder, other, "clip")
    (task.folder / "mine.csv").write_text("a user's own file", encoding="utf-8")
    assert not is_free(task.folder, other, "mine") and is_free(task.folder, other, "new")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "1", '{"version": 1}', '{"version": 99}', "[" * 100_000, '{"version": 1, "outputs": []}'],
)
def test_records_of_strangers_are_no_records(tmp_path: Path, text: str) -> None:
    path = record_path(tmp_path, "clip")
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    assert read_record(tmp_path, "clip") is None
    path.write_bytes(b"\xff" * 10)
    assert read_record(tmp_path, "clip") is None


def test_a_record_with_wrong_types_is_no_record(task: ClipTask) -> None:
    run_task(task)
    path = record_path(task.folder, task.name)
    good = json.loads(path.read_text(encoding="utf-8"))
    for key, value in (
        ("clip", 1), ("clip_size", "2"), ("outputs", {"take": 3}), ("facts", []), ("key", None),
        ("facts", {"fps": "25"}),
        ("version", "1"), ("facts", {"fps": float("nan")}), ("facts", {"fps": {}}), ("outputs", []),
    ):  # fmt: skip
        path.write_text(json.dumps({**good, key: value}), encoding="utf-8")
        assert read_record(task.folder, task.name) is None, key
    path.write_text(json.dumps({**good, "padding": "x" * (2 << 20)}), encoding="utf-8")
    assert read_record(task.folder, task.name) is None


@pytest.mark.parametrize("clip", ["x" * 5000, "a\0b", "", "\ud800"])
def test_records_that_name_impossible_clips_stop_nobody(task: ClipTask, clip: str) -> None:
    run_task(task)
    place = record_path(task.folder, task.name)
    place.write_text(
        json.dumps(json.loads(place.read_text(encoding="utf-8")) | {"clip": clip, "facts": {"frames": 10**400}}),
        encoding="utf-8",
    )
    assert read_record(task.folder, task.name) is None
    place.write_text(json.dumps({**json.loads(place.read_text(encoding="utf-8")), "facts": {}}), encoding="utf-8")
    assert is_free(task.folder, task.clip, task.name)  # nobody's any more, and of its size
