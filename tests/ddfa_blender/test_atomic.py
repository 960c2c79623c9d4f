# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

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
    (tmp_path / "out.json").write_text("old")
    check_writable(tmp_path / "out.json")
    assert (tmp_path / "out.json").read_text() == "old"


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
