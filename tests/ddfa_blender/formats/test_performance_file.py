# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
import json
import pickle
import zipfile
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.formats.performance_file import VERSION, load_performance, save_performance
from ddfa_blender.performance import Performance
from tests.ddfa_blender.formats.performances import make_performance

SPIKES = replace(make_performance(), spikes=np.arange(90) % 7 == 0)


@pytest.mark.parametrize("name", ["a.json", "A take – été.NPZ"])
@pytest.mark.parametrize("performance", [make_performance(), SPIKES, make_performance(1)])
def test_a_performance_survives_the_disk_bit_for_bit(tmp_path: Path, name: str, performance: Performance) -> None:
    save_performance(performance, tmp_path / name)
    again = load_performance(tmp_path / name)
    for part in fields(Performance):
        before, after = getattr(performance, part.name), getattr(again, part.name)
        if before is None:
            assert after is None
            continue
        assert before.dtype == after.dtype, part.name
        np.testing.assert_array_equal(before, after)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_other_tools_can_read_both(tmp_path: Path) -> None:
    performance = make_performance(4)
    save_performance(performance, tmp_path / "a.json")
    save_performance(performance, tmp_path / "a.npz")
    value = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert (value["format"], value["version"], value["frames"]) == ("ddfa-performance", VERSION, 4)
    column = value["arkit_names"].index("jawOpen")
    assert [row[column] for row in value["arrays"]["arkit"]] == performance.arkit[:, column].tolist()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as data:
        np.testing.assert_array_equal(data["head_rotation"], performance.head_rotation)
        assert json.loads(str(data["header"]))["units"] == value["units"]


def test_single_precision_is_good_enough(tmp_path: Path) -> None:
    performance = make_performance(5)
    path = tmp_path / "a.npz"
    save_performance(performance, path)
    with np.load(path) as data:
        arrays = {name: data[name].astype(np.float32) if data[name].dtype.kind == "f" else data[name] for name in data}
    np.savez(path, **arrays)
    again = load_performance(path)
    assert again.arkit.dtype == np.float64
    np.testing.assert_allclose(again.arkit, performance.arkit, atol=1e-6)


def changed(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The JSON of four frames with one value replaced; ``...`` removes it."""
    performance = make_performance(4)
    arrays = {part.name: getattr(performance, part.name) for part in fields(performance) if part.name != "spikes"}
    preset = {
        "format": "ddfa-performance", "version": VERSION, "frames": 4, "units": {},
        "arkit_names": NAMES["arkit_names"], "expression_names": NAMES["expression_names"],
        "arrays": {name: array.tolist() for name, array in arrays.items()},
    }  # fmt: skip
    place: Any = preset
    for step in path[:-1]:
        place = place[step]
    if not path:
        return preset
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return preset


def _names() -> dict[str, list[str]]:
    from ddfa_blender.names import ARKIT_NAMES, EXPRESSION_NAMES

    return {"arkit_names": list(ARKIT_NAMES), "expression_names": list(EXPRESSION_NAMES)}


NAMES = _names()
BAD = {
    "another format": changed(("format",), "x"),
    "no version": changed(("version",), ...),
    "names in another order": changed(("arkit_names",), NAMES["arkit_names"][::-1]),
    "no arrays": changed(("arrays",), ...),
    "arrays no object": changed(("arrays",), [1, 2]),
    "an array missing": changed(("arrays", "arkit"), ...),
    "an unknown array": changed(("arrays", "code"), [1.0]),
    "rows of unequal length": changed(("arrays", "arkit", 1), [0.5]),
    "too few rows": changed(("arrays", "head_rotation"), [[1.0, 0.0, 0.0, 0.0]] * 3),
    "text in numbers": changed(("arrays", "arkit", 1, 1), "0.5"),
    "null in numbers": changed(("arrays", "arkit", 1, 1), None),
    "time runs backwards": changed(("arrays", "time"), [0.0, 2.0, 1.0, 3.0]),
    "time as one number": changed(("arrays", "time"), 1.0),
    "no rotation": changed(("arrays", "head_rotation", 2), [2.0, 0.0, 0.0, 0.0]),
    "flags as numbers": changed(("arrays", "tracked"), [1, 1, 0, 1]),
    "numbers as flags": changed(("arrays", "time"), [False, True, True, True]),
    "identity of another length": changed(("arrays", "identity"), [0.0] * 39),
    "spikes of another length": changed(("arrays", "spikes"), [True]),
}


def test_the_unchanged_example_is_good(tmp_path: Path) -> None:
    path = tmp_path / "good.json"
    path.write_text(json.dumps(changed((), None)), encoding="utf-8")
    assert len(load_performance(path)) == 4


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused_with_one_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(BAD[name]), encoding="utf-8")
    with pytest.raises(CaptureError) as caught:
        load_performance(path)
    message = str(caught.value)
    assert message.startswith(str(path)) and message.endswith(".") and "\n" not in message


def test_endless_numbers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(changed(("arrays", "arkit", 0, 0), 123.25)).replace("123.25", "1e999"), encoding="utf-8")
    with pytest.raises(CaptureError, match="numbers that are none"):
        load_performance(path)


def test_a_newer_version_asks_for_an_update(tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    path.write_text(json.dumps(changed(("version",), VERSION + 1)), encoding="utf-8")
    with pytest.raises(CaptureError, match="update the extension"):
        load_performance(path)


def npz(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"PK\x03\x04 and then nothing", npz(), npz(header=np.array("{")), npz(header=np.array("[]")),
        npz(header=np.array(1.0)), npz(header=np.array([{}], dtype=object)), pickle.dumps({"time": [1.0]}),
    ],
    ids=lambda data: repr(data[:12]),
)  # fmt: skip
def test_garbage_archives_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bad.npz"
    path.write_bytes(data)
    with pytest.raises(CaptureError, match="performance file"):
        load_performance(path)


def test_a_cut_off_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    save_performance(make_performance(), path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(CaptureError, match="damaged"):
        load_performance(path)


def test_an_archive_that_would_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("arkit.npy", b"\0" * 10_000)
    monkeypatch.setattr("ddfa_blender.archives.LARGEST_UNPACKED", 9_999)
    with pytest.raises(CaptureError, match="too large"):
        load_performance(path)


def test_the_name_must_say_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"\.json or \.npz"):
        save_performance(make_performance(2), tmp_path / "a.txt")
    with pytest.raises(CaptureError, match="There is no file"):
        load_performance(tmp_path / "none.npz")


def test_what_is_not_finite_is_not_written(tmp_path: Path) -> None:
    performance = make_performance(3)
    performance.arkit[1, 1] = np.nan
    with pytest.raises(ValueError, match="JSON"):
        save_performance(performance, tmp_path / "a.json")
    assert list(tmp_path.iterdir()) == []
