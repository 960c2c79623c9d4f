# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ddfa_blender.errors import CaptureError
from ddfa_blender.published.torch_file import read_state_dict
from tests.ddfa_blender.published.support import fake_weights, program, torch_tree, write_torch_legacy, write_torch_zip

Writer = Callable[[Path, dict[str, NDArray]], Path]


@pytest.mark.parametrize("write", [write_torch_zip, write_torch_legacy])
def test_both_formats_give_the_weights_without_the_prefix(tmp_path: Path, write: Writer) -> None:
    weights = fake_weights()
    found = read_state_dict(write(tmp_path / "checkpoint.pth", weights))
    assert found.keys() == {name.removeprefix("module.") for name in weights}
    for name, values in weights.items():
        again = found[name.removeprefix("module.")]
        assert again.dtype == values.dtype
        np.testing.assert_array_equal(again, values)


def rewritten(path: Path, change: Callable[[str, bytes], tuple[str, bytes] | None]) -> Path:
    """The zip with its entries changed or left out."""
    with zipfile.ZipFile(path) as archive:
        entries = [change(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w") as archive:
        for entry in entries:
            if entry is not None:
                archive.writestr(*entry)
    return path


def replaced(value: Any, old: object, new: object) -> Any:
    """A tree with every ``old`` turned into ``new``."""
    if value == old and type(value) is type(old):
        return new
    if isinstance(value, dict):
        return {k: replaced(v, old, new) for k, v in value.items()}
    if isinstance(value, tuple):
        parts = [replaced(v, old, new) for v in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value


SMALL = {"fc.weight": np.arange(12, dtype=np.float32).reshape(3, 4)}


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ((3, 4), (3, 5), "one piece|beyond its storage"),
        ((3, 4), (2**39, 4), "beyond its storage"),
        ((4, 1), (0, 0), "one piece"),
        ((4, 1), (1, 3), "one piece"),
        ((3, 4), (-3, -4), "shape is broken"),
        (0, 1, "beyond its storage"),
        (0, -1, "tensor is broken"),
        (12, 2**39, "larger than the file"),
        (12, 2**62, "broken"),
        (12, 11, "cut short"),
        ("FloatStorage", "DoubleStorage", "cut short|larger than the file"),
        ("FloatStorage", "UntypedStorage", "asks for"),
        ("storage", "module", "other than numbers"),
        ("0", "../data.pkl", "missing"),
        ("_rebuild_tensor_v2", "_rebuild_device_tensor_from_numpy", "asks for"),
    ],
)
def test_tensors_that_do_not_fit_their_data_are_refused(
    tmp_path: Path, old: object, new: object, complaint: str
) -> None:
    tree, _ = torch_tree(SMALL)
    path = write_torch_zip(tmp_path / "x.pth", SMALL)
    changed = program(replaced(tree, old, new))
    assert changed != program(tree)
    rewritten(path, lambda name, data: (name, changed if name.endswith("data.pkl") else data))
    with pytest.raises(CaptureError, match=f"is not a checkpoint that can be read .*({complaint})"):
        read_state_dict(path)


def test_compressed_missing_and_foreign_entries_are_refused(tmp_path: Path) -> None:
    path = write_torch_zip(tmp_path / "x.pth", SMALL)
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    with pytest.raises(CaptureError, match="compressed"):
        read_state_dict(path)
    rewritten(write_torch_zip(path, SMALL), lambda name, data: None if name.endswith("data/0") else (name, data))
    with pytest.raises(CaptureError, match="missing"):
        read_state_dict(path)
    rewritten(write_torch_zip(path, SMALL), lambda name, data: (name, data.replace(b"little", b"big")))
    with pytest.raises(CaptureError, match="big-endian"):
        read_state_dict(path)


@pytest.mark.parametrize("write", [write_torch_zip, write_torch_legacy])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_short_is_refused(tmp_path: Path, write: Writer, share: float) -> None:
    path = write(tmp_path / "x.pth", fake_weights())
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CaptureError, match="is not a checkpoint"):
        read_state_dict(path)


def test_a_storage_is_not_copied_for_each_tensor(tmp_path: Path) -> None:
    """A small file must not unfold to a large one."""
    found = read_state_dict(write_torch_zip(tmp_path / "x.pth", SMALL))
    assert not found["fc.weight"].flags.owndata


@pytest.mark.parametrize("keys", [3, {"a": 1}, "abc", [["a"]], [None]])
def test_the_old_formats_keys_are_a_list_of_texts(tmp_path: Path, keys: object) -> None:
    """Found by ``tools.fuzz_coverage``."""
    path = tmp_path / "net.pth"
    parts = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, {}, keys)
    path.write_bytes(b"".join(pickle.dumps(part, 2) for part in parts))
    with pytest.raises(CaptureError, match="its storages have no keys"):
        read_state_dict(path)


def test_an_encrypted_entry_is_refused(tmp_path: Path) -> None:
    path = write_torch_zip(tmp_path / "net.pth", {"a": np.zeros(3, np.float32)})
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\x01\x02")
    while at >= 0:
        content[at + 8] |= 1
        at = content.find(b"PK\x01\x02", at + 1)
    path.write_bytes(content)
    with pytest.raises(CaptureError, match="encrypted"):
        read_state_dict(path)
