# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 at every stage of a capture, and start again: the old file or the new one, and no litter that grows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ddfa_blender import take_library
from ddfa_blender.take import Take
from tests.faults import victim as victims
from tests.faults.conftest import Row, Victim
from tools.fuzzing import seeds


def _listing(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


#: What a capture that was never killed leaves.
_CLEAN = ["clip.mp4", "out/take.npz", "takes/clip.npz"]


@pytest.mark.parametrize("stage", victims.STAGES)
def test_killed_and_started_again(victim: Victim, stage: str, row: Row) -> None:
    out = victim.folder / "out" / "take.npz"
    out.parent.mkdir()
    old = seeds.take()
    old.save(out)
    victim.die(stage)
    found = Take.load(out)
    is_new = stage == "save done"
    assert len(found) == (20 if is_new else len(old))
    if not is_new:
        np.testing.assert_array_equal(found.params, old.params)
    litter = set(_listing(victim.folder)) - set(_CLEAN)
    victim.run()
    assert len(Take.load(out)) == 20
    kept = [name for name in _listing(victim.folder) if name not in _CLEAN]
    # A take that was complete when the process died is no litter: the second run keeps its own beside it.
    complete = stage in ("save half", "save written", "save done")
    assert kept == (["takes/clip 2.npz"] if complete else []), (kept, litter)
    assert all(not entry.problem for entry in take_library.list_takes(victim.folder / "takes"))
    file = "the new file" if is_new else "the old file"
    left = (
        f"{len(litter)} temporary file{'s' * (len(litter) != 1)} left, gone with the next run"
        if litter
        else "nothing left"
    )
    row(
        f"kill -9 during: {stage}",
        f"{file} is there, whole; {left}; the next run gives the full take",
        "nothing is lost; capture again",
    )


def test_many_kills_leave_no_more_than_one(victim: Victim) -> None:
    (victim.folder / "out").mkdir()
    counts = []
    for _ in range(3):
        victim.die("save begun")
        counts.append(len(_listing(victim.folder)))
    assert counts[-1] == counts[0]
    victim.run()
    assert _listing(victim.folder) == _CLEAN
