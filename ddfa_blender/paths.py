# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the bundled model files lie."""

from __future__ import annotations

from pathlib import Path

#: ``model/`` beside this package: the same in a checkout and in the installed extension.
MODEL_FOLDER = Path(__file__).resolve().parent.parent / "model"


def model_file(name: str) -> Path:
    """Path of a bundled file; it need not exist."""
    return MODEL_FOLDER / name
