# SPDX-License-Identifier: GPL-3.0-or-later
"""Print the closed loop's figures: ``python -m tests.closed_loop.report [REGRESSOR.onnx] [--high-quality]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .comparison import run, table

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("regressor", nargs="?", type=Path, metavar="REGRESSOR.onnx", help="not the bundled one")
    parser.add_argument("--high-quality", action="store_true", help="look twice at every frame")
    options = parser.parse_args()
    sys.stdout.write(table(run(options.regressor, high_quality=options.high_quality)) + "\n")
