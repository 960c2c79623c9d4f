# SPDX-License-Identifier: GPL-3.0-or-later
"""What coverage-guided fuzzing rests on; the fuzzing itself where its environment has been made."""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddfa_blender.take import Take
from tools import environments, fuzz_coverage
from tools.fuzzing import cases, seeds, unpacked
from tools.fuzzing.readers import READERS
from tools.project import ROOT


def _saved(tmp_path: Path) -> bytes:
    seeds.take().save(tmp_path / "a.npz")
    return (tmp_path / "a.npz").read_bytes()


def test_an_archive_survives_being_unpacked_and_packed(tmp_path: Path) -> None:
    data = _saved(tmp_path)
    form = unpacked.unpack(data)
    assert b'"source": "clip' in form  # the header's text lies open
    (tmp_path / "b.npz").write_bytes(unpacked.pack(form))
    first, second = Take.load(tmp_path / "a.npz"), Take.load(tmp_path / "b.npz")
    assert first.header == second.header
    np.testing.assert_array_equal(first.params, second.params)


@given(st.binary(max_size=200))
def test_any_bytes_are_the_form_of_a_file(data: bytes) -> None:
    for form in (data, b"M" + data, b"P" + data):
        unpacked.pack(form)
    assert unpacked.pack(unpacked.unpack(data)) == data or zipfile.is_zipfile(io.BytesIO(data))


@given(st.integers(0, 2**32 - 1))
def test_a_change_leaves_an_archive_that_can_be_read(seed: int) -> None:
    make = READERS["take"].maker()
    form = unpacked.unpack(make(cases.random_of("take", 0, 0)))
    changed = unpacked.mutated(form, len(form) + 50, seed, lambda data, most: (data[::-1] + b"x")[:most])
    assert len(changed) <= len(form) + 50
    if form.startswith(b"M"):
        assert zipfile.ZipFile(io.BytesIO(unpacked.pack(changed))).testzip() is None


def test_a_plain_file_is_changed_as_a_whole() -> None:
    form = unpacked.unpack(b"no archive")
    assert unpacked.mutated(form, 100, 1, lambda data, most: data.upper()[:most]) == b"PNO ARCHIVE"
    assert unpacked.mutated(b"", 100, 1, lambda data, most: b"x" * min(most, 3)) == b"xxx"


def test_what_libfuzzer_says() -> None:
    log = "#7\tNEW    cov: 3 ft: 4 corp: 2/9b\n#3000\tDONE   cov: 72 ft: 252 corp: 33/8511b lim: 401 exec/s: 15\n"
    assert fuzz_coverage.found_in(log, 0) == fuzz_coverage.Found(3000, 72, 33, failed=False)
    assert fuzz_coverage.found_in(log, 77).failed
    assert fuzz_coverage.found_in("Traceback", 0) == fuzz_coverage.Found(0, 0, 0, failed=True)


def test_native_readers_are_readers() -> None:
    assert set(READERS) > fuzz_coverage.NATIVE


@pytest.mark.parametrize("name", ["settings-preset", "checkpoint"])
def test_a_short_run(name: str) -> None:
    environment = environments.fuzzing()
    if not environment.is_ready():
        pytest.skip("its environment is made by `python -m tools.fuzz_coverage`")
    seed = Random(name).randrange(1000)  # noqa: S311 (nothing is kept secret)
    command = [environment.python, "-m", "tools.fuzz_coverage", name, "--runs", "500", "--seed", str(seed)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert answer.stdout.splitlines()[-1].startswith(f"| {name} | 500 |")
