# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes that are not what they should be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ddfa_blender.archives import ArchiveError, read_npz
from ddfa_blender.errors import CaptureError
from ddfa_blender.solve import solve
from ddfa_blender.take import TAKE_VERSION, Take
from ddfa_blender.take_library import describe
from tests.faults.conftest import Row
from tools.fuzzing import seeds
from tools.fuzzing.archive_mutations import npy
from tools.fuzzing.cases import random_of
from tools.fuzzing.mutations import zipped


@pytest.mark.parametrize("name", ["params", "roi", "landmarks68", "arkit", "confidence"])
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_numbers_that_are_none_make_a_lost_frame(tmp_path: Path, name: str, value: float) -> None:
    take = seeds.take(6)
    array = getattr(take, name)
    array.reshape(6, -1)[3, 0] = value
    take.save(tmp_path / "a.npz")
    again = Take.load(tmp_path / "a.npz")
    expected = take.tracked.copy()
    expected[3] = name == "confidence" and value in (np.inf, 1e30) and np.isfinite(value)
    np.testing.assert_array_equal(again.tracked, expected)
    if not expected[3]:
        assert again.confidence[3] == 0.0 and np.isnan(again.params[3]).all()


def test_nan_in_a_take(tmp_path: Path, row: Row) -> None:
    take = seeds.take(6)
    take.params[3, 20] = np.nan
    take.save(tmp_path / "a.npz")
    solution = solve(Take.load(tmp_path / "a.npz"), seeds.small_model())
    assert list(np.flatnonzero(~solution.tracked)) == [1, 3]
    row(
        "NaN or an impossible number in a take",
        "the frame counts as lost: its gap is filled and marked, the rest is used",
        "Captured 6 frames, 2 of them without a visible face (filled in)",
    )


def test_a_take_from_a_newer_version(tmp_path: Path, row: Row) -> None:
    path = tmp_path / "a.npz"
    arrays = seeds.take_arrays(seeds.take())
    text = str(arrays["header"]).replace('"version": 1', f'"version": {TAKE_VERSION + 1}')
    np.savez(path, **{**arrays, "header": np.array(text)})
    with pytest.raises(
        CaptureError, match=r"was written by a newer version of this extension; update the extension\."
    ) as refused:
        Take.load(path)
    entry = describe(path)
    assert entry is not None and entry.problem == str(refused.value)
    row("a take from a newer version", "it is listed and left alone", str(refused.value).replace(str(path), "…/a.npz"))


def test_what_a_header_may_not_say(tmp_path: Path) -> None:
    for change in (
        {"fps": float("nan")},
        {"fps": 0.0},
        {"width": -1},
        {"title": 5},
        {"absent_outputs": "x"},
        {"fps": "25"},
    ):
        path = tmp_path / "a.npz"
        arrays = seeds.take_arrays(replace(seeds.take(), header=replace(seeds.take().header, **change)))  # type: ignore[arg-type]
        np.savez(path, **arrays)
        with pytest.raises(CaptureError, match="is not a take or is damaged"):
            Take.load(path)


def test_archives_that_claim_more_than_they_hold(row: Row) -> None:
    claim = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }\n", bytes(64))
    with pytest.raises(ArchiveError, match="not as long as it says"):
        read_npz(zipped(random_of("take", 0, 0), [("time.npy", claim)]))
    honest = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (300000,), }\n", bytes(300_000))
    with pytest.raises(ArchiveError, match="too large when unpacked"):
        read_npz(zipped(random_of("take", 0, 0), [("time.npy", honest)]), largest=100_000)
    row(
        "an archive that unpacks to gigabytes, or claims to",
        "refused by its list of contents, before memory is taken",
        "… is not a take or is damaged; capture the footage again.",
    )
