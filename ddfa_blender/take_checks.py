# SPDX-License-Identifier: GPL-3.0-or-later
"""What a take's file must be like before anything relies on it: takes come from strangers, and disks go bad."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Header entries by their kind. Each may be missing: the header's own defaults stand in.
_TEXTS = ("source", "model", "model_sha256", "basis", "title", "footage", "captured", "uid")
_COUNTS = ("width", "height", "expected_frames")
#: Frames per second, and seconds of a take: a broken clock must not become a million keys.
_LARGEST_RATE, _LONGEST = 1e5, 24 * 3600.0
_LARGEST_COUNT = 2**31 - 1
#: What measured numbers never reach: crop pixels and standard deviations, image pixels, weights.
_LARGEST = {"params": 1e5, "roi": 1e6, "landmarks68": 1e7, "arkit": 100.0, "head_rotation": 10.0,
            "readings": 100.0}  # fmt: skip
#: Of a matrix from millimetres to crop pixels whose rows say nothing any more, and of a quaternion.
_SMALLEST_SCALE, _SMALLEST_LENGTH = 1e-6, 0.5


def check_header(header: object) -> None:
    """Make sure that a header's entries are of their kinds.

    Raises:
        ValueError, TypeError: one is not.
    """
    if not isinstance(header, dict):
        raise TypeError("a header is an object")
    for name in _TEXTS:
        _check_text(header.get(name, ""), name)
    for name in _COUNTS:
        value = header.get(name, 0)
        if type(value) is not int or not 0 <= value <= _LARGEST_COUNT:
            raise ValueError(f"{name} is no count")
    rate = header["fps"]
    if type(rate) not in (int, float) or not 0.0 < rate <= _LARGEST_RATE:
        raise ValueError("fps is no rate")
    absent = header.get("absent_outputs", [])
    if not isinstance(absent, list) or not isinstance(header.get("settings", {}), dict):
        raise TypeError("absent_outputs is a list, settings an object")
    for name in absent:
        _check_text(name, "absent_outputs")
    if not isinstance(header.get("stopped_early", False), bool):
        raise TypeError("stopped_early is true or false")


def checked_arrays(arrays: Mapping[str, NDArray], kinds: Mapping[str, type[np.floating[Any]]]) -> dict[str, NDArray]:
    """The arrays as the numbers of their ``kinds``; frames with impossible values count as lost.

    Raises:
        ValueError: an array holds no numbers, or time does not rise.
    """
    wrong = [name for name, array in arrays.items() if array.dtype.kind not in "fiu"]
    if wrong:
        raise ValueError(f"{wrong[0]} holds no numbers")
    with np.errstate(over="ignore", invalid="ignore"):
        checked = {name: array.astype(kinds[name], copy=False) for name, array in arrays.items()}
    time = checked["time"]
    if time.ndim != 1 or not np.isfinite(time).all() or (np.diff(time) <= 0.0).any():
        raise ValueError("its times do not rise")
    if len(time) and not -_LONGEST <= time[0] <= time[-1] <= _LONGEST:
        raise ValueError("its times are beyond a day")
    return _with_unusable_frames_lost(checked)


def _with_unusable_frames_lost(arrays: dict[str, NDArray]) -> dict[str, NDArray]:
    """Confidence 0 and NaN where a frame says that it has a face and then has no numbers for it."""
    confidence = arrays["confidence"]
    if any(len(array) != len(confidence) for array in arrays.values()):
        raise ValueError("arrays have different lengths")
    measured: list[str] = [name for name in ("arkit", "readings", "head_rotation") if name in arrays]
    if "head_rotation" not in arrays:
        measured += ["params", "roi", "landmarks68"]
    usable = np.isfinite(confidence)
    for name in measured:
        values = arrays[name].reshape(len(confidence), -1)
        with np.errstate(invalid="ignore"):
            usable &= (np.abs(values) <= _LARGEST[name]).all(axis=1)  # False for NaN too
    usable &= _has_scale(arrays)
    lost = ~usable & ~(confidence <= 0.0)
    if not lost.any():
        return arrays
    result = {name: array.copy() for name, array in arrays.items()}
    for name, array in result.items():
        if name != "time":
            array[lost] = 0.0 if name == "confidence" else np.nan
    return result


def _has_scale(arrays: Mapping[str, NDArray]) -> NDArray[np.bool_]:
    """Where a pose can be told: rows of the matrix and a ROI's width that are not zero, a quaternion with a length."""
    with np.errstate(invalid="ignore", over="ignore"):
        if "head_rotation" in arrays:
            return np.linalg.norm(arrays["head_rotation"].reshape(-1, 4), axis=1) >= _SMALLEST_LENGTH
        rows = arrays["params"][:, :12].astype(np.float64).reshape(-1, 3, 4)[:, :2, :3]
        roi = arrays["roi"].reshape(-1, 4)
        return (np.linalg.norm(rows, axis=2) > _SMALLEST_SCALE).all(axis=1) & (
            np.abs(roi[:, 2] - roi[:, 0]) > _SMALLEST_SCALE
        )


def _check_text(value: object, name: str) -> None:
    if not isinstance(value, str) or "\0" in value:
        raise TypeError(f"{name} must be text")
    value.encode()  # half a surrogate pair is valid JSON and can be neither shown nor written
