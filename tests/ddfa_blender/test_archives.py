# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ddfa_blender.archives import ArchiveError, array_names, read_members, read_npz, write_npz

ARRAYS = {
    "numbers": np.arange(12.0).reshape(3, 4).T,
    "halves": np.ones((2, 0, 3), np.float16),
    "flags": np.array([True, False]),
    "text": np.array("Größe"),
    "nothing": np.array(""),
}


def packed(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return buffer.getvalue()


def saved(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def test_what_numpy_writes_is_read_and_what_is_written_numpy_reads(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **ARRAYS)  # type: ignore[arg-type]
    with (tmp_path / "a.npz").open("wb") as file:
        write_npz(file, ARRAYS)
    with np.load(tmp_path / "a.npz") as found:
        for again in (read_npz(buffer.getvalue()), read_npz(tmp_path / "a.npz"), found):
            assert set(again) == set(ARRAYS)
            for name, array in ARRAYS.items():
                np.testing.assert_array_equal(again[name], array)
                assert again[name].dtype == array.dtype
    assert array_names(tmp_path / "a.npz") == set(ARRAYS)


def test_only_the_wanted_arrays_are_unpacked() -> None:
    data = packed(a=saved(np.zeros(3)), b=b"no array at all")
    assert set(read_npz(data, names=("a", "c"))) == {"a"}
    with pytest.raises(ArchiveError, match="damaged"):
        read_npz(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (saved(np.array([{}], dtype=object)), "neither numbers nor text"),
        (saved(np.zeros(2, dtype=[("x", "f4")])), "neither numbers nor text"),
        (saved(np.zeros(2, dtype="c8")), "neither numbers nor text"),
        (saved(np.zeros(9))[:-1], "not as long as it says"),
        (saved(np.zeros(9)) + b"\0", "not as long as it says"),
        (saved(np.zeros(9)).replace(b"(9,)", b"(-9,)"[:4] + b")"), "damaged|broken|not as long"),
        (b"\x93NUMPY\x07\x00", "version"),
    ],
)
def test_what_is_no_plain_array_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ArchiveError, match=reason):
        read_npz(packed(a=data))


def test_names_sizes_and_packing_are_looked_at_first(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(packed(a=saved(np.zeros(1000))))
    with pytest.raises(ArchiveError, match="too large"):
        read_npz(path, largest=5000)
    with pytest.raises(ArchiveError, match="too large"):
        read_members(path, largest=5000)
    assert read_members(path)["a.npy"] == saved(np.zeros(1000))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.npy", saved(np.zeros(3)))
    with pytest.raises(ArchiveError, match="unusual"):
        read_npz(path)
    with pytest.raises(FileNotFoundError):
        read_npz(tmp_path / "none.npz")
    with pytest.raises(ArchiveError):
        read_npz(b"PK but no archive")


def test_a_list_of_contents_without_end_is_refused(tmp_path: Path) -> None:
    """Fifty bytes for each member that is not there: ``zipfile`` would take ten times as much memory for them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.npy", saved(np.zeros(3)))
    data = buffer.getvalue()
    list_at, end_at = data.find(b"PK\x01\x02"), data.find(b"PK\x05\x06")
    entry, end = data[list_at:end_at], bytearray(data[end_at:])
    count = 2**20 // len(entry) + 1
    struct.pack_into("<HHI", end, 8, count & 0xFFFF, count & 0xFFFF, count * len(entry))
    path = tmp_path / "bomb.npz"
    path.write_bytes(data[:list_at] + entry * count + end)
    for read in (read_npz, array_names, read_members):
        with pytest.raises(ArchiveError, match="list of contents is far too long"):
            read(path)
    with pytest.raises(ArchiveError, match="list of contents is far too long"):
        read_npz(path.read_bytes())


def test_names_that_lead_elsewhere_are_names_and_nothing_else(tmp_path: Path) -> None:
    """Nothing is ever unpacked to the disk: neither ``..\\\\x`` nor a drive's letter means anything."""
    names = ["../x", "..\\x", "C:\\x", "C:x", "\\\\server\\share\\x", "/etc/x", "con", "x:stream"]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), saved(np.zeros(1)))
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "odd.npz"
    path.write_bytes(buffer.getvalue())
    assert array_names(path) == set(read_npz(path)) == set(names)
    assert set(read_members(path)) == {f"{name}.npy" for name in names}
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["in", "odd.npz"]
