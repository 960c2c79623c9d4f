# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier
from typing import BinaryIO

import pytest

from ddfa_blender import atomic
from ddfa_blender.atomic import check_writable, write_json
from ddfa_blender.errors import CaptureError


@pytest.fixture
def read_only(tmp_path: Path) -> Path:
    """A folder in which nobody can make a file."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        if not Path("/proc/self").is_dir():
            pytest.skip("root may write everywhere on this system")
        return Path("/proc")
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("this system knows no read-only folders")
    return folder


def test_a_good_place_passes_and_stays_as_it_was(tmp_path: Path) -> None:
    check_writable(tmp_path / "out.json")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "out.json").write_text("old", encoding="utf-8")
    check_writable(tmp_path / "out.json")
    assert (tmp_path / "out.json").read_text(encoding="utf-8") == "old"


def test_a_read_only_folder(read_only: Path) -> None:
    with pytest.raises(CaptureError, match="cannot be written"):
        check_writable(read_only / "out.json")
    with pytest.raises(CaptureError, match="cannot be written"):
        write_json(read_only / "out.json", {})


def test_a_missing_folder_and_a_folder_as_file(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="does not exist"):
        check_writable(tmp_path / "nowhere" / "out.json")
    with pytest.raises(CaptureError, match="is a folder"):
        check_writable(tmp_path)


def test_json_is_strict_and_complete(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    write_json(path, {"é": [1.5, None]})
    assert json.loads(path.read_text(encoding="utf-8")) == {"é": [1.5, None]}
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, {"x": float("nan")})
    assert json.loads(path.read_text(encoding="utf-8")) == {"é": [1.5, None]}
    assert [p.name for p in tmp_path.iterdir()] == ["out.json"]


def _aged(path: Path) -> Path:
    """As if nobody had touched it for a day."""
    os.utime(path, (1e9, 1e9))
    return path


def test_a_work_folder_leaves_other_folders_alone(tmp_path: Path) -> None:
    """A batch keeps its records in ``.ddfa-batch``: an export into its folder once swept them away."""
    batch, settings, link = tmp_path / ".ddfa-batch", tmp_path / ".ddfa-settings", tmp_path / ".ddfa-work-link"
    (batch / "records").mkdir(parents=True)
    (batch / "records" / "a.json").write_text("{}", encoding="utf-8")
    settings.mkdir()
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    link.symlink_to(tmp_path / "precious")
    for folder in (batch, settings):
        _aged(folder)
    with atomic.work_folder(tmp_path):
        pass
    assert (batch / "records" / "a.json").exists() and settings.is_dir() and (tmp_path / "precious" / "file").exists()


@pytest.mark.parametrize("name", [".ddfa-work-abcd_123", ".ddfa-abcd_123"])
def test_work_folders_of_dead_processes_are_swept(tmp_path: Path, name: str) -> None:
    """Those that earlier releases made, too."""
    folder = tmp_path / name
    folder.mkdir()
    (folder / ".owner").touch()
    with atomic.work_folder(tmp_path):
        assert not folder.exists()


def test_two_writers_of_one_file_never_mix(tmp_path: Path) -> None:
    """Processes on two machines, or in two containers, may have the same number: threads stand in for them."""
    path = tmp_path / "out.bin"
    contents = [bytes([value]) * 200_000 for value in (1, 2)]
    begun = Barrier(2)

    def write(content: bytes) -> None:
        def halves(file: BinaryIO) -> None:
            file.write(content[:100_000])
            file.flush()
            begun.wait(10.0)
            file.write(content[100_000:])

        for _ in range(5):
            atomic.write_atomically(path, halves)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, contents))
    assert path.read_bytes() in contents and [file.name for file in tmp_path.iterdir()] == ["out.bin"]


@pytest.mark.parametrize("name", [".out.json.4711.tmp", ".out.json.4711-0a1b2c3d.tmp"])
def test_what_cannot_be_swept_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    left = tmp_path / name
    left.touch()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "in use")))
        write_json(tmp_path / "out.json", {})
    assert left.exists()
    write_json(tmp_path / "out.json", {})
    assert not left.exists()


class Windows:
    """``os.replace`` as Windows has it: refused as long as another program has the target open."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, refusals: int) -> None:
        self.calls, self._replace = 0, os.replace
        self._refusals = refusals
        monkeypatch.setattr(atomic, "fcntl", None)
        monkeypatch.setattr(atomic.os, "replace", self.replace)
        monkeypatch.setattr(atomic, "_BUSY", 0.3)
        monkeypatch.setattr(atomic, "_BUSY_LOOK", 0.01)

    def replace(self, source: Path, target: Path) -> None:
        self.calls += 1
        if Path(target).exists() and self.calls <= self._refusals:
            raise PermissionError(13, "The process cannot access the file because it is being used by another process")
        self._replace(source, target)


def test_windows_a_file_that_is_open_elsewhere_for_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "results.csv"
    write_json(path, 1)
    system = Windows(monkeypatch, refusals=5)
    write_json(path, 2)
    assert json.loads(path.read_text(encoding="utf-8")) == 2 and system.calls == 6
    partial = tmp_path / "partial"
    partial.write_text("3", encoding="utf-8")
    system.calls = 0
    atomic.put_in_place(partial, path)
    assert path.read_text(encoding="utf-8") == "3" and system.calls == 6


def test_windows_a_file_that_stays_open_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "results.csv"
    write_json(path, 1)
    Windows(monkeypatch, refusals=10**9)
    with pytest.raises(CaptureError, match="close other programs that use it"):
        write_json(path, 2)
    assert json.loads(path.read_text(encoding="utf-8")) == 1 and [file.name for file in tmp_path.iterdir()] == [
        "results.csv"
    ]


def test_windows_says_when_a_path_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / ("long" * 20) / ("longer" * 20)
    folder.mkdir(parents=True)
    monkeypatch.setattr(atomic, "fcntl", None)
    error = FileNotFoundError(2, "No such file or directory")
    assert "too long for Windows" in str(atomic.cannot_write(folder / ("n" * 60), error))
    assert "too long" not in str(atomic.cannot_write(tmp_path / "short", error))


def test_files_that_belong_together_come_together_or_not_at_all(tmp_path: Path) -> None:
    old, new, impossible = tmp_path / "a.fbx", tmp_path / "b.csv", tmp_path / "c.json"
    old.write_text("old", encoding="utf-8")
    impossible.mkdir()
    (impossible / "file").touch()
    with ExitStack() as stack:
        files = []
        for target in (old, new, impossible):
            partial = stack.enter_context(atomic.work_folder(tmp_path)) / target.name
            partial.write_text("new", encoding="utf-8")
            files.append((partial, target))
        with pytest.raises(OSError) as refused:  # noqa: PT011 (which one hangs on the system)
            atomic.put_all_in_place(files)
        assert refused.value.filename == str(impossible)
        assert old.read_text(encoding="utf-8") == "old" and not new.exists()
        for partial, _ in files[:2]:
            partial.write_text("new", encoding="utf-8")
        atomic.put_all_in_place(files[:2])
    assert old.read_text(encoding="utf-8") == new.read_text(encoding="utf-8") == "new"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.fbx", "b.csv", "c.json"]
