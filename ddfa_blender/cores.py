# SPDX-License-Identifier: GPL-3.0-or-later
"""How many segments of a clip are worth tracking side by side on this machine."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

#: More threads than that would wait for one another: Python runs one at a time, and between network and OpenCV, which
#: let others run, it does an eighth to a sixth of each frame's work. (Counted, not tried: docs/speed.md.)
MOST_WORKERS = 6
_TOPOLOGY = Path("/sys/devices/system/cpu")


def automatic_workers() -> int:
    """Physical cores less one, which Blender and the rest keep; at least 1."""
    return max(1, min(physical_cores() - 1, MOST_WORKERS))


def physical_cores() -> int:
    """Cores that this process may use, not counting what else runs on the same core; at least 1.

    Where the system does not tell (Windows), half of the logical ones, as on most desktop machines.
    """
    allowed = _allowed()
    if sys.platform == "linux":
        return max(1, len({_siblings(cpu) for cpu in allowed}))
    if sys.platform == "darwin":
        return max(1, _mac_cores() or len(allowed))
    return max(1, len(allowed) // 2)


def _allowed() -> set[int]:
    if sys.platform == "linux":
        return set(os.sched_getaffinity(0))
    return set(range(os.cpu_count() or 1))


def _siblings(cpu: int) -> str:
    """What all logical processors of one core have in common."""
    try:
        return (_TOPOLOGY / f"cpu{cpu}" / "topology" / "thread_siblings_list").read_text(encoding="ascii").strip()
    except OSError:
        return str(cpu)  # containers may hide it: then each counts as a core


def _mac_cores() -> int:
    count, size = ctypes.c_int(0), ctypes.c_size_t(ctypes.sizeof(ctypes.c_int))
    try:
        failed = ctypes.CDLL(None).sysctlbyname(b"hw.physicalcpu", ctypes.byref(count), ctypes.byref(size), None, 0)
    except (OSError, AttributeError):
        return 0
    return 0 if failed else count.value
