# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import math

from training.evaluation.report import Row, Section, at_least, at_most


def test_bounds_hold_on_the_bound() -> None:
    assert at_most(2.2).is_met(2.2) and not at_most(2.2).is_met(2.21)
    assert at_least(0.85).is_met(0.85) and not at_least(0.85).is_met(0.84)


def test_a_row_tells_its_figures_and_whether_the_target_is_met() -> None:
    text = Row("NME-51", 2.92, 1.95, 2.3, at_most(2.2), " %", 2).text()
    assert text.split() == ["NME-51", "2.92", "%", "1.95", "%", "2.30", "%", "≤", "2.20", "%", "MISSED"]
    assert Row("x", None, math.nan, 0.9, at_least(0.85)).text().split() == ["x", "–", "–", "0.900", "≥", "0.850", "met"]
    assert "met" not in Row("x", None, None, None, at_least(0.85)).text()


def test_json_is_strict() -> None:
    section = Section("key", "Title", (Row("a", math.nan, None, 1.0, at_most(2.0), " %"), Row("b")), details=("note",))
    value = json.loads(json.dumps(section.to_json(), allow_nan=False))
    assert value["rows"][0] == {
        "name": "a", "unit": "%", "published": None, "teacher": None, "ours": 1.0,
        "target": {"limit": 2.0, "at_most": True},
    }  # fmt: skip
    assert value["rows"][1]["target"] is None
    assert section.text().splitlines()[0].endswith("Title") and section.text().endswith("note")
