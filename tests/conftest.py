# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures that all tests of the core share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ddfa_blender.morphable_model import MorphableModel

#: Real photos and clips; absent from a fresh clone.
SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.fixture(autouse=True)
def _nothing_stays_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests put stand-ins in the place of the networks: the next one must not find them."""
    capture = sys.modules.get("ddfa_blender.capture")
    if capture is not None:
        monkeypatch.setattr(capture, "_kept", {})


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
