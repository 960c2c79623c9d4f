# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of scores: published, teacher, ours, and what ours must reach."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Target:
    """A bound that our figure must keep, in the figure's own unit."""

    limit: float
    at_most: bool

    def is_met(self, value: float) -> bool:
        """Whether ``value`` keeps the bound."""
        return value <= self.limit if self.at_most else value >= self.limit


def at_most(limit: float) -> Target:
    """An upper bound."""
    return Target(limit, at_most=True)


def at_least(limit: float) -> Target:
    """A lower bound."""
    return Target(limit, at_most=False)


@dataclass(frozen=True)
class Row:
    """One figure of the three; None or NaN where a model has none. ``digits`` are decimals to print."""

    name: str
    published: float | None = None
    teacher: float | None = None
    ours: float | None = None
    target: Target | None = None
    unit: str = ""
    digits: int = 3

    @classmethod
    def of(
        cls, name: str, values: Iterable[float], unit: str = "", digits: int = 3, target: Target | None = None
    ) -> Row:
        """A row of the three values in the order of the columns."""
        published, teacher, ours = values
        return cls(name, published, teacher, ours, target, unit, digits)

    def text(self) -> str:
        """The row as a line of the table."""
        cells = "".join(f"{self._number(value):>11s}" for value in (self.published, self.teacher, self.ours))
        return f"{self.name:<58s}{cells}{self._verdict()}"

    def _number(self, value: float | None) -> str:
        return f"{value:.{self.digits}f}{self.unit}" if _exists(value) else "–"

    def _verdict(self) -> str:
        if self.target is None:
            return ""
        bound = f"{'≤' if self.target.at_most else '≥'} {self._number(self.target.limit)}"
        if self.ours is None or not _exists(self.ours):
            return f"  {bound:>9s}"
        return f"  {bound:>9s}  {'met' if self.target.is_met(self.ours) else 'MISSED'}"

    def to_json(self) -> dict[str, Any]:
        """Plain values, None where there is none."""
        values = {name: value if _exists(value) else None for name, value in (
            ("published", self.published), ("teacher", self.teacher), ("ours", self.ours))}  # fmt: skip
        bound = None if self.target is None else {"limit": self.target.limit, "at_most": self.target.at_most}
        return {"name": self.name, "unit": self.unit.strip(), **values, "target": bound}


@dataclass(frozen=True)
class Section:
    """A table with its heading, what one must know to read it, and finer figures for the curious."""

    key: str
    title: str
    rows: tuple[Row, ...]
    protocol: str = ""
    details: tuple[str, ...] = field(default=())

    def text(self) -> str:
        """The section as text."""
        head = f"{'':<58s}{'published':>11s}{'teacher':>11s}{'ours':>11s}  {'target':>9s}"
        lines = [
            f"── {self.title}",
            *([self.protocol] if self.protocol else []),
            head,
            *(row.text() for row in self.rows),
        ]
        return "\n".join([*lines, *(f"    {line}" for line in self.details)])

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"title": self.title, "protocol": self.protocol, "rows": [row.to_json() for row in self.rows],
                "details": list(self.details)}  # fmt: skip


def _exists(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
