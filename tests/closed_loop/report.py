# SPDX-License-Identifier: GPL-3.0-or-later
"""Print the closed loop's figures: ``python -m tests.closed_loop.report [REGRESSOR.onnx]``."""

from __future__ import annotations

import sys
from pathlib import Path

from .comparison import run, table

if __name__ == "__main__":
    sys.stdout.write(table(run(Path(sys.argv[1]) if len(sys.argv) > 1 else None)) + "\n")
