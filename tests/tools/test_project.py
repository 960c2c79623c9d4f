# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pytest

from ddfa_blender.errors import CaptureError
from tools import interpreters
from tools.project import BuildError, check, count_between, footage_at, run, status_of


def test_output_of_commands_stays_off_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    assert run([sys.executable, "-c", "print('chatter')"]) == 0
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "chatter" in captured.err


def test_status_of_a_failing_command() -> None:
    assert run([sys.executable, "-c", "raise SystemExit(7)"]) == 7
    with pytest.raises(BuildError, match=r"^It failed \(exit status 7; "):
        check([sys.executable, "-c", "raise SystemExit(7)"], "It failed")


def test_a_hung_command_is_stopped_with_its_children(tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    child = f"import time, pathlib; time.sleep(3); pathlib.Path({str(sign)!r}).touch()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    assert run([sys.executable, "-c", parent], timeout=0.5) == 124
    # Long enough for a child that had survived to leave its sign.
    run([sys.executable, "-c", "import time; time.sleep(4)"])
    assert not sign.exists()


def test_missing_python_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters, "find", lambda _version: None)
    with pytest.raises(BuildError, match=r"^Python 3\.11 or 3\.13 is needed .* install one"):
        interpreters.for_core()


def test_another_python_takes_over_when_the_running_one_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    other = Path("/somewhere/python3.13")
    monkeypatch.setattr(interpreters, "find", {"3.11": None, "3.13": other}.get)
    assert interpreters.for_core() == ("3.13", other)


def test_what_the_user_can_mend_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise BuildError("uv makes the locks: install it.")

    assert status_of(fail) == 2
    assert capsys.readouterr() == ("", "error: uv makes the locks: install it.\n")

    def refuse() -> int:
        raise CaptureError("There is no take; capture the footage first.")

    assert status_of(refuse) == 2
    assert capsys.readouterr() == ("", "error: There is no take; capture the footage first.\n")
    assert (status_of(lambda: None), status_of(lambda: 1)) == (0, 1)
    with pytest.raises(KeyError):  # a fault of ours keeps its traceback
        status_of(lambda: {}["missing"])


def test_footage_is_a_file_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = tmp_path / "ä [1].mp4"
    clip.touch()
    monkeypatch.chdir(tmp_path)
    assert footage_at(Path("ä [1].mp4")) == clip.resolve()
    for path, message in ((tmp_path, "is a folder"), (tmp_path / "none.mp4", "There is no video at")):
        with pytest.raises(BuildError, match=message):
            footage_at(path)


@pytest.mark.parametrize("text", ["2", "11", "-3", "3.5", "", "many", "٣", "³"])
def test_counts_are_whole_numbers_within_their_bounds(text: str) -> None:
    assert [count_between(3, 10)(good) for good in ("3", "10", "007")] == [3, 10, 7]
    with pytest.raises(argparse.ArgumentTypeError, match="from 3 to 10"):
        count_between(3, 10)(text)
