# SPDX-License-Identifier: GPL-3.0-or-later
"""One task at a time, in this process; red squares are the faces."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ddfa_blender import take_library
from ddfa_blender.batch import fingerprints, work
from ddfa_blender.batch.records import is_free, read_record, record_path
from ddfa_blender.batch.tasks import CAPTURED, FAILED, STOPPED, TAKE, UNCHANGED, ClipTask
from ddfa_blender.batch.work import finished, run_task
from ddfa_blender.capture import Engine
from ddfa_blender.formats.live_link_face import read_live_link_face
from ddfa_blender.settings import CaptureSettings
from ddfa_blender.take import Take
from ddfa_blender.take_library import list_takes
from tests.ddfa_blender.batch.support import files, square_clip, task_of
from tests.ddfa_blender.support import grey, write_clip


class Killed(BaseException):
    """Stands for kill -9: nothing after it runs but what the system itself would do."""


def test_a_clip_becomes_a_take_that_the_library_knows(task: ClipTask) -> None:
    seen: list[tuple[int, int]] = []
    outcome = run_task(task, lambda done, total: seen.append((done, total)))
    assert (outcome.status, outcome.error) == (CAPTURED, "")
    # A square is a small face, and its channels go up to 1.
    assert [flag["flag"] for flag in outcome.flags] == ["clipped_channels", "small_face"]
    assert outcome.facts["frames"] == 6 and outcome.facts["lost_frames"] == 0 and seen[-1] == (6, 6)
    assert outcome.worker.endswith(f":{os.getpid()}")
    (entry,) = list_takes(task.folder)
    assert entry.title == "clip" and entry.header is not None
    assert entry.header.footage == str(task.clip) and entry.header.uid and entry.header.captured
    assert files(task.folder) == {"clip.npz", str(Path(".ddfa-batch", "records", "clip.json"))}


def test_what_is_done_is_not_done_again(task: ClipTask, squares: Engine) -> None:
    first = run_task(task)
    calls = squares.detector.calls  # type: ignore[attr-defined]
    again = finished(task)
    assert again is not None and again.status == UNCHANGED and again.facts == first.facts
    assert run_task(task).status == UNCHANGED
    assert squares.detector.calls == calls  # type: ignore[attr-defined]
    assert finished(replace(task, force=True)) is None and run_task(replace(task, force=True)).status == CAPTURED


def test_a_clip_that_was_touched_but_not_changed_is_hashed_not_captured(task: ClipTask) -> None:
    run_task(task)
    os.utime(task.clip)
    assert finished(task) is None
    assert run_task(task).status == UNCHANGED
    assert finished(task) is not None


@pytest.mark.parametrize(
    "change", ["clip", "settings", "model", "take gone", "take torn", "record torn", "record gone"]
)
def test_whatever_changes_is_done_again(task: ClipTask, tmp_path: Path, change: str) -> None:
    run_task(task)
    old = task.output(TAKE).read_bytes()
    if change == "clip":
        square_clip(tmp_path / "clip.mp4", x=130)
    elif change == "settings":
        task = replace(task, settings=CaptureSettings(end=0.1))
    elif change == "model":
        task = replace(task, model_sha256="1" * 64)
    elif change == "take gone":
        task.output(TAKE).unlink()
    elif change == "take torn":
        task.output(TAKE).write_bytes(old[:-10])
    elif change == "record torn":
        record = record_path(task.folder, task.name)
        record.write_text(record.read_text(encoding="utf-8")[:40], encoding="utf-8")
    else:
        record_path(task.folder, task.name).unlink()
    assert finished(task) is None
    assert run_task(task).status == CAPTURED
    assert finished(task) is not None
    assert len(Take.load(task.output(TAKE))) == (3 if change == "settings" else 6)


def test_more_formats_are_made_of_the_take_without_capturing(task: ClipTask, squares: Engine) -> None:
    run_task(task)
    taken, calls = task.output(TAKE).read_bytes(), squares.detector.calls  # type: ignore[attr-defined]
    more = replace(task, tracks=("csv", "bvh", "json"))
    assert finished(more) is None
    assert run_task(more).status == UNCHANGED
    assert finished(more) is not None and finished(task) is not None
    assert squares.detector.calls == calls and task.output(TAKE).read_bytes() == taken  # type: ignore[attr-defined]
    assert len(read_live_link_face(more.output("csv")).time) == 6
    assert {"clip.bvh", "clip.json"} <= files(task.folder)
    more.output("bvh").write_text("torn", encoding="utf-8")
    assert finished(more) is None and run_task(more).status == UNCHANGED
    assert more.output("bvh").read_text(encoding="utf-8").startswith("HIERARCHY")


@pytest.mark.parametrize("stage", ["save", "_write_tracks", "write_record"])
def test_killed_at_any_stage_nothing_torn_counts(task: ClipTask, monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    """First ever, and again over an older result."""

    def die(*_: object) -> None:
        raise Killed

    task = replace(task, tracks=("csv",))
    for older in (False, True):
        if older:
            assert finished(task)
            square_clip(task.clip, x=140)
        with monkeypatch.context() as patch:
            patch.setattr(*((Take, "save") if stage == "save" else (work, stage)), die)
            with pytest.raises(Killed):
                run_task(task)
        assert finished(task) is None
        assert is_free(task.folder, task.clip, task.name)
        # A take that was recorded is not captured again only because its tracks are missing.
        assert run_task(task).status == (UNCHANGED if stage == "_write_tracks" else CAPTURED)
        record = read_record(task.folder, task.name)
        assert record is not None and set(record.outputs) == {TAKE, "csv"}
        assert len(read_live_link_face(task.output("csv")).time) == len(Take.load(task.output(TAKE)))


def test_what_a_killed_run_has_left_is_swept(task: ClipTask) -> None:
    task.folder.mkdir()
    left, others = task.folder / ".clip.npz.4711.tmp", [".clip.npz.note.tmp", ".clip 2.npz.4711.tmp", "clip.txt"]
    for name in (left.name, *others):
        (task.folder / name).write_bytes(b"half")
    assert run_task(task).status == CAPTURED
    assert not left.exists() and set(others) <= files(task.folder)


def test_a_clip_that_grows_while_it_is_read_fails(task: ClipTask) -> None:
    def grow(done: int, _: int) -> None:
        with task.clip.open("ab") as file:
            file.write(b"more")

    outcome = run_task(task, grow)
    assert outcome.status == FAILED and "was changed while it was read" in outcome.error
    assert not task.output(TAKE).exists() and finished(task) is None


def test_what_cannot_be_captured_fails_with_one_sentence(tmp_path: Path, squares: Engine) -> None:
    write_clip(tmp_path / "wall.mp4", grey(5))
    (tmp_path / "text.mp4").write_text("no video", encoding="utf-8")
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "folder.mp4").mkdir()
    words = {"wall": "No face", "text": "not a video", "empty": "is empty", "gone": "no file", "folder": "is a folder"}
    for name, expected in words.items():
        outcome = run_task(task_of(tmp_path, name))
        assert outcome.status == FAILED and expected in outcome.error, outcome
        assert "\n" not in outcome.error and outcome.error.endswith(".")
    assert not list(tmp_path.rglob("*.npz"))


def test_a_failure_keeps_the_older_result(task: ClipTask) -> None:
    run_task(task)
    kept = task.output(TAKE).read_bytes()
    task.clip.write_bytes(b"torn")
    assert run_task(task).status == FAILED
    assert task.output(TAKE).read_bytes() == kept and finished(task) is None


def test_the_unforeseen_fails_its_clip_alone(task: ClipTask, monkeypatch: pytest.MonkeyPatch) -> None:
    for error, words in ((ValueError("odd"), "ValueError: odd"), (MemoryError(), "not enough memory")):

        def fail(*_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(work.quality, "measures", fail)
        outcome = run_task(task)
        assert outcome.status == FAILED and words in outcome.error


def test_stopping_leaves_nothing(task: ClipTask) -> None:
    begun: list[int] = []
    assert run_task(task, lambda done, _: begun.append(done), lambda: len(begun) > 2).status == STOPPED
    assert not task.output(TAKE).exists()


def test_a_worker_with_another_model_refuses(task: ClipTask, monkeypatch: pytest.MonkeyPatch) -> None:
    class Loaded:
        def __call__(self, *_: object) -> tuple[object, str]:
            return object(), "another"

        def cache_clear(self) -> None:
            pass

    monkeypatch.setattr(work, "_loaded", Loaded())
    outcome = run_task(task)
    assert outcome.status == FAILED and "install the same version on all machines" in outcome.error


def test_two_machines_make_the_same_take(task: ClipTask, tmp_path: Path) -> None:
    elsewhere = replace(task, folder=tmp_path / "other")
    assert run_task(task).status == run_task(elsewhere).status == CAPTURED
    assert Take.load(task.output(TAKE)).header.uid == Take.load(elsewhere.output(TAKE)).header.uid
    changed = replace(task, settings=CaptureSettings(end=0.1), name="cut")
    assert run_task(changed).status == CAPTURED
    assert Take.load(changed.output(TAKE)).header.uid != Take.load(task.output(TAKE)).header.uid


@pytest.mark.skipif(os.name != "posix" or os.fsencode("é") != "é".encode(), reason="file names are text here")
def test_a_name_that_is_no_text_is_refused(tmp_path: Path, squares: Engine) -> None:
    """OpenCV would crash over it."""
    square_clip(tmp_path / "clip.mp4")
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.mp4"))
    try:
        (tmp_path / "clip.mp4").rename(odd)
    except OSError:
        pytest.skip("this file system takes no such name")
    task = replace(task_of(tmp_path, "odd"), clip=odd)
    outcome = run_task(task)
    assert outcome.status == FAILED and "rename the file" in outcome.error
    outcome.error.encode()
    assert finished(task) is None


def test_a_take_that_was_renamed_in_blender_is_done_and_keeps_its_name(task: ClipTask, squares: Engine) -> None:
    run_task(task)
    calls = squares.detector.calls  # type: ignore[attr-defined]
    take_library.rename(task.output(TAKE), "Anna, second try")
    assert finished(task) is not None and run_task(task).status == UNCHANGED
    assert Take.load(task.output(TAKE)).header.title == "Anna, second try"
    assert squares.detector.calls == calls  # type: ignore[attr-defined]
    # Another task's take in its place is none of it.
    other = replace(Take.load(task.output(TAKE)), header=replace(Take.load(task.output(TAKE)).header, uid="1f" * 16))
    other.save(task.output(TAKE))
    assert finished(task) is None


def test_a_large_clip_gives_signs_of_life_while_it_is_hashed(task: ClipTask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints, "_CHUNK", 64)
    signs: list[tuple[int, int]] = []
    run_task(task, lambda done, total: signs.append((done, total)))
    assert signs.count((0, 0)) >= task.clip.stat().st_size // 64
    assert signs[-1] == (6, 6)


def test_what_has_no_end_is_not_read(tmp_path: Path, squares: Engine) -> None:
    task = task_of(tmp_path)
    task.clip.symlink_to("/dev/zero") if Path("/dev/zero").exists() else pytest.skip("no endless file here")
    outcome = run_task(task)
    assert outcome.status == FAILED and "is no file that can be read to its end" in outcome.error
    task.clip.unlink()
    os.mkfifo(task.clip)
    assert "is no file that can be read to its end" in run_task(task).error
