# SPDX-License-Identifier: GPL-3.0-or-later
"""The morphable model: S = mean + shape_basis·α_id + expression_basis·α_exp (paper Eq. 1)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .archives import read_npz
from .errors import CaptureError
from .face_model import FaceModel
from .model_checks import FACE_ARRAYS, ModelArrays, checked_model
from .names import ARKIT_NAMES, REGION_NAMES
from .paths import model_file

#: Arrays of the file; bases are stored as float16.
_ARRAYS: ModelArrays = FACE_ARRAYS | {
    "arkit_basis": ((len(ARKIT_NAMES), "V", 3), np.float32),
    "quads": (("F", 4), np.int32),
    "uv": (("U", 2), np.float32),
    "quad_uvs": (("F", 4), np.int32),
    "quad_regions": (("F",), np.uint8),
    "head_weight": (("V",), np.float32),
}
ARRAY_NAMES = tuple(_ARRAYS)


@dataclass(frozen=True, eq=False)
class MorphableModel(FaceModel):
    """The bundled head: a :class:`FaceModel` with V vertices, F quads, U texture coordinates."""

    arkit_basis: NDArray[np.float32]  # (52, V, 3), at weight 1
    quads: NDArray[np.int32]  # (F, 4), counter-clockwise from outside
    uv: NDArray[np.float32]  # (U, 2), 0..1
    quad_uvs: NDArray[np.int32]  # (F, 4)
    quad_regions: NDArray[np.uint8]  # (F,), index into names.REGION_NAMES
    head_weight: NDArray[np.float32]  # (V,), 1 = head bone, 0 = neck

    @classmethod
    def load(cls, path: Path | None = None) -> MorphableModel:
        """Read ``model/morphable_model.npz`` (or ``path``).

        Raises:
            CaptureError: the file is missing or is not a morphable model.
        """
        file = path or model_file("morphable_model.npz")
        try:
            arrays: dict[str, Any] = checked_model(read_npz(file, names=ARRAY_NAMES), _ARRAYS)
            return cls(**arrays)
        except (OSError, ValueError, KeyError) as error:
            raise CaptureError(
                f"The morphable model {file} cannot be read; reinstall the extension or run `python build.py env`."
            ) from error

    def vertices(
        self, shape: ArrayLike | None = None, expression: ArrayLike | None = None, arkit: ArrayLike | None = None
    ) -> NDArray[np.float32]:
        """Vertices (…, V, 3) in millimetres for coefficients (…, 40), (…, 10), (…, 52); None means zeros."""
        result: NDArray[np.float32] = self.mean
        for coefficients, basis in (
            (shape, self.shape_basis),
            (expression, self.expression_basis),
            (arkit, self.arkit_basis),
        ):
            if coefficients is not None:
                c = np.asarray(coefficients, dtype=np.float32)
                result = result + np.tensordot(c, basis, axes=(-1, 0))
        return result

    @property
    def skin_vertices(self) -> NDArray[np.bool_]:
        """(V,) where the vertices are skin."""
        skin = np.zeros(len(self.mean), dtype=bool)
        skin[self.quads[self.quad_regions == REGION_NAMES.index("skin")].ravel()] = True
        return skin

    @cached_property
    def triangles(self) -> NDArray[np.int32]:
        """(2F, 3): each quad cut along its first diagonal; triangle 2i and 2i+1 come from quad i."""
        q = self.quads
        return np.stack([q[:, [0, 1, 2]], q[:, [0, 2, 3]]], axis=1).reshape(-1, 3)
