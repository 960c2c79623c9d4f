# SPDX-License-Identifier: GPL-3.0-or-later
"""The Performance as a file for pipelines: ``.json`` for people and scripts, ``.npz`` for numpy.

Both hold the same header (format, version, names of the channels, units) and the same arrays.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..archives import ArchiveError, read_npz, write_npz
from ..atomic import write_atomically
from ..errors import CaptureError
from ..names import ARKIT_NAMES, EXPRESSION_COUNT, EXPRESSION_NAMES, SHAPE_COUNT
from ..performance import Performance
from .reading import check_header, parse_json, read_bytes, read_text

FORMAT = "ddfa-performance"
#: A newer one is refused.
VERSION = 1
KIND = "performance file"
NPZ, JSON = ".npz", ".json"

#: Arrays and their shapes behind the frame axis; None = no frame axis. Those in _OPTIONAL may be missing.
_SHAPES: dict[str, tuple[int, ...]] = {
    "time": (), "expression": (EXPRESSION_COUNT,), "arkit": (len(ARKIT_NAMES),), "head_rotation": (4,),
    "head_translation": (3,), "tracked": (), "spikes": (),
}  # fmt: skip
_IDENTITY = "identity"
_FLAGS = {"tracked", "spikes"}
_OPTIONAL = {"spikes"}
_UNITS = {
    "time": "seconds since the footage's first frame",
    "arkit": "0 to 1",
    "expression": "standard deviations of the morphable model's ten components",
    "head_rotation": "unit quaternion w, x, y, z; x to the subject's left, y up, z out of the face",
    "head_translation": "millimetres in the same axes, relative to the clip's median",
}
#: How far a quaternion's length may be from 1: what single precision leaves.
_UNIT = 1e-4


def save_performance(performance: Performance, path: Path | str) -> None:
    """Write a performance as its name says, ``.json`` or ``.npz``.

    Raises:
        CaptureError: another ending, or the file cannot be written.
    """
    arrays = _arrays(performance)
    header = _header(len(performance))
    if performance_suffix(path) == JSON:
        value = header | {"arrays": {name: array.tolist() for name, array in arrays.items()}}
        # Without indentation: an hour of frames has seven million numbers.
        data = (json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n").encode()
        write_atomically(path, lambda file: _write(file, data))
        return
    text = np.array(json.dumps(header, ensure_ascii=False, allow_nan=False))

    def write(file: BinaryIO) -> None:
        write_npz(file, {"header": text, **arrays})

    write_atomically(path, write)


def load_performance(path: Path | str) -> Performance:
    """Read a performance.

    Raises:
        CaptureError: the file is missing, damaged, of another kind, or from a newer version.
    """
    read = _read_json if performance_suffix(path) == JSON else _read_npz
    header, arrays = read(path)
    check_header(header, FORMAT, VERSION, path, KIND)
    try:
        _check_names(header)
        return _performance(arrays)
    except (ValueError, TypeError, OverflowError) as error:
        raise CaptureError(f"{path} is not a usable {KIND}: {error}; choose another file.") from error


def performance_suffix(path: Path | str) -> str:
    """The ending of a performance file's name, ``.json`` or ``.npz``.

    Raises:
        CaptureError: it has another.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (JSON, NPZ):
        raise CaptureError(f"{path} does not say what it is; let its name end in {JSON} or {NPZ}.")
    return suffix


def _write(file: BinaryIO, data: bytes) -> None:
    file.write(data)


def _header(count: int) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "frames": count,
        "arkit_names": list(ARKIT_NAMES),
        "expression_names": list(EXPRESSION_NAMES),
        "units": _UNITS,
    }


def _arrays(performance: Performance) -> dict[str, NDArray]:
    named = {name: getattr(performance, name, None) for name in (*_SHAPES, _IDENTITY)}
    return {name: np.asarray(array) for name, array in named.items() if array is not None}


def _read_json(path: Path | str) -> tuple[dict[str, Any], dict[str, Any]]:
    value = parse_json(read_text(path, KIND), path, KIND)
    arrays = value.pop("arrays", None)
    return value, arrays if isinstance(arrays, dict) else {}


def _read_npz(path: Path | str) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        arrays = read_npz(read_bytes(path, KIND))
        header = str(arrays.pop("header"))
    except (ArchiveError, KeyError, ValueError) as error:
        reason = error if isinstance(error, ArchiveError) else "it has no header"
        raise CaptureError(f"{path} is not a {KIND} or is damaged: {reason}; choose another file.") from error
    return parse_json(header, path, KIND), arrays


def _check_names(header: dict[str, Any]) -> None:
    for key, names in (("arkit_names", ARKIT_NAMES), ("expression_names", EXPRESSION_NAMES)):
        if header.get(key) != list(names):
            raise ValueError(f"its {key} are not ours")


def _performance(arrays: dict[str, Any]) -> Performance:
    """Every array of its shape, finite and meaningful.

    Raises:
        ValueError, TypeError, OverflowError: something is missing, superfluous or wrong.
    """
    missing = {*_SHAPES, _IDENTITY} - _OPTIONAL - set(arrays)
    unknown = set(arrays) - {*_SHAPES, _IDENTITY}
    if missing or unknown:
        raise ValueError(f"the array {min(missing or unknown)} is {'missing' if missing else 'unknown'}")
    checked = {name: _array(name, value) for name, value in arrays.items()}
    count = len(checked["time"]) if checked["time"].ndim else 0
    for name, shape in _SHAPES.items():
        if name in checked and checked[name].shape != (count, *shape):
            raise ValueError(f"{name} has the shape {checked[name].shape} instead of {(count, *shape)}")
    if checked[_IDENTITY].shape != (SHAPE_COUNT,):
        raise ValueError(f"{_IDENTITY} has the shape {checked[_IDENTITY].shape} instead of {(SHAPE_COUNT,)}")
    if count == 0 or (np.diff(checked["time"]) <= 0.0).any():
        raise ValueError("its times do not rise")
    if (np.abs(np.linalg.norm(checked["head_rotation"], axis=1) - 1.0) > _UNIT).any():
        raise ValueError("head_rotation has quaternions that are no rotations")
    return Performance(**checked)


def _array(name: str, value: Any) -> NDArray:
    array = np.asarray(value)
    if name in _FLAGS:
        if array.dtype != np.bool_:
            raise ValueError(f"{name} must be true or false")
        return array
    # Truths and texts would pass as numbers.
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name} must be numbers, in rows of equal length")
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has numbers that are none")
    return array
