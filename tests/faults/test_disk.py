# SPDX-License-Identifier: GPL-3.0-or-later
"""Full disks and folders that cannot be written to: the old file stays, one sentence says what to do."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ddfa_blender import atomic, take_library
from ddfa_blender.errors import CaptureError
from ddfa_blender.take import Take
from tests.faults.conftest import ROOT, Row
from tools.fuzzing import seeds

_FULL = "cannot be written: the disk is full; free some space or choose another folder."


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB, where this process may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if not shutil.which("mount") or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this user may mount no disk")
    yield disk
    subprocess.run([shutil.which("umount") or "umount", str(disk)], check=True)


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder in which nobody, root neither, can make a file."""
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    mount = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(folder)]
    mounted = (
        is_root and shutil.which("mount") and not subprocess.run(mount, check=False, capture_output=True).returncode
    )
    if not mounted and os.access(folder, os.W_OK):
        pytest.skip("this user may write everywhere")
    yield folder
    if mounted:
        subprocess.run([shutil.which("umount") or "umount", str(folder)], check=True)


def test_a_disk_that_fills_up_while_a_take_is_saved(small_disk: Path, row: Row) -> None:
    path = small_disk / "take.npz"
    old = seeds.take(3)
    old.save(path)
    before = path.read_bytes()
    (small_disk / "ballast").write_bytes(bytes(200 * 1024))
    with pytest.raises(CaptureError) as refused:
        seeds.take(400).save(path)
    assert str(refused.value) == f"{path} {_FULL}"
    with pytest.raises(CaptureError, match="disk is full"):
        take_library.save_new(seeds.take(400), small_disk, "another")
    assert path.read_bytes() == before
    assert sorted(p.name for p in small_disk.iterdir()) == ["ballast", "take.npz"]
    (small_disk / "ballast").unlink()
    seeds.take(10).save(path)
    assert len(Take.load(path)) == 10
    row(
        "disk full while a take is saved",
        "the old file stays, nothing is left behind",
        str(refused.value).replace(str(path), "…/take.npz"),
    )


_LIMITED = """
import resource, sys
from pathlib import Path
from tools.fuzzing import seeds
from ddfa_blender.errors import CaptureError
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    seeds.take(400).save(Path(sys.argv[1]))
except CaptureError as error:
    print(error)
"""


def test_a_quota_that_ends_while_a_take_is_saved(tmp_path: Path, row: Row) -> None:
    path = tmp_path / "take.npz"
    seeds.take(3).save(path)
    before = path.read_bytes()
    answer = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == f"{path} {_FULL}"
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["take.npz"]
    row(
        "the user's quota ends while a take is saved",
        "the old file stays, nothing is left behind",
        answer.stdout.strip().replace(str(path), "…/take.npz"),
    )


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_every_write_may_be_the_one_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    path = tmp_path / "take.npz"
    seeds.take(3).save(path)
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic.os, call, fail)
    with pytest.raises(CaptureError, match="the disk is full"):
        seeds.take(5).save(path)
    monkeypatch.undo()
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["take.npz"]


def test_other_files_in_read_only_folders(read_only: Path, row: Row) -> None:
    with pytest.raises(
        CaptureError, match=r"cannot be written \(.*\); choose a folder that you may write to\."
    ) as refused:
        atomic.write_json(read_only / "report.json", {})
    with pytest.raises(CaptureError, match="cannot be written"):
        atomic.check_writable(read_only / "report.json")
    row(
        "read-only folder",
        "nothing is written; outputs are checked before the work begins",
        str(refused.value).replace(str(read_only), "…"),
    )


def test_a_work_folder_of_a_dead_process_goes_with_the_next(tmp_path: Path) -> None:
    code = "import os, sys\nfrom pathlib import Path\nfrom ddfa_blender.atomic import work_folder\n"
    code += (
        "with work_folder(Path(sys.argv[1])) as folder:\n    (folder / 'half.fbx').write_bytes(b'x')\n    os._exit(1)\n"
    )
    for _ in range(3):
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False)
        assert len(list(tmp_path.iterdir())) == 1
    with atomic.work_folder(tmp_path) as own, atomic.work_folder(tmp_path) as other:
        assert own.is_dir() and other.is_dir()  # the one that is held stays
    assert list(tmp_path.iterdir()) == []
