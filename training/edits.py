# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the edited pictures of ``training.expression_edits`` and the photos' scores are kept."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.atomic import write_atomically
from ddfa_blender.names import ARKIT_NAMES

from .workspace import DATA

EDITS, EDIT_SCORES = DATA / "edits.npz", DATA / "edit_scores.npz"
RENDER_EDITS = DATA / "edited-renders.npz"

_LABELS = ("params", "landmarks68", "weights", "key")


@dataclass(frozen=True, eq=False)
class Edits:
    """n edited pictures: ``images`` and ``offsets`` as in a shard of faces, labels as in ``labels.npz``, the
    ``weights`` (n, 52) that were added (below 0: taken away), and ``key`` (n,) of the picture that was edited."""

    images: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    params: NDArray[np.float32]
    landmarks68: NDArray[np.float32]
    weights: NDArray[np.float32]
    key: NDArray[np.int64]

    def save(self, path: Path = EDITS) -> None:
        """Write all arrays."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        write_atomically(path, lambda file: np.savez(file, **arrays))

    def joined_with(self, others: Edits) -> Edits:
        """These edits, then the others."""
        return Edits(
            np.concatenate([self.images, others.images]),
            np.concatenate([self.offsets, others.offsets[1:] + self.offsets[-1]]),
            *(np.concatenate([getattr(each, name) for each in (self, others)]) for name in _LABELS),
        )

    @classmethod
    def load(cls, path: Path = EDITS) -> Edits:
        """Read what :meth:`save` wrote.

        Raises:
            FileNotFoundError: there is none.
        """
        with np.load(path, allow_pickle=False) as data:
            return cls(*(data[field.name] for field in fields(cls)))


def present_scores(path: Path = EDIT_SCORES) -> NDArray[np.float32]:
    """Scores (n, 52) of the first n edits of photos; n is 0 where there is no file."""
    if not path.exists():
        return np.zeros((0, len(ARKIT_NAMES)), np.float32)
    with np.load(path, allow_pickle=False) as data:
        return np.asarray(data["arkit"])
