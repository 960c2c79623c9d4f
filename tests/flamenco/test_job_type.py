# SPDX-License-Identifier: GPL-3.0-or-later
"""The Flamenco job type: its settings as the API documents them, and the tasks that it makes of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ddfa_blender.batch.clips import VIDEO_SUFFIXES, find_clips
from tests.flamenco import manager as farm

quickjs = pytest.importorskip("quickjs", reason="QuickJS has no wheel for this Python")

#: https://flamenco.blender.org: the schemas AvailableJobSetting… of the Manager's API.
TYPES = {"string", "int32", "float", "bool"}
SUBTYPES = {"file_path", "dir_path", "file_name", "hashed_file_path"}
VISIBILITIES = {"visible", "hidden", "submission", "web"}
KEYS = {
    "key", "type", "subtype", "choices", "propargs", "description", "label", "default", "eval", "evalInfo", "visible",
    "required", "editable",
}  # fmt: skip
PYTHON_TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "int32": (int,), "float": (int, float), "bool": (bool,)}
#: Commands of the worker that the script may use, and their parameters.
COMMANDS = {"make-directory": {"path"}, "blender-render": {"exe", "exeArgs", "argsBefore", "blendfile", "args"}}


@pytest.fixture(scope="module")
def manager() -> farm.Manager:
    return farm.Manager()


def settings(manager: farm.Manager, clips: list[str], **more: Any) -> dict[str, Any]:
    values = {setting["key"]: setting.get("default", "") for setting in manager.job_type["settings"]}
    values |= {"clips": "\n".join(clips), "clip_root": "/in", "output_root": "/out", "model_root": ""}
    return values | more


def arguments(task: dict[str, Any]) -> list[list[str]]:
    """What follows ``--command ddfa`` in each Blender that a task runs."""
    found = []
    for command in task["commands"]:
        assert set(command["parameters"]) == COMMANDS[command["name"]]
        if command["name"] == "blender-render":
            parameters = command["parameters"]
            assert (parameters["exe"], parameters["exeArgs"]) == ("{blender}", "{blenderArgs}")
            assert parameters["argsBefore"] == [] and parameters["blendfile"] == ""
            assert parameters["args"][:2] == ["--command", "ddfa"]
            assert all(isinstance(argument, str) for argument in parameters["args"])
            found.append(parameters["args"][2:])
    return found


def test_settings_are_as_the_api_documents_them(manager: farm.Manager) -> None:
    job_type = manager.job_type
    assert set(job_type) == {"label", "description", "settings"}
    keys = [setting["key"] for setting in job_type["settings"]]
    assert len(set(keys)) == len(keys) and all(key.isidentifier() for key in keys)
    for setting in job_type["settings"]:
        assert set(setting) <= KEYS and setting["type"] in TYPES, setting
        assert setting.get("subtype", "dir_path") in SUBTYPES and setting.get("visible", "visible") in VISIBILITIES
        assert setting["description"] and not setting["description"].endswith(".")
        if "default" in setting:
            assert type(setting["default"]) in PYTHON_TYPES[setting["type"]]
            assert setting["default"] in setting.get("choices", [setting["default"]])
        assert setting["type"] == "string" or not {"choices", "subtype"} & set(setting)
        # What nobody can enter must come from an expression.
        assert ("eval" in setting) == (setting.get("visible") in ("web", "hidden"))


def test_a_clip_is_captured_then_baked(manager: farm.Manager) -> None:
    capture, bake = manager.compile(settings(manager, ["/in/a.mp4"]))
    assert (capture["name"], capture["type"], bake["name"], bake["type"]) == (
        "capture-a",
        "blender",
        "bake-a",
        "blender",
    )
    assert capture["dependencies"] == [] and bake["dependencies"] == [capture["uuid"]]
    assert capture["commands"][0] == {"name": "make-directory", "parameters": {"path": "/out"}, "totalStepCount": 0}
    assert arguments(capture) == [["capture", "/in/a.mp4", "--take", "/out/a.npz"]]
    assert arguments(bake) == [["bake", "/out/a.npz", "--fbx", "/out/a.fbx", "--driving", "arkit"]]


def test_what_is_asked_for_reaches_the_command_lines(manager: farm.Manager) -> None:
    chosen = settings(
        manager, ["/in/a.mp4"], write_fbx=False, write_glb=True, write_csv=True, driving="expression", fps=24,
        bake_options="--name 'Anna B' --smooth-head 0.2", model_root="/models/new",
    )  # fmt: skip
    capture, bake = manager.compile(chosen)
    assert arguments(capture)[0][-2:] == ["--model", "/models/new"]
    (line,) = arguments(bake)
    assert line[:6] == ["bake", "/out/a.npz", "--glb", "/out/a.glb", "--csv", "/out/a.csv"]
    assert line[6:] == ["--driving", "expression", "--fps", "24", "--name", "Anna B", "--smooth-head", "0.2"]


def test_without_a_format_only_takes_are_made(manager: farm.Manager) -> None:
    tasks = manager.compile(settings(manager, ["/in/a.mp4", "/in/b.mp4"], write_fbx=False))
    assert [task["name"] for task in tasks] == ["capture-a", "capture-b"]


def test_folders_stay_and_no_two_clips_share_a_name(manager: farm.Manager) -> None:
    clips = [
        "/in/x.mp4", "/in/day 1/x.mp4", "/in/day 2/x.mp4", "/in/day 2/X.MP4", "/in/day 2/x.mov", "/in/.hidden.v2.mp4",
        "/else/x.mp4", "/in/constructor.mp4", "/in/__proto__.mp4", "/in/größe 名.mp4", "/inner/y.mp4",
    ]  # fmt: skip
    tasks = manager.compile(settings(manager, clips, write_fbx=False))
    outputs = [arguments(task)[0][3].removeprefix("/out/").removesuffix(".npz") for task in tasks]
    assert outputs == [
        "x.mp4", "day 1/x", "day 2/x.mp4", "day 2/X.MP4 2", "day 2/x.mov", ".hidden.v2", "x.mp4 2", "constructor",
        "__proto__", "größe 名", "y",
    ]  # fmt: skip
    assert len({output.lower() for output in outputs}) == len(clips)
    folders = [task["commands"][0]["parameters"]["path"] for task in tasks]
    assert folders[:3] == ["/out", "/out/day 1", "/out/day 2"]


@pytest.mark.parametrize(
    ("clip", "root", "out", "expected"),
    [
        ("C:/in/s 1/a.mp4", "C:/in", "D:/out", "D:/out/s 1/a.npz"),
        ("C:\\in\\s 1\\a.mp4", "C:\\in\\", "D:\\out\\", "D:/out/s 1/a.npz"),
        ("//nas/in/a.mp4", "//nas/in", "//nas/out", "//nas/out/a.npz"),
        ("/in/a.mp4", "/in/", "/", "/a.npz"),
    ],
)
def test_paths_of_windows_and_of_shares(manager: farm.Manager, clip: str, root: str, out: str, expected: str) -> None:
    (capture, _) = manager.compile(settings(manager, [clip], clip_root=root, output_root=out))
    assert arguments(capture) == [["capture", clip, "--take", expected]]


def test_short_clips_share_tasks(manager: farm.Manager) -> None:
    clips = [f"/in/{i // 2}/c{i}.mp4" for i in range(5)]
    tasks = manager.compile(settings(manager, clips, clips_per_task=3))
    assert [task["name"] for task in tasks] == [
        "capture-0/c0 and 2 more", "bake-0/c0 and 2 more", "capture-1/c3 and 1 more", "bake-1/c3 and 1 more",
    ]  # fmt: skip
    assert [len(arguments(task)) for task in tasks] == [3, 3, 2, 2]
    made = [command["parameters"]["path"] for command in tasks[0]["commands"] if command["name"] == "make-directory"]
    assert made == ["/out/0", "/out/1"]
    captured = [line[1] for task in tasks[::2] for line in arguments(task)]
    assert captured == clips


def test_thousands_of_clips(manager: farm.Manager) -> None:
    tasks = manager.compile(settings(manager, [f"/in/{i % 97}/take.{i}.mp4" for i in range(2_000)]))
    assert len(tasks) == 4_000 and len({line[3] for task in tasks[::2] for line in arguments(task)}) == 2_000


@pytest.mark.parametrize("clips", [[], ["", "  "]])
def test_a_job_without_clips_is_refused(manager: farm.Manager, clips: list[str]) -> None:
    with pytest.raises(quickjs.JSException, match="There is no clip to capture"):
        manager.compile(settings(manager, clips))


def test_the_add_on_finds_the_clips(manager: farm.Manager, tmp_path: Path) -> None:
    names = ["b.MP4", "a.mp4", "day 2/größe 名.mov", "note.txt", "photo.png"]
    for name in names:
        file = tmp_path / "clips" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (tmp_path / "clips" / "folder.mp4").mkdir()
    entered = {"clip_folder": str(tmp_path / "clips"), "output_folder": str(tmp_path / "out")}
    sent = farm.submit(manager.job_type, entered)
    found = [clip.path.as_posix() for clip in find_clips([tmp_path / "clips"])]
    assert sent["clips"].splitlines() == found and len(found) == 3
    assert sent["output_root"] == (tmp_path / "out").as_posix() and sent["model_root"] == ""
    tasks = manager.compile(sent)
    assert [task["name"] for task in tasks[::2]] == ["capture-a", "capture-b", "capture-day 2/größe 名"]
    only = farm.submit(manager.job_type, {**entered, "clip_pattern": "a*.mp4", "model_folder": str(tmp_path)})
    assert only["clips"].splitlines() == [(tmp_path / "clips" / "a.mp4").as_posix()]
    assert only["model_root"] == tmp_path.as_posix()


def test_the_farm_and_the_batch_look_for_the_same_files(manager: farm.Manager) -> None:
    (expression,) = [setting["eval"] for setting in manager.job_type["settings"] if setting["key"] == "clips"]
    assert set(re.findall(r"'(\.\w+)'", expression)) == VIDEO_SUFFIXES


def test_blender_runs_what_is_compiled_here(manager: farm.Manager) -> None:
    """``compiled_job.json`` is what tests/blender/test_flamenco.py runs: so no option can drift."""
    tasks = manager.compile(farm.example_settings(manager.job_type))
    for task in tasks:
        arguments(task)
    kept = json.loads(farm.COMPILED.read_text(encoding="utf-8"))
    # Their numbers count all tasks that this context ever made.
    plain = [{**task, "uuid": "", "dependencies": len(task["dependencies"])} for task in tasks]
    expected = [{**task, "uuid": "", "dependencies": len(task["dependencies"])} for task in kept]
    assert plain == expected, "run: python -m tests.flamenco.manager"
