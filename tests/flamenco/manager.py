# SPDX-License-Identifier: GPL-3.0-or-later
"""Flamenco's two halves as far as a job type meets them: the Manager compiles jobs, the add-on fills in settings.

``python -m tests.flamenco.manager`` writes ``compiled_job.json`` anew, which the tests inside Blender run.
"""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any

HERE = Path(__file__).resolve().parent
SCRIPT = HERE.parent.parent / "flamenco" / "ddfa_face_capture.js"
COMPILED = HERE / "compiled_job.json"


class Manager:
    """Runs the job compiler script in QuickJS, in strict mode, as Flamenco does in goja."""

    def __init__(self) -> None:
        import quickjs

        self._context = quickjs.Context()
        self._context.add_callable("shellSplitAsJson", lambda text: json.dumps(shlex.split(text)))
        self._context.eval((HERE / "flamenco_api.js").read_text(encoding="utf-8"))
        self._context.eval('"use strict";\n' + SCRIPT.read_text(encoding="utf-8"))

    @property
    def job_type(self) -> dict[str, Any]:
        """``JOB_TYPE``."""
        return json.loads(self._context.eval("JSON.stringify(JOB_TYPE)"))

    def compile(self, settings: dict[str, Any]) -> list[dict[str, Any]]:
        """The tasks of a job.

        Raises:
            quickjs.JSException: the script refuses the settings.
        """
        return json.loads(self._context.get("compileForTest")(json.dumps(settings)))


def submit(job_type: dict[str, Any], entered: dict[str, Any]) -> dict[str, Any]:
    """The settings that Flamenco's add-on sends: what the user entered, defaults, and for what only the web interface
    shows the value of its expression."""
    values = {
        setting["key"]: entered.get(setting["key"], setting.get("default", "")) for setting in job_type["settings"]
    }
    for setting in job_type["settings"]:
        if "eval" in setting and setting.get("visible", "visible") in ("web", "hidden"):
            names = {"settings": SimpleNamespace(**values), "abspath": lambda path: Path(path).absolute(), "Path": Path}
            values[setting["key"]] = eval(setting["eval"], {}, names)  # noqa: S307 (as the add-on does)
    return values


def example_settings(job_type: dict[str, Any]) -> dict[str, Any]:
    """Settings of the job in ``compiled_job.json``: two clips, and every kind of file."""
    entered = {setting["key"]: True for setting in job_type["settings"] if setting["type"] == "bool"}
    values = {setting["key"]: setting.get("default", "") for setting in job_type["settings"]} | entered
    return values | {
        "clips": "/farm/clips/a.mp4\n/farm/clips/day 2/größe.mov",
        "clip_root": "/farm/clips",
        "output_root": "/farm/out",
        "model_root": "/farm/model",
        "fps": 29.97,
        "bake_options": "--smooth-head 0.2 --frame-start 1001 --name 'Anna B'",
    }


def main() -> None:
    """Write ``compiled_job.json`` anew."""
    manager = Manager()
    tasks = manager.compile(example_settings(manager.job_type))
    COMPILED.write_text(json.dumps(tasks, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
