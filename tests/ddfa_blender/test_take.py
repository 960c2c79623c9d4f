# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.take import TAKE_VERSION, Take, TakeHeader

HEADER = TakeHeader("Clip – été.mp4", 640, 360, 29.97, "regressor.onnx", "ab" * 32, {"start": 0.5, "face_hint": None})


def make_take(count: int = 5) -> Take:
    random = np.random.default_rng(3)
    take = Take(
        time=np.arange(count) / 29.97,
        params=random.normal(size=(count, 62)).astype(np.float32),
        confidence=random.uniform(0.5, 1.0, count).astype(np.float32),
        roi=random.normal(size=(count, 4)),
        landmarks68=random.normal(size=(count, 68, 3)).astype(np.float32),
        arkit=random.uniform(size=(count, 52)).astype(np.float32),
        header=HEADER,
    )
    take.params[1] = np.nan
    take.confidence[1] = 0.0
    return take


def test_a_take_survives_the_disk_bit_for_bit(tmp_path: Path) -> None:
    take = make_take()
    take.save(tmp_path / "a take.npz")
    again = Take.load(tmp_path / "a take.npz")
    for name in ("time", "params", "confidence", "roi", "landmarks68", "arkit"):
        before, after = getattr(take, name), getattr(again, name)
        assert before.dtype == after.dtype
        np.testing.assert_array_equal(before, after)
    assert again.header == HEADER
    assert [p.name for p in tmp_path.iterdir()] == ["a take.npz"]


def test_the_name_is_kept_as_given(tmp_path: Path) -> None:
    make_take().save(tmp_path / "take")
    assert [p.name for p in tmp_path.iterdir()] == ["take"]


def test_a_crash_while_writing_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "take.npz"
    make_take(3).save(path)
    old = path.read_bytes()

    def crash(*_: object) -> None:
        raise RuntimeError("power failure")

    monkeypatch.setattr("ddfa_blender.atomic.os.fsync", crash)
    with pytest.raises(RuntimeError):
        make_take(9).save(path)
    assert path.read_bytes() == old
    assert [p.name for p in tmp_path.iterdir()] == ["take.npz"]


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="roi"):
        replace(make_take(), roi=np.zeros((5, 3)))
    with pytest.raises(ValueError, match="readings"):
        replace(make_take(), readings=np.zeros((5, 51), np.float32))


def test_readings_survive_and_takes_without_them_stay_so(tmp_path: Path) -> None:
    path = tmp_path / "take.npz"
    readings = np.random.default_rng(4).uniform(size=(5, 52)).astype(np.float32)
    replace(make_take(), readings=readings).save(path)
    again = Take.load(path)
    assert again.readings is not None and again.readings.dtype == np.float32
    np.testing.assert_array_equal(again.readings[again.tracked], readings[again.tracked])
    assert again.header.version == 1, "earlier releases read it"
    make_take().save(path)
    assert Take.load(path).readings is None


def test_a_frame_whose_reading_is_no_number_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "take.npz"
    readings = np.full((5, 52), 0.5, np.float32)
    readings[3, 7] = np.inf
    replace(make_take(), readings=readings).save(path)
    np.testing.assert_array_equal(Take.load(path).tracked, [True, False, True, False, True])


def write_with_header(path: Path, header: dict[str, object]) -> None:
    take = make_take()
    arrays = {name: getattr(take, name) for name in ("time", "params", "confidence", "roi", "landmarks68", "arkit")}
    with path.open("wb") as file:
        np.savez(file, header=np.array(json.dumps(header)), **arrays)


def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "take.npz"
    write_with_header(path, asdict(HEADER) | {"version": TAKE_VERSION + 1})
    with pytest.raises(CaptureError, match="newer version"):
        Take.load(path)


def test_unknown_header_entries_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "take.npz"
    write_with_header(path, asdict(HEADER) | {"remark": "kept by another tool"})
    assert Take.load(path).header == HEADER


@pytest.mark.parametrize("kind", ["empty", "text", "cut", "flipped", "foreign", "array", "no version", "pickle"])
def test_what_is_no_take_gives_one_clear_sentence(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "take.npz"
    make_take().save(path)
    good = path.read_bytes()
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("not a take", encoding="utf-8")
    elif kind == "cut":
        path.write_bytes(good[: len(good) // 2])
    elif kind == "flipped":
        middle = len(good) // 3
        path.write_bytes(good[:middle] + bytes(200) + good[middle + 200 :])
    elif kind == "foreign":
        np.savez(path, weights=np.zeros(3))
    elif kind == "array":
        with path.open("wb") as file:
            np.save(file, np.zeros(3))
    elif kind == "no version":
        write_with_header(path, {"source": "x"})
    elif kind == "pickle":
        np.savez(path, header=np.array({"a": 1}, dtype=object))
    with pytest.raises(CaptureError, match="is not a take or is damaged"):
        Take.load(path)


def test_a_missing_take(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="There is no take"):
        Take.load(tmp_path / "take.npz")
