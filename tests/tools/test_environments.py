# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tools import environments
from tools.environments import Environment
from tools.project import BuildError


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """One that looks as if it had been made from a lock a moment ago."""
    monkeypatch.setattr(environments, "REQUIREMENTS", tmp_path)
    (tmp_path / "some.txt").write_text("x==1\n", encoding="utf-8")
    made = Environment(tmp_path / "venv", "3.11", Path(sys.executable), ("some",))
    made.python.parent.mkdir(parents=True)
    made.python.touch()
    (made.folder / "made-from").write_text(made.fingerprint(), encoding="utf-8")
    return made


def test_a_ready_environment_is_left_alone(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "check", lambda *_a, **_k: pytest.fail("nothing should run"))
    assert environment.ensure() == environment.python


def test_a_changed_lock_makes_it_stale(environment: Environment, tmp_path: Path) -> None:
    assert environment.is_ready()
    (tmp_path / "some.txt").write_text("x==2\n", encoding="utf-8")
    assert not environment.is_ready()


def test_another_python_makes_it_stale(environment: Environment) -> None:
    assert not replace(environment, version="3.13").is_ready()
    environment.python.unlink()
    assert not environment.is_ready()


def test_a_half_made_environment_is_not_ready(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "some.txt").write_text("x==2\n", encoding="utf-8")

    def fail(*_arguments: object, **_options: object) -> None:
        raise BuildError("no network")

    monkeypatch.setattr(environments, "ROOT", tmp_path)
    monkeypatch.setattr(environments, "check", fail)
    with pytest.raises(BuildError, match="no network"):
        environment.ensure()
    assert not environment.is_ready()


def test_it_does_not_saw_off_its_own_branch(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "some.txt").write_text("x==2\n", encoding="utf-8")
    monkeypatch.setattr(environments.sys, "prefix", str(environment.folder))
    with pytest.raises(BuildError, match="cannot remake itself"):
        environment.ensure()
    assert environment.python.exists()


def test_fresh_home_hides_the_users_own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BLENDER_USER_CONFIG", "PYTHONPATH", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, "/users/own")
    variables = environments.fresh_home(tmp_path)
    assert "/users/own" not in variables.values()
    assert variables["HOME"] == variables["BLENDER_USER_RESOURCES"] == str(tmp_path)
    assert "PATH" in variables
