# SPDX-License-Identifier: GPL-3.0-or-later
"""How `build.py test` judges its parts: a run without a result, or that ended badly, can never look passed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.testing import Counts, counts_from_junit, judge

MIXED = """<testsuites><testsuite name="pytest">
<testcase name="a"/><testcase name="b"><failure/></testcase><testcase name="c"><error/></testcase>
<testcase name="d"><skipped/></testcase><testcase name="e"/></testsuite></testsuites>"""
CLEAN = '<testsuites><testsuite><testcase name="a"/></testsuite></testsuites>'
EMPTY = "<testsuites><testsuite/></testsuites>"


@pytest.fixture
def junit(tmp_path: Path) -> Path:
    return tmp_path / "result.xml"


def test_errors_count_as_failures(junit: Path) -> None:
    junit.write_text(MIXED, encoding="utf-8")
    assert counts_from_junit(junit) == Counts(2, 2, 1)
    assert judge(1, junit, may_be_empty=False) == Counts(2, 2, 1)


@pytest.mark.parametrize("status", [0, 1, 124, -11])
def test_no_result_is_a_failure(junit: Path, status: int) -> None:
    assert judge(status, junit, may_be_empty=True, may_crash_at_exit=True) == Counts(failed=1)


def test_broken_result_is_a_failure(junit: Path) -> None:
    junit.write_text(MIXED[:40], encoding="utf-8")
    assert judge(0, junit, may_be_empty=False) == Counts(failed=1)


@pytest.mark.parametrize("status", [-11, 124])
def test_crash_after_the_result_counts_only_where_it_is_unknown(junit: Path, status: int) -> None:
    junit.write_text(CLEAN, encoding="utf-8")
    assert judge(status, junit, may_be_empty=False, may_crash_at_exit=True) == Counts(passed=1)
    assert judge(status, junit, may_be_empty=False) == Counts(passed=1, failed=1)


def test_empty_run_fails_unless_tests_were_selected(junit: Path) -> None:
    junit.write_text(EMPTY, encoding="utf-8")
    assert judge(5, junit, may_be_empty=False) == Counts(failed=1)
    assert judge(5, junit, may_be_empty=True) == Counts()


def test_sum_and_its_line() -> None:
    assert str(Counts(1, 0, 2) + Counts(3, 4, 5)) == "4 passed, 4 failed, 7 skipped"
