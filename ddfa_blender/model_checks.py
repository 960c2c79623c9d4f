# SPDX-License-Identifier: GPL-3.0-or-later
"""What a morphable model's file must be like: model folders come from strangers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .names import EXPRESSION_COUNT, REGION_NAMES, SHAPE_COUNT

#: Name → shape, letters standing for lengths that must agree, and the kind of number in memory.
ModelArrays = Mapping[str, tuple[tuple[int | str, ...], type[np.generic]]]

FACE_ARRAYS: dict[str, tuple[tuple[int | str, ...], type[np.generic]]] = {
    "mean": (("V", 3), np.float32),
    "shape_basis": ((SHAPE_COUNT, "V", 3), np.float32),
    "expression_basis": ((EXPRESSION_COUNT, "V", 3), np.float32),
    "landmark_vertices": ((68, 3), np.int32),
    "landmark_weights": ((68, 3), np.float32),
}
#: What an array of indices counts: vertices, texture coordinates.
_POINTS_AT = MappingProxyType({"landmark_vertices": "V", "faces": "V", "quads": "V", "quad_uvs": "U"})
#: No coordinate in millimetres, and no other number of a model, is larger.
_LARGEST = 1e5


def checked_model(arrays: Mapping[str, NDArray], expected: ModelArrays) -> dict[str, NDArray]:
    """The ``expected`` arrays as the numbers they must be.

    Raises:
        KeyError: one is missing.
        ValueError: one has another shape, is not finite, or points at what is not there.
    """
    lengths: dict[int | str, int] = {}
    checked: dict[str, NDArray] = {}
    for name, (shape, kind) in expected.items():
        array = arrays[name]
        if len(array.shape) != len(shape):
            raise ValueError(f"{name} has the shape {array.shape}")
        wanted = tuple(
            want if isinstance(want, int) else lengths.setdefault(want, have)
            for want, have in zip(shape, array.shape, strict=True)
        )
        if array.shape != wanted:
            raise ValueError(f"{name} has the shape {array.shape}, expected {wanted}")
        checked[name] = _numbers(name, array, kind)
    for name, counted in _POINTS_AT.items():
        indices = checked.get(name)
        if indices is not None and indices.size and not 0 <= indices.min() <= indices.max() < lengths[counted]:
            raise ValueError(f"{name} points at what is not there")
    regions = checked.get("quad_regions")
    if not lengths["V"] or (regions is not None and regions.size and regions.max() >= len(REGION_NAMES)):
        raise ValueError("it has no vertices, or a region that is not known")
    return checked


def _numbers(name: str, array: NDArray, kind: type[np.generic]) -> NDArray[Any]:
    allowed = "iu" if issubclass(kind, np.integer) else "f"
    if array.dtype.kind not in allowed:
        raise ValueError(f"{name} is of type {array.dtype}")
    low, high = (-_LARGEST, _LARGEST) if allowed == "f" else (0, int(np.iinfo(np.dtype(kind).name).max))
    # Half precision is slow to compare.
    numbers = array.astype(kind, copy=False) if allowed == "f" else array
    if numbers.size and not low <= numbers.min() <= numbers.max() <= high:  # false for NaN too
        raise ValueError(f"{name} has numbers that are none")
    return numbers.astype(kind, copy=False)
