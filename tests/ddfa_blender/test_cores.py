# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ddfa_blender import cores


def test_one_core_is_left_and_there_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    for physical, workers in ((1, 1), (2, 1), (4, 3), (64, cores.MOST_WORKERS)):
        monkeypatch.setattr(cores, "physical_cores", lambda physical=physical: physical)
        assert cores.automatic_workers() == workers


def test_this_machine_has_cores() -> None:
    assert cores.physical_cores() >= 1


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux says of processors")
def test_two_threads_of_a_core_count_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for cpu, siblings in enumerate(("0,2", "1,3", "0,2", "1,3")):
        folder = tmp_path / f"cpu{cpu}" / "topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(siblings + "\n", encoding="ascii")
    monkeypatch.setattr(cores, "_TOPOLOGY", tmp_path)
    monkeypatch.setattr(cores, "_allowed", lambda: {0, 1, 2, 3})
    assert cores.physical_cores() == 2
    monkeypatch.setattr(cores, "_TOPOLOGY", tmp_path / "hidden")
    assert cores.physical_cores() == 4


@pytest.mark.parametrize(("logical", "physical"), [(1, 1), (8, 4)])
def test_where_the_system_does_not_tell_two_threads_make_a_core(
    monkeypatch: pytest.MonkeyPatch, logical: int, physical: int
) -> None:
    monkeypatch.setattr(cores.sys, "platform", "win32")
    monkeypatch.setattr(cores.os, "cpu_count", lambda: logical)
    assert cores.physical_cores() == physical
