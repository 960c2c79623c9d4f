# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ddfa_blender.model_checks import FACE_ARRAYS, checked_model

COUNT = 9


def arrays(**changed: Any) -> dict[str, NDArray]:
    """A face of nine points; bases in half precision, as files have them."""
    random = np.random.default_rng(0)
    made: dict[str, NDArray] = {
        "mean": random.normal(0.0, 50.0, (COUNT, 3)).astype(np.float32),
        "shape_basis": random.normal(size=(40, COUNT, 3)).astype(np.float16),
        "expression_basis": random.normal(size=(10, COUNT, 3)).astype(np.float16),
        "landmark_vertices": random.integers(0, COUNT, (68, 3)),
        "landmark_weights": np.full((68, 3), 1.0 / 3.0, np.float32),
    }
    return {**made, **changed}


def test_a_good_model_comes_in_the_kinds_of_memory() -> None:
    given = arrays()
    checked = checked_model(given, FACE_ARRAYS)
    assert {name: array.dtype for name, array in checked.items()} == {
        name: np.dtype(kind) for name, (_, kind) in FACE_ARRAYS.items()
    }
    for name, array in given.items():
        np.testing.assert_array_equal(checked[name], array)


def test_a_missing_array_is_named() -> None:
    given = arrays()
    del given["shape_basis"]
    with pytest.raises(KeyError, match="shape_basis"):
        checked_model(given, FACE_ARRAYS)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("mean", np.zeros((COUNT, 2), np.float32)),
        ("mean", np.zeros(3 * COUNT, np.float32)),
        ("mean", np.full((COUNT, 3), np.nan, np.float32)),
        ("mean", np.full((COUNT, 3), 1e6, np.float32)),
        ("mean", np.zeros((COUNT, 3), np.int32)),
        ("shape_basis", np.zeros((40, COUNT + 1, 3), np.float32)),  # of another number of points than the mean
        ("expression_basis", np.zeros((11, COUNT, 3), np.float32)),
        ("landmark_vertices", np.full((68, 3), COUNT)),
        ("landmark_vertices", np.full((68, 3), -1)),
        ("landmark_vertices", np.zeros((68, 3), np.float32)),
        ("landmark_vertices", np.full((68, 3), 2**40)),
        ("landmark_weights", np.full((68, 3), "a")),
    ],
)
def test_what_would_break_a_head_later_is_refused_now(name: str, wrong: NDArray) -> None:
    with pytest.raises(ValueError, match=name):
        checked_model(arrays(**{name: wrong}), FACE_ARRAYS)


def test_a_model_without_points_is_none() -> None:
    empty = {
        "mean": np.zeros((0, 3), np.float32),
        "shape_basis": np.zeros((40, 0, 3), np.float32),
        "expression_basis": np.zeros((10, 0, 3), np.float32),
        "landmark_vertices": np.zeros((68, 3), np.int64),
    }
    with pytest.raises(ValueError, match=r"not there|no vertices"):
        checked_model(arrays(**empty), FACE_ARRAYS)
