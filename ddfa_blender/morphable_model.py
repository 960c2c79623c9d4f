# SPDX-License-Identifier: GPL-3.0-or-later
"""The morphable model: S = mean + shape_basis·α_id + expression_basis·α_exp (paper Eq. 1)."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import CaptureError
from .paths import model_file

#: Arrays of the file, in the order of the dataclass; bases are stored as float16.
_ARRAYS = (
    "mean", "shape_basis", "expression_basis", "arkit_basis", "quads", "uv", "quad_uvs",
    "quad_regions", "head_weight", "landmark_vertices", "landmark_weights",
)  # fmt: skip
_BASES = ("shape_basis", "expression_basis", "arkit_basis")


@dataclass(frozen=True, eq=False)
class MorphableModel:
    """A linear head model in millimetres: x to the subject's left, y up, z out of the face.

    The origin is the head's pivot (top of the neck), so that rotating about it is what a head bone
    does. V vertices, F quads, U texture coordinates.
    """

    mean: NDArray[np.float32]  # (V, 3)
    shape_basis: NDArray[np.float32]  # (40, V, 3), unit variance per coefficient
    expression_basis: NDArray[np.float32]  # (10, V, 3), unit variance per coefficient
    arkit_basis: NDArray[np.float32]  # (52, V, 3), at weight 1
    quads: NDArray[np.int32]  # (F, 4), counter-clockwise from outside
    uv: NDArray[np.float32]  # (U, 2), 0..1
    quad_uvs: NDArray[np.int32]  # (F, 4)
    quad_regions: NDArray[np.uint8]  # (F,), index into names.REGION_NAMES
    head_weight: NDArray[np.float32]  # (V,), 1 = head bone, 0 = neck
    landmark_vertices: NDArray[np.int32]  # (68, 3), iBUG-68 on triangles …
    landmark_weights: NDArray[np.float32]  # (68, 3), … in barycentric coordinates

    @classmethod
    def load(cls, path: Path | None = None) -> MorphableModel:
        """Read ``model/morphable_model.npz`` (or ``path``).

        Raises:
            CaptureError: the file is missing or is not a morphable model.
        """
        file = path or model_file("morphable_model.npz")
        try:
            with np.load(file, allow_pickle=False) as data:
                arrays = {name: data[name] for name in _ARRAYS}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise CaptureError(
                f"The morphable model {file} cannot be read; reinstall the extension or run `python build.py env`."
            ) from error
        for name in _BASES:
            arrays[name] = arrays[name].astype(np.float32)
        return cls(**arrays)

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

    @cached_property
    def _landmark_bases(self) -> tuple[NDArray, NDArray, NDArray]:
        def at_landmarks(values: NDArray) -> NDArray:
            return np.einsum("lk,...lkc->...lc", self.landmark_weights, values[..., self.landmark_vertices, :])

        return at_landmarks(self.mean), at_landmarks(self.shape_basis), at_landmarks(self.expression_basis)

    def landmarks68(self, shape: ArrayLike, expression: ArrayLike) -> NDArray:
        """The iBUG-68 points (…, 68, 3) in millimetres for coefficients (…, 40) and (…, 10)."""
        mean, shape_basis, expression_basis = self._landmark_bases
        return (
            mean
            + np.tensordot(np.asarray(shape), shape_basis, axes=(-1, 0))
            + np.tensordot(np.asarray(expression), expression_basis, axes=(-1, 0))
        )

    @cached_property
    def triangles(self) -> NDArray[np.int32]:
        """(2F, 3): each quad cut along its first diagonal; triangle 2i and 2i+1 come from quad i."""
        q = self.quads
        return np.stack([q[:, [0, 1, 2]], q[:, [0, 2, 3]]], axis=1).reshape(-1, 3)
