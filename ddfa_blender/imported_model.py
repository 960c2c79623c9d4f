# SPDX-License-Identifier: GPL-3.0-or-later
"""A morphable model that is not ours: a face without a head's eyes, teeth, neck, texture and ARKit units."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from .archives import array_names, read_npz, write_npz
from .atomic import write_atomically
from .errors import CaptureError
from .face_model import FaceModel
from .model_checks import FACE_ARRAYS, ModelArrays, checked_model

#: Whose coefficients they are; no bundled model's file says it.
_BASIS = "basis"
#: The other arrays of the file.
_ARRAYS: ModelArrays = FACE_ARRAYS | {"faces": (("F", 3), np.int32)}


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
            write_npz(file, {"basis": np.array(self.basis), **arrays})

        write_atomically(path, write)

    @classmethod
    def load(cls, path: Path) -> ImportedModel:
        """Read what :meth:`save` wrote.

        Raises:
            CaptureError: the file is missing, damaged, or something else.
        """
        try:
            arrays = read_npz(path, names={*_ARRAYS, _BASIS})
            basis = str(arrays.pop(_BASIS))
            model = cls(**checked_model(arrays, _ARRAYS), basis=basis)
        except (OSError, ValueError, KeyError) as error:
            raise CaptureError(
                f"The morphable model {path} cannot be read; make its folder again with `import-published`."
            ) from error
        return model


def is_imported(path: Path) -> bool:
    """Whether a file is one that :meth:`ImportedModel.save` wrote; False where it cannot be read at all."""
    try:
        return _BASIS in array_names(path)
    except (OSError, ValueError):
        return False
