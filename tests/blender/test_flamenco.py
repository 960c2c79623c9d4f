# SPDX-License-Identifier: GPL-3.0-or-later
"""The command lines that the Flamenco job type makes (tests/flamenco), by the command's own parser and for real."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import support

COMPILED = Path(__file__).resolve().parents[1] / "flamenco" / "compiled_job.json"
_ROOT = "/farm"


@pytest.fixture
def command():
    return support.module("operators.command")


def blender_calls(root):
    """Arguments after ``--command ddfa`` of each Blender, and the folders that are made, in the farm's order."""
    calls, folders = [], []
    for task in json.loads(COMPILED.read_text(encoding="utf-8")):
        for made in task["commands"]:
            parameters = made["parameters"]
            if made["name"] == "make-directory":
                folders.append(parameters["path"].replace(_ROOT, root))
            else:
                assert parameters["args"][:2] == ["--command", support.module("operators.command").NAME]
                calls.append([argument.replace(_ROOT, root) for argument in parameters["args"][2:]])
    return calls, folders


def test_the_commands_parser_takes_every_line(command):
    calls, _ = blender_calls(_ROOT)
    parsed = [command._parser().parse_args(call) for call in calls]
    capture, bake = parsed[0], parsed[1]
    assert capture.run is command._capture and bake.run is command._bake and len(parsed) == 4
    assert (capture.clip, capture.take) == (Path("/farm/clips/a.mp4"), Path("/farm/out/a.npz"))
    assert capture.model == Path("/farm/model")
    assert bake.take == capture.take and bake.name == "Anna B" and bake.fps == pytest.approx(29.97)
    written = {name: getattr(bake, name) for name in ("fbx", "blend", "glb", "usd", "csv", "bvh", "json")}
    suffixes = {
        "fbx": ".fbx",
        "blend": ".blend",
        "glb": ".glb",
        "usd": ".usdc",
        "csv": ".csv",
        "bvh": ".bvh",
        "json": ".json",
    }
    assert written == {name: Path(f"/farm/out/a{suffix}") for name, suffix in suffixes.items()}


def test_the_farms_tasks_for_real(command, tmp_path, monkeypatch, model, capsys):
    """Captures are made up, all else runs; any task may be done again."""
    calls, folders = blender_calls(tmp_path.as_posix())
    solutions = support.module("ddfa_blender.solutions")
    monkeypatch.setattr(solutions, "_bundled", lambda: model)
    monkeypatch.setattr(solutions, "face_model", lambda folder: model)
    task = support.module("operators.task").CaptureTask
    monkeypatch.setattr(task, "_track", lambda self, progress, cancelled: support.take(source=self.video.name))
    for folder in folders:
        Path(folder).mkdir(parents=True, exist_ok=True)
    for call in calls:
        assert command.main(call) == 0, capsys.readouterr().err
    out = tmp_path / "out"
    names = {
        f"{clip}{kind}"
        for clip in ("a", "day 2/größe")
        for kind in (".npz", ".fbx", ".blend", ".glb", ".usdc", ".csv", ".bvh", ".json")
    }
    assert {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} == names
    assert command.main(calls[0]) == command.main(calls[1]) == 0
    # A task whose capture has not been done fails, so that Flamenco says so.
    (out / "a.npz").unlink()
    assert command.main(calls[1]) == command.USER_ERROR
