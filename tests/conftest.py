# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures that all tests of the core share."""

from __future__ import annotations

from pathlib import Path

import pytest

from ddfa_blender.morphable_model import MorphableModel

#: Real photos and clips; absent from a fresh clone.
SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.fixture(scope="session")
def model() -> MorphableModel:
    """The bundled morphable model."""
    return MorphableModel.load()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real material, or a skip where it is absent."""
    if not (SHARED / "clips").is_dir():
        pytest.skip("../shared is not here: no real photos and clips to test with")
    return SHARED
