# SPDX-License-Identifier: GPL-3.0-or-later
"""Other programs, other processes and other people's files: what they may not do to ours."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from onnx import TensorProto, helper

from ddfa_blender import atomic
from ddfa_blender.archives import ArchiveError, opened
from ddfa_blender.batch.records import HIDDEN
from ddfa_blender.batch.work import run_task
from ddfa_blender.errors import CaptureError
from ddfa_blender.published.plain_pickle import FormatError, read_pickle
from ddfa_blender.tracking.session import open_session
from tests.ddfa_blender.batch.support import task_of
from tests.faults.conftest import Row


def test_a_file_that_another_program_has_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: Row) -> None:
    """Windows refuses to replace it; made up here."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "The process cannot access the file because it is being used by another process")

    path = tmp_path / "results.csv"
    path.write_text("old", encoding="utf-8")
    monkeypatch.setattr(atomic, "fcntl", None)
    monkeypatch.setattr(atomic, "_BUSY", 0.1)
    monkeypatch.setattr(atomic.os, "replace", refuse)
    with pytest.raises(CaptureError, match="close other programs") as refused:
        atomic.write_json(path, 1)
    assert path.read_text(encoding="utf-8") == "old" and list(tmp_path.iterdir()) == [path]
    row(
        "another program has the file open (Windows; made up)",
        "tried again for three seconds; then the old file stays, nothing is left behind",
        str(refused.value).replace(str(tmp_path), "…"),
    )


def test_an_export_into_the_folder_of_a_batch(tmp_path: Path, row: Row) -> None:
    record = tmp_path / HIDDEN / "records" / "a.json"
    record.parent.mkdir(parents=True)
    record.touch()
    os.utime(tmp_path / HIDDEN, (1e9, 1e9))
    with atomic.work_folder(tmp_path):
        assert record.exists()
    row("an export into a batch's folder", "the batch's records stay; only work folders of dead exports go", "nothing")


def test_one_of_several_files_cannot_be_replaced(tmp_path: Path, row: Row) -> None:
    (tmp_path / "head.fbx").write_text("old", encoding="utf-8")
    (tmp_path / "head.csv").mkdir()
    with ExitStack() as stack:
        pairs = []
        for name in ("head.fbx", "head.bvh", "head.csv"):
            partial = stack.enter_context(atomic.work_folder(tmp_path)) / name
            partial.write_text("new", encoding="utf-8")
            pairs.append((partial, tmp_path / name))
        with pytest.raises(OSError):  # noqa: PT011 (which one hangs on the system)
            atomic.put_all_in_place(pairs)
    assert (tmp_path / "head.fbx").read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["head.csv", "head.fbx"]
    row(
        "one of several files of a command cannot be replaced",
        "the others are as they were before",
        "…/head.csv cannot be written (Is a directory); close other programs that use it.",
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_clip_that_is_a_pipe(tmp_path: Path, row: Row) -> None:
    task = task_of(tmp_path)
    os.mkfifo(task.clip)
    outcome = run_task(task)
    assert outcome.status == "failed" and "no file that can be read to its end" in outcome.error
    row(
        "a pipe or a device among a batch's clips",
        "that clip fails, the others are done",
        outcome.error.replace(str(tmp_path), "…"),
    )


def test_a_network_that_reaches_for_other_files(tmp_path: Path, row: Row) -> None:
    weights = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    weights.external_data.add(key="location", value="/etc/passwd")
    graph = helper.make_graph([], "g", [], [], [weights])
    path = tmp_path / "regressor.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    with pytest.raises(CaptureError, match="other files") as refused:
        open_session(path)
    row(
        "a network in a model folder refers to files elsewhere",
        "refused before onnxruntime, which would read them, sees it",
        str(refused.value).replace(str(tmp_path), "…"),
    )


def _endless_list() -> None:
    entry = b"PK\x01\x02" + bytes(42)
    count = 2**20 // len(entry) + 1
    size = count * len(entry)
    end = b"PK\x05\x06" + bytes(8) + size.to_bytes(4, "little") + bytes(6)
    with opened(entry * count + end):
        pass


def _deep_key() -> None:
    deep = b")" + b"q\x000h\x00h\x00\x86" * 60
    read_pickle(io.BytesIO(b"\x80\x02}" + deep + b"Ns."))


@pytest.mark.parametrize(
    ("fault", "act"),
    [
        ("an archive whose list of contents has no end", _endless_list),
        ("a pickle of a few hundred bytes that holds itself 2⁶⁰ times", _deep_key),
    ],
)
def test_small_files_that_would_take_all_memory_or_time(fault: str, act: Callable[[], None], row: Row) -> None:
    with pytest.raises((ArchiveError, FormatError)) as refused:
        act()
    row(fault, f"refused: {refused.value}", "… is damaged or not one of the files that are read here.")
