# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole command: in this process with squares for faces, and as real processes that are killed."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ddfa_blender import cli
from ddfa_blender.atomic import work_folder
from ddfa_blender.batch import command, lock
from ddfa_blender.batch.lock import locked
from ddfa_blender.errors import CaptureError
from ddfa_blender.model_folder import ModelFolder
from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.take import Take
from tests.ddfa_blender.batch.support import (
    ROOT,
    Inline,
    assert_same,
    files,
    recorded,
    same_take,
    square_clip,
    start,
    statuses,
    table,
    wait_for,
)
from tests.ddfa_blender.support import grey, square_frame, write_clip


def run(*arguments: object) -> int:
    return cli.main(["batch", *(str(argument) for argument in arguments)])


def visible(folder: Path) -> set[str]:
    return {name for name in files(folder) if not name.startswith(".ddfa-batch/")}


def test_a_folder_of_clips(tmp_path: Path, inline: type[Inline], capsys: pytest.CaptureFixture[str]) -> None:
    clips, out = tmp_path / "in", tmp_path / "out" / "deep"
    square_clip(clips / "a.mp4")
    square_clip(clips / "Tag 2" / "größe 名 [1].mp4", x=120)
    assert run(clips, "--out", out, "--csv", "--bvh", "--json") == 0
    names = {f"{name}.{kind}" for name in ("a", "Tag 2/größe 名 [1]") for kind in ("npz", "csv", "bvh", "json")}
    assert visible(out) == {*names, "results.csv", "results.json"}
    assert files(out) == {
        *visible(out), ".ddfa-batch/lock", ".ddfa-batch/records/a.json", ".ddfa-batch/records/Tag 2/größe 名 [1].json",
    }  # fmt: skip
    printed = capsys.readouterr()
    assert "2 clips, 2 captured, 2 flagged" in printed.out and "2 of 2 clips" in printed.err
    data = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert data["tracks"] == ["csv", "bvh", "json"] and data["settings"]["end"] is None
    assert data["clips"][0]["facts"]["frames"] == 6


def test_the_table_tells_what_to_look_at(tmp_path: Path, inline: type[Inline]) -> None:
    clips = tmp_path / "in"
    clips.mkdir()
    square = [square_frame([(100 + 3 * i, 120, 120)]) for i in range(20)]
    write_clip(clips / "lost.mp4", [*square[:5], *grey(15, (240, 320)), *square[5:9]])
    write_clip(clips / "two.mp4", [square_frame([(80, 120, 110), (230, 120, 90)])] * 20)
    assert run(clips, "--out", tmp_path / "out") == 0
    rows = table(tmp_path / "out")
    assert {"lost_frames", "long_gap", "cuts"} <= set(rows["lost"]["flags"].split())
    assert "several_faces" in rows["two"]["flags"] and "lost_frames" not in rows["two"]["flags"]
    assert float(rows["lost"]["lost_share"]) == pytest.approx(15 / 24, abs=1e-3)
    assert len(ARKIT_NAMES) > int(rows["two"]["clipped_channels"]) > 0


def test_failures_are_named_and_the_others_done(
    tmp_path: Path, inline: type[Inline], capsys: pytest.CaptureFixture[str]
) -> None:
    good = square_clip(tmp_path / "good.mp4")
    write_clip(tmp_path / "wall.mp4", grey(5))
    (tmp_path / "text.mp4").write_text("no video", encoding="utf-8")
    assert run(tmp_path / "gone.mp4", tmp_path / "wall.mp4", tmp_path / "text.mp4", good, "--out", tmp_path / "o") == 1
    assert statuses(tmp_path / "o") == {"gone": "failed", "wall": "failed", "text": "failed", "good": "captured"}
    text = capsys.readouterr().out
    for words in ("gone.mp4: There is no file", "wall.mp4: No face was found", "text.mp4: ", "4 clips, 1 captured, 3"):
        assert words in text
    assert visible(tmp_path / "o") == {"good.npz", "results.csv", "results.json"}
    # A failed clip is tried again each time, a good one is not.
    square_clip(tmp_path / "text.mp4")
    Inline.done = []
    assert run(tmp_path / "text.mp4", good, "--out", tmp_path / "o") == 0
    assert Inline.done == ["text"]


def test_only_what_changed_is_done_again(tmp_path: Path, inline: type[Inline]) -> None:
    clips, out = tmp_path / "in", tmp_path / "out"
    for number, name in enumerate(("a", "b", "c")):
        square_clip(clips / f"{name}.mp4", x=100 + 5 * number)

    def again(*options: object) -> list[str]:
        Inline.done = []
        assert run(clips, "--out", out, *options) == 0
        return sorted(Inline.done)

    assert again() == ["a", "b", "c"]
    assert again() == []
    assert statuses(out) == dict.fromkeys("abc", "unchanged")
    square_clip(clips / "b.mp4", x=140)
    square_clip(clips / "d.mp4")
    assert again() == ["b", "d"]
    assert again("--end", "0.1") == ["a", "b", "c", "d"] and again("--end", "0.1") == []
    assert all(len(Take.load(out / f"{name}.npz")) == 3 for name in "abcd")
    assert again("--end", "0.1", "--csv") == ["a", "b", "c", "d"]  # of the takes, without capturing
    assert set(statuses(out).values()) == {"unchanged"} and again("--end", "0.1", "--csv") == []
    assert again("--end", "0.1", "--force") == ["a", "b", "c", "d"]


def test_namesakes_keep_their_names_whatever_order_they_come_in(tmp_path: Path, inline: type[Inline]) -> None:
    first, second = square_clip(tmp_path / "a" / "x.mp4", 5), square_clip(tmp_path / "b" / "x.mp4", 7)
    out = tmp_path / "out"
    assert run(second, "--out", out) == 0
    Inline.done = []
    assert run(first, second, "--out", out) == 0
    assert Inline.done == ["a/x"]
    assert (len(Take.load(out / "x.npz")), len(Take.load(out / "a" / "x.npz"))) == (7, 5)


def test_a_clip_named_alone_keeps_the_name_it_has_in_its_folder(tmp_path: Path, inline: type[Inline]) -> None:
    clip = square_clip(tmp_path / "in" / "day 2" / "x.mp4")
    assert run(tmp_path / "in", "--out", tmp_path / "out") == 0
    Inline.done = []
    assert run(clip, "--out", tmp_path / "out", "--face", 100, 120) == 0
    assert Inline.done == ["day 2/x"] and visible(tmp_path / "out") == {"day 2/x.npz", "results.csv", "results.json"}


def test_moved_clips_are_known_by_their_contents(tmp_path: Path, inline: type[Inline]) -> None:
    square_clip(tmp_path / "in" / "x.mp4")
    assert run(tmp_path / "in", "--out", tmp_path / "out") == 0
    before = (tmp_path / "out" / "x.npz").read_bytes()
    (tmp_path / "in").rename(tmp_path / "elsewhere")
    assert run(tmp_path / "elsewhere", "--out", tmp_path / "out") == 0
    assert statuses(tmp_path / "out") == {"x": "unchanged"} and (tmp_path / "out" / "x.npz").read_bytes() == before


def test_a_users_own_files_are_left_alone(tmp_path: Path, inline: type[Inline]) -> None:
    out = tmp_path / "out"
    out.mkdir()
    np.savez(out / "x.npz", mine=np.arange(3))
    before = (out / "x.npz").read_bytes()
    assert run(square_clip(tmp_path / "in" / "x.mp4"), "--out", out) == 0
    assert (out / "x.npz").read_bytes() == before and (out / "in" / "x.npz").is_file()


def test_results_beside_the_clips(tmp_path: Path, inline: type[Inline]) -> None:
    square_clip(tmp_path / "x.mp4")
    for _ in range(2):
        assert run(tmp_path, "--out", tmp_path, "--json") == 0
    assert visible(tmp_path) == {"x.mp4", "x.npz", "x.json", "results.csv", "results.json"}


def test_stopping_keeps_what_is_done(
    tmp_path: Path, inline: type[Inline], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in "abc":
        square_clip(tmp_path / "in" / f"{name}.mp4", x=100 + ord(name))
    run_one = Inline.run

    def run_and_interrupt(self: Inline, tasks: list) -> object:
        for number, outcome in enumerate(run_one(self, tasks)):
            if number == 0:
                os.kill(os.getpid(), signal.SIGINT)
            yield outcome

    monkeypatch.setattr(Inline, "run", run_and_interrupt)
    assert run(tmp_path / "in", "--out", tmp_path / "out") == 130
    assert sorted(statuses(tmp_path / "out").values()) == ["captured", "stopped", "stopped"]
    assert "3 clips, 1 captured, 2 stopped" in capsys.readouterr().out
    monkeypatch.setattr(Inline, "run", run_one)
    Inline.done = []
    assert run(tmp_path / "in", "--out", tmp_path / "out") == 0 and len(Inline.done) == 2


def test_two_batches_do_not_share_a_folder(
    tmp_path: Path, inline: type[Inline], capsys: pytest.CaptureFixture[str]
) -> None:
    clip = square_clip(tmp_path / "x.mp4")
    with locked(tmp_path / "out"):
        assert run(clip, "--out", tmp_path / "out") == 2
        error = capsys.readouterr().err
        assert (
            error.startswith("error: Another batch (process ")
            and str(os.getpid()) in error
            and len(error.splitlines()) == 1
        )
        assert run(clip, "--out", tmp_path / "other") == 0
    assert run(clip, "--out", tmp_path / "out") == 0


def test_the_lock_goes_with_its_process(tmp_path: Path) -> None:
    code = "import sys, time; from ddfa_blender.batch.lock import locked; from pathlib import Path\n"
    code += "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
    process = subprocess.Popen([sys.executable, "-c", code, tmp_path], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None and process.stdout.readline().strip() == b"held"
        with pytest.raises(CaptureError, match=f"process {process.pid} on"), locked(tmp_path):
            pass
    finally:
        process.kill()
        process.wait()
    with locked(tmp_path):
        pass


def bad_calls(folder: Path) -> dict[str, tuple[list[object], str]]:
    clip, out = square_clip(folder / "clip.mp4"), ["--out", folder / "out"]
    (folder / "file").write_text("x", encoding="utf-8")
    (folder / "empty").mkdir()
    return {
        "no clips": ([folder / "empty", *out], "There is no video in"),
        "no match": ([folder / "*.mov", *out], "No file matches"),
        "out is a file": ([clip, "--out", folder / "file"], "cannot be made"),
        "out below a file": ([clip, "--out", folder / "file" / "deep"], "cannot be made"),
        "points": ([clip, *out, "--start", "5", "--end", "2"], "out point"),
        "no model": ([clip, *out, "--model", folder / "empty"], "is not a model folder"),
        "cluster and workers": ([clip, *out, "--scheduler", "tcp://x:1", "--workers", "2"], "its own workers"),
    }


@pytest.mark.parametrize(
    "case", ["no clips", "no match", "out is a file", "out below a file", "points", "no model", "cluster and workers"]
)
def test_wrong_calls_do_nothing(
    tmp_path: Path, inline: type[Inline], capsys: pytest.CaptureFixture[str], case: str
) -> None:
    arguments, words = bad_calls(tmp_path)[case]
    before = files(tmp_path)
    assert run(*arguments) == 2
    out, error = capsys.readouterr()
    assert out == "" and error.startswith("error: ") and words in error and len(error.splitlines()) == 1
    assert files(tmp_path) == before and Inline.done == []


@pytest.mark.parametrize("arguments", [["--workers", "-1"], ["--workers", "two"], ["--patience", "-1"], ["--end", "x"]])
def test_wrong_numbers_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert run(tmp_path, "--out", tmp_path, *arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: argument {arguments[0]}: ") and arguments[1] in line
    assert files(tmp_path) == set()


@pytest.mark.parametrize(
    ("arguments", "cores", "wanted"),
    [([], 2, 2), (["--workers", 0], 2, 2), (["--workers", 1], 2, 1), (["--workers", 0], 9, 3)],
)
@pytest.mark.usefixtures("squares")
def test_as_many_processes_as_asked_for_and_no_more_than_clips(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[object], cores: int, wanted: int
) -> None:
    asked: list[int] = []

    class Counting(Inline):
        def __init__(self, workers: int, *others: Any) -> None:
            asked.append(workers)
            super().__init__(workers, *others)

    monkeypatch.setattr(command, "ProcessPool", Counting)
    monkeypatch.setattr(command, "usable_cores", lambda: cores)
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        square_clip(tmp_path / "in" / name)
    assert run(tmp_path / "in", "--out", tmp_path / "out", *arguments) == 0
    assert asked == [wanted]


def test_a_folder_that_cannot_be_written(
    tmp_path: Path, inline: type[Inline], capsys: pytest.CaptureFixture[str]
) -> None:
    locked_folder = Path("/proc")
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not locked_folder.is_dir():
        locked_folder = tmp_path / "locked"
        locked_folder.mkdir(mode=0o500)
        if os.access(locked_folder, os.W_OK):
            pytest.skip("this system knows no read-only folders")
    assert run(square_clip(tmp_path / "x.mp4"), "--out", locked_folder / "out") == 2
    assert f"The folder {locked_folder / 'out'} cannot be made" in capsys.readouterr().err and Inline.done == []


def test_a_folder_that_becomes_unwritable_fails_its_clips_alone(tmp_path: Path, inline: type[Inline]) -> None:
    square_clip(tmp_path / "in" / "a" / "x.mp4")
    square_clip(tmp_path / "in" / "b" / "x.mp4")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").write_text("a file where a folder must go", encoding="utf-8")
    assert run(tmp_path / "in", "--out", tmp_path / "out") == 1
    assert statuses(tmp_path / "out") == {"a/x": "failed", "b/x": "captured"}


def test_a_csv_that_the_model_cannot_fill_is_refused_at_once(
    tmp_path: Path, inline: type[Inline], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("regressor.onnx", "morphable_model.npz"):
        (tmp_path / name).write_bytes(b"not looked at")
    network = SimpleNamespace(absent_outputs=["landmarks", "arkit"])
    monkeypatch.setattr(ModelFolder, "regressor", lambda self: network)
    clip = square_clip(tmp_path / "x.mp4")
    assert run(clip, "--out", tmp_path / "out", "--csv", "--model", tmp_path) == 2
    assert "leave --csv out" in capsys.readouterr().err and Inline.done == []
    assert run(clip, "--out", tmp_path / "out", "--model", tmp_path) == 0


def test_pictures_are_clips_too(tmp_path: Path, inline: type[Inline]) -> None:
    import cv2

    for i in range(4):
        data = cv2.imencode(".png", cv2.cvtColor(square_frame([(100 + 3 * i, 120, 90)]), cv2.COLOR_RGB2BGR))[1]
        (tmp_path / f"shot_{i:03}.png").write_bytes(data.tobytes())
    assert run(tmp_path / "*.png", "--out", tmp_path / "out") == 0
    assert len(Take.load(tmp_path / "out" / "shot_000.npz")) == 4


# Real processes, the bundled model, a rendered head.

posix = pytest.mark.skipif(os.name != "posix", reason="Windows knows no signals between processes")


def workers_of(pid: int) -> list[int]:
    """The processes that a batch has started to capture."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
                command_line = (entry / "cmdline").read_text(encoding="utf-8")
            except OSError:
                continue
            if parent == pid and "spawn_main" in command_line:
                found.append(int(entry.name))
    return found


@posix
def test_killed_in_the_middle_and_run_again(tmp_path: Path, reference: tuple[Path, Path]) -> None:
    clips, expected = reference
    out = tmp_path / "out"
    process = start(clips, out, "--workers", 1)
    wait_for(lambda: recorded(out), process)
    process.kill()
    process.communicate()
    # Whatever is there under its own name is whole, and the table does not exist yet.
    for take in out.glob("*.npz"):
        assert same_take(take, expected / take.name)
    assert not (out / "results.csv").exists()
    again = start(clips, out, "--workers", 1)
    text, error = again.communicate()
    assert again.returncode == 0, (text, error)
    found = sorted(statuses(out).values())
    assert found[-1] == "unchanged" and "captured" in found
    assert_same(out, expected)
    assert not [name for name in files(out) if name.endswith(".tmp")]


@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="needs /proc to find the processes")
def test_a_process_that_is_killed_costs_nothing(tmp_path: Path, reference: tuple[Path, Path]) -> None:
    clips, expected = reference
    out = tmp_path / "out"
    process = start(clips, out, "--workers", 2)
    wait_for(lambda: recorded(out), process)
    for pid in workers_of(process.pid)[:1]:
        os.kill(pid, signal.SIGKILL)
    text, error = process.communicate()
    assert process.returncode == 0, (text, error)
    assert_same(out, expected)


@posix
def test_ctrl_c_stops_and_running_again_goes_on(tmp_path: Path, reference: tuple[Path, Path]) -> None:
    clips, expected = reference
    out = tmp_path / "out"
    process = start(clips, out, "--workers", 1)
    wait_for(lambda: recorded(out), process)
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to all of them
    text, error = process.communicate()
    assert process.returncode == 130 and "stopped" in text and "Traceback" not in error, (text, error)
    assert {"captured", "stopped"} == set(statuses(out).values())
    again = start(clips, out, "--workers", 1)
    text, error = again.communicate()
    assert again.returncode == 0, (text, error)
    assert_same(out, expected)


def test_two_batches_at_once_on_one_folder(tmp_path: Path, reference: tuple[Path, Path]) -> None:
    clips, expected = reference
    out = tmp_path / "out"
    first = start(clips, out, "--workers", 1)
    wait_for((out / ".ddfa-batch" / "owner.json").exists, first)
    second = start(clips, out, "--workers", 1)
    _, error = second.communicate()
    assert second.returncode == 2 and error.startswith(f"error: Another batch (process {first.pid}"), error
    text, error = first.communicate()
    assert first.returncode == 0, (text, error)
    assert_same(out, expected)


def test_help_names_the_exit_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "Exit status: 0 all is done, 1 clips failed, 2 wrong arguments, 130 stopped." in text
    assert (command.SOME_FAILED, command.WAS_STOPPED, cli.USER_ERROR) == (1, 130, 2)


def test_an_export_into_the_folder_leaves_the_records_alone(tmp_path: Path, inline: type[Inline]) -> None:
    """Exporters work in hidden folders, and sweep away those of others that look abandoned."""
    out = tmp_path / "out"
    assert run(square_clip(tmp_path / "in" / "a.mp4"), "--out", out) == 0
    os.utime(out / ".ddfa-batch", (1e9, 1e9))
    with work_folder(out):
        pass
    assert len(recorded(out)) == 1 and run(tmp_path / "in", "--out", out) == 0
    assert statuses(out) == {"a": "unchanged"}


def test_a_table_that_is_open_elsewhere_costs_no_clip(
    tmp_path: Path, inline: type[Inline], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A spreadsheet on Windows."""

    def refuse(*_: object) -> None:
        raise CaptureError("results.csv cannot be written; close other programs that use it.")

    square_clip(tmp_path / "in" / "a.mp4")
    square_clip(tmp_path / "in" / "b.mp4", x=60)
    with monkeypatch.context() as patched:
        patched.setattr(command, "write_table", refuse)
        patched.setattr(command, "_TABLE_INTERVAL", -1.0)
        assert run(tmp_path / "in", "--out", tmp_path / "out") == 2
    text, error = capsys.readouterr()
    assert "2 clips, 2 captured" in text and error.splitlines()[-1].startswith("error: results.csv")
    assert run(tmp_path / "in", "--out", tmp_path / "out") == 0
    assert set(statuses(tmp_path / "out").values()) == {"unchanged"}


def test_a_folder_without_locks_is_used_with_a_warning(
    tmp_path: Path, inline: type[Inline], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Some network drives."""

    def refuse(_file: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(lock, "_take", refuse)
    assert run(square_clip(tmp_path / "a.mp4"), "--out", tmp_path / "out") == 0
    assert "cannot be locked (No locks available): start no other batch there" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="needs /proc to find the processes")
def test_three_workers_killed_one_after_the_other_and_the_batch_at_last(
    tmp_path: Path, reference: tuple[Path, Path]
) -> None:
    """More processes than this machine may have cores; what is run again in the end is what was."""
    clips, expected = reference
    out = tmp_path / "out"
    process = start(clips, out, "--workers", 3)
    wait_for(lambda: len(workers_of(process.pid)) == 3, process)
    for pid in workers_of(process.pid)[:2]:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: recorded(out), process)
    process.kill()
    process.communicate()
    again = start(clips, out, "--workers", 3)
    text, error = again.communicate()
    assert again.returncode == 0, (text, error)
    assert_same(out, expected)
    assert not [name for name in files(out) if name.endswith(".tmp")]
