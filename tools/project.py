# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths, messages and subprocesses that every step shares."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ddfa_blender.errors import CaptureError

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
BUILD = ROOT / "build"
WHEELS = ROOT / "wheels"
DIST = ROOT / "dist"
DEMO = ROOT / "demo"
MODEL = ROOT / "model"
#: Real photos, clips and labels, which are not the project's to give away; beside the checkout, or missing.
SHARED = ROOT.parent / "shared"
#: A head that we rendered ourselves, so that a clone needs no footage.
RENDERED_CLIP = ROOT / "tests" / "data" / "rendered_clip.mp4"


class BuildError(Exception):
    """A step cannot go on; the message is one sentence that says what to do."""


def status_of(main: Callable[[], int | None]) -> int:
    """The exit status of a tool's ``main``: what it returns, or 2 after a line about what the user can mend."""
    try:
        return main() or 0
    except (BuildError, CaptureError) as error:
        log(f"error: {error}")
        return 2


def footage_at(path: Path) -> Path:
    """The absolute path of a video that the user named: what can be told before anything is set up.

    Raises:
        BuildError: there is none.
    """
    absolute = path.expanduser().resolve()
    if not absolute.exists():
        raise BuildError(f"There is no video at {absolute}; check the path.")
    if not absolute.is_file():
        raise BuildError(f"{absolute} is a folder; name a video file in it.")
    return absolute


def count_between(least: int, most: int) -> Callable[[str], int]:
    """Takes a whole number of an option; any other than from ``least`` to ``most`` is refused."""

    def parse(text: str) -> int:
        value = int(text) if text.isascii() and text.isdecimal() else -1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is no whole number from {least} to {most}")
        return value

    return parse


def log(message: str) -> None:
    """Tell the user on standard error; standard output carries results only."""
    print(message, file=sys.stderr, flush=True)


def pyproject() -> dict[str, Any]:
    """The parsed pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def manifest() -> dict[str, Any]:
    """The parsed blender_manifest.toml."""
    return tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))


def requirements_of(group: str) -> tuple[str, ...]:
    """The direct requirements of a dependency group, included groups resolved."""
    entries: list[str] = []
    for entry in pyproject()["dependency-groups"][group]:
        if isinstance(entry, str):
            entries.append(entry)
        else:
            entries.extend(requirements_of(entry["include-group"]))
    return tuple(entries)


def pinned_version(group: str, package: str) -> str:
    """The version that ``group`` pins ``package`` to.

    Raises:
        KeyError: the group does not name the package.
    """
    for entry in requirements_of(group):
        name, _, rest = entry.partition("==")
        if name == package:
            return rest.partition(";")[0].strip()
    raise KeyError(f"{package} is not in the group {group}")


def run(
    command: Sequence[str | os.PathLike[str]],
    *,
    environment: Mapping[str, str] | None = None,
    timeout: float | None = None,
    folder: Path = ROOT,
    output: Path | None = None,
) -> int:
    """Run a command with its output on our standard error, or in the file ``output``; return its exit status.

    Past ``timeout`` seconds the command and its children are killed and 124 is returned.
    """
    arguments = [os.fspath(part) for part in command]
    options: dict[str, Any] = {"start_new_session": True} if os.name == "posix" else {}
    with contextlib.ExitStack() as stack:
        if output is None:
            options["stdout"] = sys.stderr
        else:
            options["stdout"], options["stderr"] = stack.enter_context(output.open("wb")), subprocess.STDOUT
        process = stack.enter_context(subprocess.Popen(arguments, cwd=folder, env=environment, **options))
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            log(f"{arguments[0]} ran longer than {timeout:.0f} s and was stopped")
            return 124
        finally:
            if process.poll() is None:
                _kill_tree(process)


def _kill_tree(process: subprocess.Popen[bytes]) -> None:
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def check(command: Sequence[str | os.PathLike[str]], failure: str, **options: Any) -> None:
    """:func:`run`, raising ``BuildError(failure)`` unless the command succeeds."""
    status = run(command, **options)
    if status != 0:
        raise BuildError(f"{failure} (exit status {status}; the lines above say why).")
