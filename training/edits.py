# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the edited photos of ``training.expression_edits`` and their scores are kept."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.atomic import write_atomically

from .workspace import DATA

EDITS, EDIT_SCORES = DATA / "edits.npz", DATA / "edit_scores.npz"


@dataclass(frozen=True, eq=False)
class Edits:
    """n edited pictures: ``images`` and ``offsets`` as in a shard of faces, labels as in ``labels.npz``, and the
    ``weights`` (n, 52) that were added (below 0: taken away)."""

    images: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    params: NDArray[np.float32]
    landmarks68: NDArray[np.float32]
    weights: NDArray[np.float32]

    def save(self, path: Path = EDITS) -> None:
        """Write all arrays."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        write_atomically(path, lambda file: np.savez(file, **arrays))

    @classmethod
    def load(cls, path: Path = EDITS) -> Edits:
        """Read what :meth:`save` wrote.

        Raises:
            FileNotFoundError: there is none.
        """
        with np.load(path, allow_pickle=False) as data:
            return cls(*(data[field.name] for field in fields(cls)))
