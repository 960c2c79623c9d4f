# SPDX-License-Identifier: GPL-3.0-or-later
"""A short form of ``python -m tools.fuzz``, hypothesis on the same readers, and the files that once were too much."""

from __future__ import annotations

import os
import pickle
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tools.fuzz import shares
from tools.fuzzing import cases, guard
from tools.fuzzing.readers import READERS, Reader

REGRESSIONS = Path(__file__).with_name("regressions")
#: Slow readers get fewer cases here.
_CASES = {"take-performance": 100, "take-library": 60, "morphable-model": 60, "imported-model": 80, "video": 80}
_MANY = 250

_QUICK = settings(
    max_examples=15, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with guard.sandbox() as name:
        guard.watch(Path(name))
        yield Path(name)


def _judge(reader: Reader, folder: Path, data: bytes) -> None:
    path = folder / f"case{reader.suffix}"
    path.write_bytes(data)
    found = cases.judge(reader, path)
    assert isinstance(found, bool), found[1]


@pytest.mark.parametrize("name", READERS)
def test_bad_files_are_read_or_refused(name: str, folder: Path) -> None:
    tally = cases.run(READERS[name], folder, seed=1, cases=range(_CASES.get(name, _MANY)))
    assert not tally.failures, "\n".join(tally.failures.values())
    assert tally.refused + tally.accepted == tally.cases


@pytest.mark.parametrize("name", READERS)
def test_what_hypothesis_makes_of_good_files(name: str, folder: Path) -> None:
    reader = READERS[name]
    make = reader.maker()

    @_QUICK
    @given(st.randoms(use_true_random=False))
    def check(random: Random) -> None:
        _judge(reader, folder, make(random))

    check()


@pytest.mark.parametrize("name", READERS)
def test_any_bytes(name: str, folder: Path) -> None:
    reader = READERS[name]

    @_QUICK
    @given(st.binary(max_size=300))
    def check(data: bytes) -> None:
        _judge(reader, folder, data)

    check()


@pytest.mark.parametrize("file", sorted(REGRESSIONS.rglob("*.*")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_files_that_once_were_too_much(file: Path, folder: Path) -> None:
    _judge(READERS[file.parent.name], folder, file.read_bytes())


@pytest.mark.parametrize("name", READERS)
def test_good_files_are_read(name: str, folder: Path) -> None:
    """Else the rest would test nothing but refusals."""
    if name in ("checkpoint", "published"):
        pytest.skip("its seeds are parts")
    tally = cases.run(READERS[name], folder, seed=3, cases=range(60))
    assert tally.accepted > 0


def test_a_seed_makes_the_same_files() -> None:
    make = READERS["take"].maker()
    assert make(cases.random_of("take", 5, 17)) == make(cases.random_of("take", 5, 17))
    assert make(cases.random_of("take", 5, 17)) != make(cases.random_of("take", 5, 18))


def test_the_guard_sees_what_it_is_for(folder: Path) -> None:
    def connect() -> None:
        socket.socket().close()

    def unpickle() -> None:
        pickle.loads(pickle.dumps(os.getcwd))  # noqa: S301 (it must not come to that)

    def write() -> None:
        (Path(tempfile.gettempdir()) / "ddfa-outside").write_bytes(b"")

    def start() -> None:
        os.system("true")  # noqa: S605, S607

    def hang() -> None:
        while True:  # not in C, where no signal is seen
            pass

    for act in (connect, unpickle, write, start):
        with pytest.raises(guard.Forbidden), guard.guarded(5.0):
            act()
    with pytest.raises(guard.TooSlow), guard.guarded(0.05):
        hang()
    with guard.guarded(5.0):
        (folder / "inside").write_bytes(b"")


def test_cases_are_shared_by_weight() -> None:
    assert shares(100, {"a": 1.0, "b": 3.0}, 30) == {"a": 30, "b": 75}
