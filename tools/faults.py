# SPDX-License-Identifier: GPL-3.0-or-later
"""Run every fault drill and print the fault table: ``python -m tools.faults [--core]``.

The drills are tests: tests/faults/ (killed processes, full disks, broken footage and takes) and
tests/blender/test_faults.py (baking, exporting, heads and characters inside Blender). A drill that passed has its row.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from . import environments
from .project import ROOT, run, status_of

#: Names the file that the drills add their rows to; see tests/faults/conftest.py.
TABLE = "DDFA_FAULT_TABLE"
_TIMEOUT = 1800.0
_COLUMNS = ("fault", "what happens", "what the user sees")


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """The table, each row once, in the order in which the drills ran."""
    lines = ["| " + " | ".join(_COLUMNS) + " |", "|" + " --- |" * len(_COLUMNS)]
    lines += [
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in dict.fromkeys(map(tuple, rows))
    ]
    return "\n".join(lines)


def _core(table: Path) -> int:
    python = environments.ensure_core()
    command = [str(python), "-m", "pytest", "-q", "tests/faults", "-k", "not shipped"]
    return run(command, environment={**os.environ, TABLE: str(table)}, timeout=_TIMEOUT)


def _blender(table: Path) -> int:
    _, environment = environments.newest_blender()
    python = environment.ensure()
    with tempfile.TemporaryDirectory(prefix="ddfa-home-", ignore_cleanup_errors=True) as home:
        variables = environment.variables(environments.fresh_home(Path(home)) | {TABLE: str(table)})
        return run(
            [str(python), str(ROOT / "tests" / "blender" / "run.py"), "-k", "test_faults"],
            environment=variables,
            timeout=_TIMEOUT,
        )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.faults", description="Run every fault drill.")
    parser.add_argument("--core", action="store_true", help="only the drills that need no Blender")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="ddfa-faults-") as folder:
        table = Path(folder) / "rows.jsonl"
        table.touch()
        drills = [_core] if options.core else [_core, _blender]
        failed = [drill(table) != 0 for drill in drills]
        rows = [json.loads(line) for line in table.read_text(encoding="utf-8").splitlines()]
    print(markdown(rows))
    return 1 if any(failed) else 0


if __name__ == "__main__":
    sys.exit(status_of(main))
