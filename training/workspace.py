# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders that training writes to; both are ignored by git."""

from pathlib import Path

#: Labels, packed pictures and renders.
DATA = Path(__file__).parent / "data"
#: Checkpoints and logs.
RUNS = Path(__file__).parent / "runs"
