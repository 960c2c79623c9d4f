# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the authors' mean/std file and their morphable model (configs/*.pkl), or ``.npz`` files with the same."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..archives import read_npz
from ..errors import CaptureError
from ..names import EXPRESSION_COUNT, PARAMETER_COUNT, SHAPE_COUNT
from .plain_pickle import MAXIMUM_BYTES, ArrayBuilder, FormatError, as_dictionary, read_content, read_pickle


@dataclass(frozen=True, eq=False)
class Statistics:
    """Mean and spread of the 62 parameters in the authors' units: the network's output is z-scored."""

    mean: NDArray[np.float64]  # (62,)
    std: NDArray[np.float64]  # (62,)


@dataclass(frozen=True, eq=False)
class PublishedFace:
    """The authors' morphable model in their units: dense, or at the 68 landmarks only."""

    mean: NDArray[np.float64]  # (V, 3)
    shape_basis: NDArray[np.float64]  # (40, V, 3)
    expression_basis: NDArray[np.float64]  # (10, V, 3)
    keypoints: NDArray[np.intp]  # (68,) vertices of the iBUG-68 points
    triangles: NDArray[np.int32]  # (F, 3), F = 0 where only the landmarks are known


def read_arrays(path: Path) -> dict[str, NDArray]:
    """The arrays by name in a pickled dictionary or an ``.npz``.

    Raises:
        CaptureError: the file cannot be read or holds anything but plain data.
    """
    content = read_content(path)
    try:
        if zipfile.is_zipfile(io.BytesIO(content)):
            return _read_npz(content)
        tree = as_dictionary(read_pickle(io.BytesIO(content)))
        return {str(name): value.array() for name, value in tree.items() if isinstance(value, ArrayBuilder)}
    except (ValueError, KeyError, EOFError, OSError, NotImplementedError, MemoryError, zipfile.BadZipFile) as error:
        raise CaptureError(f"{path} is not one of the authors' files ({error}); give the file as published.") from error


def _read_npz(content: bytes) -> dict[str, NDArray]:
    arrays = read_npz(content, largest=MAXIMUM_BYTES)
    return {name: array for name, array in arrays.items() if array.dtype.kind in "fiu"}


def statistics_from(arrays: dict[str, NDArray], path: Path) -> Statistics:
    """``mean`` and ``std`` (62,) (``param_mean_std_62d_120x120.pkl``), or ``param_mean`` and ``param_std``.

    Raises:
        CaptureError: they are missing or have other shapes; ``path`` is for this message.
    """
    mean, std = (arrays.get(name, arrays.get(f"param_{name}")) for name in ("mean", "std"))
    if mean is None or std is None or mean.size != PARAMETER_COUNT or std.size != PARAMETER_COUNT:
        raise CaptureError(
            f"{path} has no mean and std of {PARAMETER_COUNT} parameters; give param_mean_std_62d_120x120.pkl."
        )
    result = Statistics(mean.ravel().astype(np.float64), std.ravel().astype(np.float64))
    if not (np.isfinite(result.mean).all() and np.isfinite(result.std).all() and (result.std > 0.0).all()):
        raise CaptureError(f"{path} is damaged (a mean or std is no positive, finite number); download it again.")
    return result


def has_face(arrays: dict[str, NDArray]) -> bool:
    """Whether a file holds a morphable model, in either format."""
    return {"u", "w_shp"} <= arrays.keys() or {"mean_shape", "shape_basis"} <= arrays.keys()


def face_from(arrays: dict[str, NDArray], path: Path) -> PublishedFace:
    """The morphable model of ``bfm_noneck_v3.pkl``, or of an ``.npz`` with the bases at the 68 landmarks.

    Raises:
        CaptureError: arrays are missing or do not fit together; ``path`` is for this message.
    """
    try:
        face = _dense_face(arrays) if "u" in arrays else _sparse_face(arrays)
    except KeyError as error:
        raise CaptureError(f"{path} has no {error}; give the authors' bfm_noneck_v3.pkl.") from error
    except (ValueError, IndexError, OverflowError) as error:
        raise CaptureError(f"The arrays of {path} do not fit together ({error}); give it as published.") from error
    if not all(np.isfinite(values).all() for values in (face.mean, face.shape_basis, face.expression_basis)):
        raise CaptureError(f"{path} is damaged (a number is not finite); download it again.")
    return face


def _dense_face(arrays: dict[str, NDArray]) -> PublishedFace:
    """``u`` (3V,), ``w_shp`` and ``w_exp`` (3V, ≥ 40 and ≥ 10), ``keypoints`` (204,) into 3V, ``tri`` (3, F)."""
    mean = arrays["u"].astype(np.float64).reshape(-1, 3)
    shape, expression = (
        arrays[name][:, :count].astype(np.float64).T.reshape(count, len(mean), 3)
        for name, count in (("w_shp", SHAPE_COUNT), ("w_exp", EXPRESSION_COUNT))
    )
    rows = arrays["keypoints"].astype(np.intp).reshape(68, 3)
    keypoints = rows[:, 0] // 3
    if (rows != 3 * keypoints[:, None] + np.arange(3)).any() or keypoints.min() < 0 or keypoints.max() >= len(mean):
        raise FormatError("the keypoints are no vertices")
    return PublishedFace(mean, shape, expression, keypoints, _triangles(arrays.get("tri"), mean))


def _triangles(tri: NDArray | None, points: NDArray[np.float64]) -> NDArray[np.int32]:
    """Triangles (F, 3), zero-based and counter-clockwise from outside, of ``tri`` (3, F) or (F, 3) in any way."""
    if tri is None:
        return np.zeros((0, 3), np.int32)
    triangles = tri.astype(np.int64)
    triangles = triangles.T if triangles.shape[0] == 3 else triangles.reshape(-1, 3)
    if triangles.min() == 1 and triangles.max() == len(points):
        triangles = triangles - 1
    if triangles.min() < 0 or triangles.max() >= len(points):
        raise FormatError("the triangles are not between vertices")
    corners = points[triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    # A face is an open surface towards +z: most of its area looks that way.
    if normals[:, 2].sum() < 0.0:
        triangles = triangles[:, ::-1]
    return np.ascontiguousarray(triangles, dtype=np.int32)


def _sparse_face(arrays: dict[str, NDArray]) -> PublishedFace:
    """``mean_shape`` (68, 3), ``shape_basis`` (68, 3, 40), ``expression_basis`` (68, 3, 10)."""
    shape, expression = (
        np.moveaxis(arrays[name].astype(np.float64).reshape(68, 3, count), -1, 0)
        for name, count in (("shape_basis", SHAPE_COUNT), ("expression_basis", EXPRESSION_COUNT))
    )
    mean = arrays["mean_shape"].astype(np.float64).reshape(68, 3)
    return PublishedFace(mean, shape, expression, np.arange(68), np.zeros((0, 3), np.int32))
