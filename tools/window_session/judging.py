# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what was seen is what should have happened. Plain data in, sentences out; nothing of Blender here."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

#: Lines in Blender's log that no session may leave.
_COMPLAINT = re.compile(r"Traceback|^\w*Error\b|^Error:|\bException\b|rna_uiItem|not found: class|\bSegmentation fault")
#: Data-blocks that Blender itself makes and drops as editors come and go.
_OWN_OF_BLENDER = frozenset({"screens", "workspaces", "window_managers", "brushes", "palettes", "paint_curves"})

Snapshot = Mapping[str, Any]


def changes(before: Snapshot, after: Snapshot, *, users: bool = True) -> list[str]:
    """What differs between two snapshots of a file (``in_blender.snapshot``), one sentence each.

    Args:
        before: the earlier one.
        after: the later one.
        users: also compare how often each data-block is used.
    """
    blocks = _block_changes(before["blocks"], after["blocks"], users=users)
    return [*blocks, *_setting_changes(before["settings"], after["settings"])]


def kept_in_files(snapshot: Snapshot) -> dict[str, Any]:
    """The snapshot without data-blocks that nobody uses: Blender does not write them."""
    blocks = {kind: {name: users for name, users in held.items() if users} for kind, held in snapshot["blocks"].items()}
    return {**snapshot, "blocks": {kind: held for kind, held in blocks.items() if held}}


def _block_changes(before: Snapshot, after: Snapshot, *, users: bool) -> Iterator[str]:
    for collection in sorted((before.keys() | after.keys()) - _OWN_OF_BLENDER):
        old, new = before.get(collection, {}), after.get(collection, {})
        for name in sorted(new.keys() - old.keys()):
            yield f"{collection} have gained {name!r}"
        for name in sorted(old.keys() - new.keys()):
            yield f"{collection} have lost {name!r}"
        for name in sorted(old.keys() & new.keys()) if users else ():
            if old[name] != new[name]:
                yield f"{name!r} in {collection} had {old[name]} users and has {new[name]}"


def _setting_changes(before: Snapshot, after: Snapshot) -> Iterator[str]:
    for owner in sorted(before.keys() & after.keys()):
        old, new = before[owner], after[owner]
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name):
                yield f"{name} of {owner} was {old.get(name)} and is {new.get(name)}"


def gained(before: Snapshot, after: Snapshot, collection: str) -> list[str]:
    """The data-blocks of one kind that are new."""
    return sorted(after["blocks"].get(collection, {}).keys() - before["blocks"].get(collection, {}).keys())


def rises(values: Sequence[int], *, times: int) -> bool:
    """The values grow at least ``times`` times and never shrink."""
    steps = [b - a for a, b in itertools.pairwise(values)]
    return all(step >= 0 for step in steps) and sum(step > 0 for step in steps) >= times


def complaints(log: str) -> list[str]:
    """The lines of Blender's log that tell of an error."""
    return [line.strip() for line in log.splitlines() if _COMPLAINT.search(line)]
