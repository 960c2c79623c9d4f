# SPDX-License-Identifier: GPL-3.0-or-later
"""A morphable model that is not ours: a face without a head's eyes, teeth, neck, texture and ARKit units."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from .atomic import write_atomically
from .errors import CaptureError
from .face_model import FaceModel
from .names import EXPRESSION_COUNT, SHAPE_COUNT

#: Arrays of the file beside ``basis``, which no bundled model's file has.
_ARRAYS = ("mean", "shape_basis", "expression_basis", "landmark_vertices", "landmark_weights", "faces")


@dataclass(frozen=True, eq=False)
class ImportedModel(FaceModel):
    """The points of a face, dense with triangles or just the 68 landmarks; see :class:`FaceModel`."""

    faces: NDArray[np.int32]  # (F, 3) triangles, counter-clockwise from outside; F = 0 where only points are known

    def save(self, path: Path) -> None:
        """Write the model as ``.npz``.

        Raises:
            CaptureError: the file cannot be written.
        """
        arrays = {name: getattr(self, name) for name in _ARRAYS}

        def write(file: BinaryIO) -> None:
            np.savez_compressed(file, basis=np.array(self.basis), **arrays)

        write_atomically(path, write)

    @classmethod
    def load(cls, path: Path) -> ImportedModel:
        """Read what :meth:`save` wrote.

        Raises:
            CaptureError: the file is missing, damaged, or something else.
        """
        try:
            with np.load(path, allow_pickle=False) as data:
                arrays = {name: data[name] for name in _ARRAYS}
                model = cls(**arrays, basis=str(data["basis"]))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise CaptureError(
                f"The morphable model {path} cannot be read; make its folder again with `import-published`."
            ) from error
        count = len(model.mean)
        shapes = (model.mean.shape, model.shape_basis.shape, model.expression_basis.shape)
        if shapes != ((count, 3), (SHAPE_COUNT, count, 3), (EXPRESSION_COUNT, count, 3)):
            raise CaptureError(f"The arrays of {path} do not fit together; make its folder again.")
        return model


def is_imported(path: Path) -> bool:
    """Whether a file is one that :meth:`ImportedModel.save` wrote; False where it cannot be read at all."""
    try:
        with np.load(path, allow_pickle=False) as data:
            return "basis" in data
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return False
