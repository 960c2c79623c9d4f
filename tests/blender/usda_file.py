# SPDX-License-Identifier: GPL-3.0-or-later
"""A small reader of what the tests need of textual USD: values and time samples by the attributes' names."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Usda:
    """The text of a layer."""

    text: str

    @classmethod
    def read(cls, path: Path) -> Usda:
        """A ``.usda`` file."""
        text = path.read_text(encoding="utf-8")
        assert text.startswith("#usda 1.0")
        return cls(text)

    def value(self, name: str) -> Any:
        """The first plain value of an attribute or of the layer's metadata."""
        found = re.search(rf"(?<![\w:]){re.escape(name)} = (.*)", self.text)
        assert found is not None, name
        return ast.literal_eval(found[1])

    def samples(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Time codes (K,) and values (K, …) of the first attribute of the name that has time samples."""
        found = re.search(rf"(?<![\w:]){re.escape(name)}\.timeSamples = \{{\n(.*?)\n\s*\}}", self.text, re.DOTALL)
        assert found is not None, name
        pairs = [line.strip().rstrip(",").split(": ", 1) for line in found[1].splitlines()]
        return np.array([float(code) for code, _ in pairs]), np.array([ast.literal_eval(text) for _, text in pairs])
