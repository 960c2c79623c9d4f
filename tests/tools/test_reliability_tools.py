# SPDX-License-Identifier: GPL-3.0-or-later
"""What the drills, the soak and the fuzzing print."""

from __future__ import annotations

from tools import faults, soak

_STEADY = {"bytes_before": 500 * 2**20, "bytes_after": 501 * 2**20, "cycles": 200, "blocks_before": {"meshes": 1}}


def test_the_fault_table_has_each_row_once() -> None:
    row = ["disk full", "the old file stays", "free | some"]
    lines = faults.markdown([row, row]).splitlines()
    assert lines[0] == "| fault | what happens | what the user sees |"
    assert lines[2:] == ["| disk full | the old file stays | free \\| some |"]


def test_what_grows_is_complained_about() -> None:
    steady = _STEADY | {"blocks_after": {"meshes": 1}}
    assert soak.complaints(steady) == []
    assert "| memory | 500 MiB | 501 MiB |" in soak.table(steady) and "5.1 KiB each" in soak.table(steady)
    assert soak.complaints(steady | {"blocks_after": {"meshes": 2}}) == ["data-blocks stayed"]
    assert "stayed for each capture" in soak.complaints(steady | {"bytes_after": 600 * 2**20})[0]
