# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from ddfa_blender.batch.fingerprints import clip_sha256, clip_signs, file_sha256, model_sha256
from ddfa_blender.batch.work import finished
from ddfa_blender.errors import CaptureCancelled, CaptureError
from tests.ddfa_blender.batch.support import task_of


def test_a_clips_hash_is_that_of_its_contents(tmp_path: Path) -> None:
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"x" * 3_000_000)
    assert clip_sha256(clip) == hashlib.sha256(b"x" * 3_000_000).hexdigest()
    answers = iter([False, True])
    with pytest.raises(CaptureCancelled):
        clip_sha256(clip, lambda: next(answers))


def test_signs_change_with_every_write_even_if_size_and_date_do_not(tmp_path: Path) -> None:
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"one")
    before, dates = clip_signs(clip), clip.stat()
    assert clip_signs(clip) == before
    clip.write_bytes(b"two")
    os.utime(clip, ns=(dates.st_atime_ns, dates.st_mtime_ns))
    if os.name == "posix":
        assert clip_signs(clip) != before
    clip.write_bytes(b"three")
    assert clip_signs(clip) != before


def test_numbered_pictures_count_as_a_whole(tmp_path: Path) -> None:
    for i in range(1, 4):
        (tmp_path / f"s_{i}.png").write_bytes(b"%d" % i)
    first = tmp_path / "s_1.png"
    before, signs = clip_sha256(first), clip_signs(first)
    (tmp_path / "s_3.png").write_bytes(b"changed")
    assert clip_sha256(first) != before and clip_signs(first) != signs
    (tmp_path / "s_3.png").write_bytes(b"3")
    assert clip_sha256(first) == before
    (tmp_path / "s_4.png").write_bytes(b"4")
    assert clip_sha256(first) != before


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="There is no file"):
        clip_signs(tmp_path / "gone.mp4")
    with pytest.raises(CaptureError, match="is a folder"):
        file_sha256(tmp_path)
    with pytest.raises(CaptureError, match="is not a model folder"):
        model_sha256(tmp_path)
    assert finished(task_of(tmp_path)) is None


def test_another_network_is_another_model(tmp_path: Path) -> None:
    for name in ("regressor.onnx", "morphable_model.npz"):
        (tmp_path / name).write_bytes(b"one")
    before = model_sha256(tmp_path)
    (tmp_path / "regressor.onnx").write_bytes(b"two")
    assert len({before, model_sha256(tmp_path), model_sha256(None)}) == 3
