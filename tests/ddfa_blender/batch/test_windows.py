# SPDX-License-Identifier: GPL-3.0-or-later
"""What batches do on Windows, as far as another system can tell: its modules stand in by their documented contract.

``msvcrt`` (https://docs.python.org/3/library/msvcrt.html): locks of bytes from a file's position on, keys in two parts.
Names are judged by ``PureWindowsPath``. The modules are loaded anew as Windows would load them.
"""

from __future__ import annotations

import errno
import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ddfa_blender.batch import keyboard, lock, processes
from ddfa_blender.batch.clips import Clip
from ddfa_blender.batch.naming import name_clips
from ddfa_blender.errors import CaptureError
from ddfa_blender.take_library import file_stem


class Msvcrt(ModuleType):
    """The part of ``msvcrt`` that is used."""

    LK_UNLCK, LK_LOCK, LK_NBLCK = 0, 1, 2

    def __init__(self) -> None:
        super().__init__("msvcrt")
        self.locks: dict[tuple[int, int], int] = {}  # file and byte → the descriptor that has it
        self.keys: list[bytes] = []
        self.error = errno.EACCES

    def locking(self, fd: int, mode: int, count: int) -> None:
        """From the position on; a byte behind the file's end is as good as any."""
        begin, file = os.lseek(fd, 0, os.SEEK_CUR), os.fstat(fd).st_ino
        places = [(file, place) for place in range(begin, begin + count)]
        if mode == self.LK_UNLCK:
            if any(self.locks.get(place) != fd for place in places):
                raise OSError(errno.EACCES, "Permission denied")
            for place in places:
                del self.locks[place]
            return
        assert mode == self.LK_NBLCK, "the others wait for ten seconds"
        if any(place in self.locks for place in places):
            raise OSError(self.error, "Permission denied")
        self.locks |= dict.fromkeys(places, fd)

    def kbhit(self) -> bool:
        return bool(self.keys)

    def getch(self) -> bytes:
        assert self.keys, "it would wait for a key"
        return self.keys.pop(0)


@pytest.fixture
def msvcrt(monkeypatch: pytest.MonkeyPatch) -> Iterator[Msvcrt]:
    made = Msvcrt()
    monkeypatch.setitem(sys.modules, "msvcrt", made)
    yield made
    assert not made.locks, "a lock was left to the closing of its file"


def _on_windows(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module as Windows loads it."""
    assert module.__file__ is not None
    name = f"{module.__package__}.{module.__name__.rpartition('.')[2]}_on_windows"
    spec = importlib.util.spec_from_file_location(name, module.__file__)
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "platform", "win32")
        patched.setitem(sys.modules, name, loaded)  # for its dataclasses
        spec.loader.exec_module(loaded)
    return loaded


@pytest.mark.parametrize("code", [errno.EACCES, errno.EDEADLK])
def test_only_one_batch_at_a_time(tmp_path: Path, msvcrt: Msvcrt, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    msvcrt.error = code
    windows = _on_windows(lock, monkeypatch)
    with windows.locked(tmp_path):
        with pytest.raises(CaptureError, match=rf"Another batch \(process {os.getpid()} on .*\) is writing"):
            windows.locked(tmp_path).__enter__()
        with windows.locked(tmp_path / "other"):
            pass
    with windows.locked(tmp_path):
        pass
    assert msvcrt.locks == {}


def test_escape_among_other_keys(msvcrt: Msvcrt, monkeypatch: pytest.MonkeyPatch) -> None:
    windows = _on_windows(keyboard, monkeypatch)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    with windows.stop_wish() as stop:
        assert not stop()
        msvcrt.keys = [b"x", b"\xe0", b"H", b"\x00", b"\x1b"]  # a letter, arrow up, Alt and a bracket
        assert not stop() and msvcrt.keys == []
        msvcrt.keys = [b"\x00", b";", b"\x1b", b"y"]  # F1, Esc, a letter
        assert stop() and msvcrt.keys == []
    msvcrt.keys = [b"\x1b"]
    monkeypatch.setattr(sys, "stdin", None)  # no console at all
    with windows.stop_wish() as stop:
        assert not stop()


def test_no_more_processes_than_windows_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _on_windows(processes, monkeypatch).MOST_PROCESSES <= 61  # what concurrent.futures allows there
    assert processes.MOST_PROCESSES == 1024 or sys.platform == "win32"


def _names(*clips: str, root: str) -> list[str]:
    paths = [Clip(PureWindowsPath(clip), PureWindowsPath(root)) for clip in clips]  # type: ignore[arg-type]
    return name_clips(paths, lambda *_: True)


def test_clips_of_drives_and_shares_keep_their_folders() -> None:
    assert _names(r"C:\in\day 1\a.mp4", r"C:\in\a.mov", root="C:\\in") == ["day 1/a", "a"]
    assert _names(r"\\nas\shots\day 1\a.mp4", root=r"\\nas\shots") == ["day 1/a"]
    assert _names(r"C:\in\A.mp4", r"C:\in\a.mp4", r"C:\in\a.mov", root="C:\\in") == ["A", "a.mp4", "a.mov"]
    assert _names(r"C:\in\con.mp4", r"C:\in\nul\x.mp4", root="C:\\in") == ["_con", "_nul/x"]


_ODD = st.text(st.sampled_from('aA.:\\/ ?*<>|"\x00\x1f\x7fé¹$0 '), max_size=12)
_DEVICES = st.sampled_from(["con", "PRN", "aux", "NUL", "com1", "LPT9", "COM¹", "conin$", "CONOUT$", "clock$", "com0"])


@given(st.one_of(_ODD, st.builds("{}{}".format, _DEVICES, _ODD), st.builds("{}{}".format, _ODD, _DEVICES)))
@example("..\\..\\x")
@example("C:x")
@example("x:stream")
@example("con .txt")
@example("a. . .")
def test_any_title_is_one_plain_name_on_windows(title: str) -> None:
    for name in (file_stem(title), file_stem(title) + ".npz", f"{file_stem(title)} 2.npz"):
        path = PureWindowsPath(name)
        assert path.parts == (name,) and not path.drive and not path.is_reserved(), (title, name)
        assert name == name.rstrip(" .") and not set(name) & set('<>:"/\\|?*') and min(name) >= " "
