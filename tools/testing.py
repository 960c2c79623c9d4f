# SPDX-License-Identifier: GPL-3.0-or-later
"""All tests: the linters, the core's tests, and the tests inside every Blender this machine can run."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import environments
from .extension_zip import PACKAGES
from .project import BUILD, ROOT, BuildError, log, run

PARTS = ("lint", "core", "training", "blender")
RESULTS = BUILD / "test-results"

#: Seconds after which a part counts as hung. Generous: only a hang should ever reach it.
CORE_TIMEOUT = 1800.0
BLENDER_TIMEOUT = 1200.0

#: Python outside the extension, checked with the names it is imported by in a checkout.
_CHECKOUT_SOURCES = ("build.py", "ddfa_blender", "tools", "training")
#: The extension's own name, under which its relative imports resolve.
_PACKAGE = "ddfa_face_capture"
_EXTENSION_SOURCES = ("__init__.py", *PACKAGES)
_PYTEST_NO_TESTS = 5


@dataclass(frozen=True)
class Counts:
    """How many tests went which way."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def counts_from_junit(path: Path) -> Counts | None:
    """What a junit file tells, errors counted as failures; None when it is missing or broken."""
    try:
        cases = list(ET.parse(path).getroot().iter("testcase"))  # noqa: S314 (pytest wrote it a moment ago)
    except (OSError, ET.ParseError):
        return None
    failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
    skipped = sum(case.find("skipped") is not None for case in cases)
    return Counts(len(cases) - failed - skipped, failed, skipped)


def judge(status: int, junit: Path, *, may_be_empty: bool, may_crash_at_exit: bool = False) -> Counts:
    """A part's counts from its exit status and the result it wrote.

    No result is a failure, and so is a bad status beside a clean result, except where Blender as a module is known
    to crash or hang while Python shuts down, after pytest has written its result.
    """
    counts = counts_from_junit(junit)
    if counts is None:
        log(f"No test result was written (exit status {status})")
        return Counts(failed=1)
    if status == _PYTEST_NO_TESTS and may_be_empty:
        return counts
    if counts == Counts():
        log("No test ran")
        return Counts(failed=1)
    if status != 0 and counts.failed == 0 and not may_crash_at_exit:
        log(f"pytest ended with status {status} although no test failed")
        return counts + Counts(failed=1)
    return counts


def run_all(parts: Collection[str], *, keyword: str | None, fast: bool) -> int:
    """Set up and run ``parts``; the last line on standard output is the sum. Return the exit status."""
    python = environments.ensure_core()
    shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir(parents=True)
    steps: dict[str, Callable[[], Iterator[tuple[str, Counts]]]] = {
        "lint": lambda: _lint(python),
        "core": lambda: _core(python, keyword),
        "training": lambda: _training(keyword),
        "blender": lambda: _blenders(keyword, fast=fast),
    }
    results: list[tuple[str, Counts, float]] = []
    for part in PARTS:
        if part not in parts or (part == "lint" and keyword):
            continue
        started = time.monotonic()
        for name, counts in steps[part]():
            results.append((name, counts, time.monotonic() - started))
            started = time.monotonic()
    log("")
    for name, counts, seconds in results:
        log(f"{name:14} {counts} ({seconds:.0f} s)")
    total = sum((counts for _, counts, _ in results), Counts())
    print(total, flush=True)
    return 0 if total.failed == 0 and total.passed > 0 else 1


def _lint(python: Path) -> Iterator[tuple[str, Counts]]:
    for name, command, environment in _lint_commands(python):
        log(f"\n── {name}")
        status = run(command, environment=environment, timeout=CORE_TIMEOUT)
        yield name, Counts(passed=1) if status == 0 else Counts(failed=1)


def _lint_commands(python: Path) -> Iterator[tuple[str, Sequence[str], Mapping[str, str]]]:
    own = dict(os.environ)
    yield "ruff", [str(python), "-m", "ruff", "check", "."], own
    mypy = [str(python), "-m", "mypy", "--config-file", "pyproject.toml"]
    yield "mypy", [*mypy, *(name for name in _CHECKOUT_SOURCES if (ROOT / name).exists())], own
    folder = _copy_of_extension()
    yield "mypy extension", [*mypy, "-p", _PACKAGE], {**own, "MYPYPATH": str(folder)}


def _copy_of_extension() -> Path:
    """The extension under its own package name: a checkout's folder may have any name, even one with a hyphen."""
    folder = BUILD / "typecheck"
    shutil.rmtree(folder, ignore_errors=True)
    for name in _EXTENSION_SOURCES:
        source, target = ROOT / name, folder / _PACKAGE / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    return folder


def _selection(keyword: str | None) -> list[str]:
    return ["-k", keyword] if keyword else []


def _core(python: Path, keyword: str | None) -> Iterator[tuple[str, Counts]]:
    log("\n── core")
    # The zip's tests need Blender's extension tool; without any Blender they are skipped, and say so.
    for _, environment in itertools.islice(environments.available_blenders(), 1):
        environment.ensure()
    arguments = ["tests", "--ignore=tests/blender", "--ignore=tests/training"]
    yield "core", _pytest(python, "core", arguments, keyword)


def _training(keyword: str | None) -> Iterator[tuple[str, Counts]]:
    if (ROOT / "tests" / "training").is_dir():
        log("\n── training")
        yield "training", _pytest(environments.training().ensure(), "training", ["tests/training"], keyword)


def _pytest(python: Path, name: str, arguments: Sequence[str], keyword: str | None) -> Counts:
    junit = RESULTS / f"{name}.xml"
    command = [str(python), "-m", "pytest", "-q", f"--junitxml={junit}", *_selection(keyword), *arguments]
    return judge(run(command, timeout=CORE_TIMEOUT), junit, may_be_empty=keyword is not None)


def _blenders(keyword: str | None, *, fast: bool) -> Iterator[tuple[str, Counts]]:
    versions = [environments.newest_blender()[0]] if fast else list(environments.BLENDERS)
    for version in versions:
        name = f"Blender {version}"
        log(f"\n── {name}")
        environment = environments.blender(version)
        if environment is None:
            log(f"SKIPPED: Blender {version} as a module needs Python {environments.BLENDERS[version]}; install it")
            yield name, Counts(skipped=1)
            continue
        try:
            environment.ensure()
        except BuildError as error:
            log(f"error: {error}")
            yield name, Counts(failed=1)
            continue
        yield name, _in_blender(version, environment, keyword)


def _in_blender(version: str, environment: environments.Environment, keyword: str | None) -> Counts:
    junit = RESULTS / f"blender-{version}.xml"
    command = [str(environment.python), "tests/blender/run.py", f"--junitxml={junit}", *_selection(keyword)]
    with tempfile.TemporaryDirectory(prefix="ddfa-home-", ignore_cleanup_errors=True) as home:
        variables = environment.variables(environments.fresh_home(Path(home)))
        status = run(command, environment=variables, timeout=BLENDER_TIMEOUT)
    return judge(status, junit, may_be_empty=keyword is not None, may_crash_at_exit=True)
