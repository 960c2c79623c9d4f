# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the bundled model files lie; what is at a path that a user gave."""

from __future__ import annotations

import os
from pathlib import Path

#: ``model/`` beside this package: the same in a checkout and in the installed extension.
MODEL_FOLDER = Path(__file__).resolve().parent.parent / "model"


def model_file(name: str) -> Path:
    """Path of a bundled file; it need not exist."""
    return MODEL_FOLDER / name


def is_file(path: Path | str) -> bool:
    """Whether a file is there; False, too, where the system does not tell: a folder without permission, a long name.

    ``Path.is_file`` and its like raise an OSError then, before Python 3.13.
    """
    return os.path.isfile(path)  # noqa: PTH113 (see above)


def is_folder(path: Path | str) -> bool:
    """Whether a folder is there; False, too, where the system does not tell, as in :func:`is_file`."""
    return os.path.isdir(path)  # noqa: PTH112 (see there)
