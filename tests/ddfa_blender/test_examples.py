# SPDX-License-Identifier: GPL-3.0-or-later
"""What docstrings show as an example gives what they say."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import ddfa_blender

_ROOT = Path(ddfa_blender.__file__).parent
_MODULES = [path for path in sorted(_ROOT.rglob("*.py")) if ">>> " in path.read_text(encoding="utf-8")]
_NAMES = [".".join(path.relative_to(_ROOT.parent).with_suffix("").parts) for path in _MODULES]


@pytest.mark.parametrize("name", _NAMES)
def test_the_examples_of_a_module(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples() -> None:
    assert "ddfa_blender.take_library" in _NAMES
