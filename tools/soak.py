# SPDX-License-Identifier: GPL-3.0-or-later
"""Capture 200 times in one Blender and print what grew: ``python -m tools.soak [--captures 200]``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import environments
from .project import ROOT, BuildError, run, status_of

#: Captures before memory is first looked at: caches fill, the undo history reaches its length.
WARM_UP = 60
#: Bytes that a capture may leave behind on average: less than the smallest picture.
MOST_PER_CAPTURE = 64 * 1024
_TIMEOUT = 3600.0


def table(result: dict[str, Any]) -> str:
    """What grew, as Markdown."""
    before, after, cycles = result["bytes_before"] / 2**20, result["bytes_after"] / 2**20, result["cycles"]
    lines = ["| | after the warm-up | at the end |", "| --- | --- | --- |"]
    lines.append(f"| memory | {before:.0f} MiB | {after:.0f} MiB |")
    kinds = sorted({*result["blocks_before"], *result["blocks_after"]})
    lines += [
        f"| {kind} | {result['blocks_before'].get(kind, 0)} | {result['blocks_after'].get(kind, 0)} |" for kind in kinds
    ]
    return "\n".join([*lines, "", f"{cycles} captures, {1024 * (after - before) / cycles:.1f} KiB each"])


def complaints(result: dict[str, Any]) -> list[str]:
    """What grew that must not."""
    found = [] if result["blocks_before"] == result["blocks_after"] else ["data-blocks stayed"]
    grown = (result["bytes_after"] - result["bytes_before"]) / result["cycles"]
    return found + ([f"{grown / 1024:.0f} KiB stayed for each capture"] if grown > MOST_PER_CAPTURE else [])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.soak", description="Capture many times in one Blender.")
    parser.add_argument("--captures", type=int, default=200, help="captures after the warm-up (default: 200)")
    parser.add_argument("--warm-up", type=int, default=WARM_UP, help=f"captures before it (default: {WARM_UP})")
    options = parser.parse_args(arguments)
    version, environment = environments.newest_blender()
    python = environment.ensure()
    with tempfile.TemporaryDirectory(prefix="ddfa-soak-", ignore_cleanup_errors=True) as folder:
        out = Path(folder) / "result.json"
        command = [str(python), str(ROOT / "tools" / "soak_in_blender.py"), "--cycles", str(options.captures)]
        command += ["--warm-up", str(options.warm_up), "--out", str(out)]
        variables = environment.variables(os.environ)
        status = run(command, environment=variables, timeout=_TIMEOUT)
        if not out.exists():
            raise BuildError(f"Blender ended with status {status} before it was through; see above.")
        result = json.loads(out.read_text(encoding="utf-8"))
    print(f"Blender {version}\n\n{table(result)}")
    found = complaints(result)
    for complaint in found:
        print(f"error: {complaint}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(status_of(main))
