# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from ddfa_blender import take_library
from ddfa_blender.errors import CaptureError
from ddfa_blender.take import TAKE_VERSION, Take, TakeHeader

HEADER = TakeHeader("Clip – été.mp4", 640, 360, 25.0, "regressor.onnx", "ab" * 32)
ARRAYS = ("time", "params", "confidence", "roi", "landmarks68", "arkit")


def make_take(count: int = 50, lost: int = 5, **header: str) -> Take:
    random = np.random.default_rng(3)
    confidence = np.full(count, 0.9, np.float32)
    confidence[:lost] = 0.0
    return Take(
        time=2.0 + np.arange(count) / 25.0,
        params=random.normal(size=(count, 62)).astype(np.float32),
        confidence=confidence,
        roi=random.normal(size=(count, 4)),
        landmarks68=random.normal(size=(count, 68, 3)).astype(np.float32),
        arkit=random.uniform(size=(count, 52)).astype(np.float32),
        header=replace(HEADER, **header),
    )


def write_old_take(path: Path, header: dict[str, object]) -> None:
    """A file with exactly this header, as another release wrote it."""
    take = make_take()
    with path.open("wb") as file:
        np.savez_compressed(file, header=np.array(json.dumps(header)), **{name: getattr(take, name) for name in ARRAYS})


def old_header() -> dict[str, object]:
    """What the first release wrote."""
    return {key: value for key, value in asdict(HEADER).items() if key not in ("title", "footage", "captured", "uid")}


def test_a_new_take_is_listed_with_what_it_is(tmp_path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    file = take_library.save_new(make_take(footage="/films/Clip – été.mp4"), tmp_path / "takes", "Größe 名")
    (entry,) = take_library.list_takes(tmp_path / "takes")
    assert (entry.file, entry.title, entry.problem) == (file, "Größe 名", "")
    assert (entry.frames, entry.lost_frames, entry.lost_share) == (50, 5, 0.1)
    assert entry.duration == pytest.approx(49 / 25.0)
    assert entry.header is not None and entry.header.footage == "/films/Clip – été.mp4"
    assert entry.captured is not None and before <= entry.captured <= datetime.now(UTC)
    assert entry.captured.tzinfo is not None


def test_the_same_footage_twice_makes_two_takes(tmp_path: Path) -> None:
    first = take_library.save_new(make_take(10), tmp_path, "clip")
    old = first.read_bytes()
    second = take_library.save_new(make_take(20), tmp_path, "clip")
    third = take_library.save_new(make_take(30), tmp_path, "clip")
    assert [first.name, second.name, third.name] == ["clip.npz", "clip 2.npz", "clip 3.npz"]
    assert first.read_bytes() == old
    uids = {Take.load(file).header.uid for file in (first, second, third)}
    assert len(uids) == 3 and "" not in uids
    assert sorted(entry.title for entry in take_library.list_takes(tmp_path)) == ["clip", "clip 2", "clip 3"]


def test_a_failing_disk_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ddfa_blender.atomic.os.fsync", full)
    with pytest.raises(CaptureError, match="disk is full"):
        take_library.save_new(make_take(), tmp_path, "clip")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(CaptureError, match="cannot be made"):
        take_library.save_new(make_take(), tmp_path / "file" / "takes", "clip")
    if Path("/proc/self").is_dir():
        with pytest.raises(CaptureError, match="choose another folder"):
            take_library.save_new(make_take(), "/proc", "clip")


def test_the_newest_comes_first_and_takes_without_a_date_go_by_their_file(tmp_path: Path) -> None:
    for name, date in (("b", "2026-01-01T00:00:00+00:00"), ("a", "2026-03-01T10:00:00+02:00")):
        make_take(captured=date).save(tmp_path / f"{name}.npz")
    write_old_take(tmp_path / "old.npz", old_header())
    stamp = datetime(2026, 2, 1, tzinfo=UTC).timestamp()
    os.utime(tmp_path / "old.npz", (stamp, stamp))
    assert [entry.title for entry in take_library.list_takes(tmp_path)] == ["a", "old", "b"]


def test_takes_of_the_first_release_load_and_are_called_after_their_file(tmp_path: Path) -> None:
    write_old_take(tmp_path / "clip-1a2b3c4d.npz", old_header())
    (entry,) = take_library.list_takes(tmp_path)
    assert entry.title == "clip-1a2b3c4d" and entry.captured is None and entry.problem == ""
    assert Take.load(entry.file).header == HEADER


@pytest.mark.parametrize("key", ["title", "footage", "captured", "uid", "source"])
def test_a_header_entry_of_the_wrong_type_is_damage(tmp_path: Path, key: str) -> None:
    write_old_take(tmp_path / "a.npz", old_header() | {key: 5})
    (entry,) = take_library.list_takes(tmp_path)
    assert "damaged" in entry.problem
    with pytest.raises(CaptureError, match="damaged"):
        Take.load(tmp_path / "a.npz")


def test_damaged_and_newer_takes_are_listed_as_such_and_other_archives_not_at_all(tmp_path: Path) -> None:
    good = take_library.save_new(make_take(), tmp_path, "good")
    (tmp_path / "cut.npz").write_bytes(good.read_bytes()[:2000])
    (tmp_path / "empty.npz").touch()
    write_old_take(tmp_path / "newer.npz", old_header() | {"version": TAKE_VERSION + 1})
    np.savez(tmp_path / "foreign.npz", weights=np.zeros(3))
    (tmp_path / "notes.txt").write_text("not a take", encoding="utf-8")
    (tmp_path / "folder.npz").mkdir()
    problems = {entry.title: entry.problem for entry in take_library.list_takes(tmp_path)}
    assert set(problems) == {"good", "cut", "empty", "newer"}
    assert problems["good"] == "" and "damaged" in problems["cut"] and "damaged" in problems["empty"]
    assert "newer version" in problems["newer"]


@pytest.mark.parametrize("date", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "yesterday", "1-1-1"])
def test_a_date_that_no_clock_shows_is_none(tmp_path: Path, date: str) -> None:
    make_take(captured=date).save(tmp_path / "strange.npz")
    (entry,) = take_library.list_takes(tmp_path)
    assert entry.problem == "" and entry.captured is None


def test_a_date_that_the_system_cannot_convert_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class WindowsDate(datetime):
        """Before 1970 Windows knows no time zones."""

        def astimezone(self, tz: object = None) -> datetime:  # type: ignore[override]
            raise OSError(22, "Invalid argument")

    make_take(captured="1960-01-01T00:00:00").save(tmp_path / "old.npz")
    monkeypatch.setattr(take_library, "datetime", WindowsDate)
    (entry,) = take_library.list_takes(tmp_path)
    assert entry.captured is None


def test_no_folder_holds_no_takes(tmp_path: Path) -> None:
    assert take_library.list_takes(tmp_path / "nowhere") == []
    (tmp_path / "file").touch()
    assert take_library.list_takes(tmp_path / "file") == []


def test_a_missing_take_says_so(tmp_path: Path) -> None:
    entry = take_library.describe(tmp_path / "gone.npz")
    assert entry is not None and entry.title == "gone" and "missing" in entry.problem


def test_a_list_follows_changes_of_its_files(tmp_path: Path) -> None:
    file = take_library.save_new(make_take(10), tmp_path, "clip")
    assert take_library.list_takes(tmp_path)[0].frames == 10
    make_take(20).save(file)
    os.utime(file, ns=(time.time_ns(), time.time_ns() + 10**9))
    assert take_library.list_takes(tmp_path)[0].frames == 20


def test_renaming_changes_the_title_and_nothing_else(tmp_path: Path) -> None:
    take = make_take()
    file = take_library.save_new(take, tmp_path, "clip")
    take_library.rename(file, "  Szene 3, die gute 名 ")
    (entry,) = take_library.list_takes(tmp_path)
    assert entry.title == "Szene 3, die gute 名" and entry.file == file
    again = Take.load(file)
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(again, name), getattr(take, name))
    assert [path.name for path in tmp_path.iterdir()] == ["clip.npz"]


def test_renaming_keeps_what_later_releases_add(tmp_path: Path) -> None:
    file = tmp_path / "a.npz"
    take = make_take()
    with file.open("wb") as target:
        arrays = {name: getattr(take, name) for name in ARRAYS}
        header = np.array(json.dumps(asdict(HEADER) | {"remark": "kept"}))
        np.savez_compressed(target, header=header, **arrays, audio=np.arange(5))
    take_library.rename(file, "new")
    with np.load(file) as data:
        assert json.loads(str(data["header"])) == asdict(HEADER) | {"remark": "kept", "title": "new"}
        np.testing.assert_array_equal(data["audio"], np.arange(5))


@pytest.mark.parametrize("title", ["", "   "])
def test_a_take_needs_a_name(tmp_path: Path, title: str) -> None:
    file = take_library.save_new(make_take(), tmp_path, "clip")
    with pytest.raises(CaptureError, match="needs a name"):
        take_library.rename(file, title)


def test_deleting_takes_only_takes(tmp_path: Path) -> None:
    file = take_library.save_new(make_take(), tmp_path, "clip")
    cut, empty = tmp_path / "cut.npz", tmp_path / "empty.npz"
    cut.write_bytes(file.read_bytes()[:2000])
    empty.touch()
    np.savez(tmp_path / "foreign.npz", weights=np.zeros(3))
    (tmp_path / "text.npz").write_text("a text", encoding="utf-8")
    for path in (file, cut, empty):
        take_library.delete(path)
        assert not path.exists()
    for name in ("foreign.npz", "text.npz"):
        for change in (take_library.delete, lambda path: take_library.rename(path, "mine now")):
            with pytest.raises(CaptureError, match="is not a take of this extension"):
                change(tmp_path / name)
        assert (tmp_path / name).exists()
    with pytest.raises(CaptureError, match="There is no take at"):
        take_library.delete(file)


@pytest.mark.parametrize("change", [take_library.delete, lambda path: take_library.rename(path, "new")])
def test_a_take_that_cannot_be_opened_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
) -> None:
    file = take_library.save_new(make_take(), tmp_path, "clip")

    def locked(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", locked)
    with pytest.raises(CaptureError, match="cannot be read"):
        change(file)
    assert "cannot be read" in take_library.list_takes(tmp_path)[0].problem
    monkeypatch.undo()
    assert take_library.list_takes(tmp_path)[0].problem == ""


@pytest.mark.parametrize(
    ("title", "stem"),
    [
        ("clip", "clip"),
        ("a/b\\c:d", "a_b_c_d"),
        ("Ünïcode 名", "Ünïcode 名"),
        ("NUL", "_NUL"),
        ("com1.take", "_com1.take"),
        ("console", "console"),
        (" dots. ", "dots"),
        ("...", "_"),
        ("tab\tand\nline", "tab_and_line"),
    ],
)
def test_file_names_that_every_system_takes(title: str, stem: str) -> None:
    assert take_library.file_stem(title) == stem


def test_very_long_titles_fit_into_a_file_name(tmp_path: Path) -> None:
    files = [take_library.save_new(make_take(5, 0), tmp_path, "名" * 300) for _ in range(2)]
    assert files[0] != files[1] and all(len(file.name.encode()) < 255 for file in files)
