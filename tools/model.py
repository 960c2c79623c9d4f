# SPDX-License-Identifier: GPL-3.0-or-later
"""``build.py model``: remake what ``model/`` holds, step by step."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from . import environments
from .measure_teacher import TASK, ensure_task
from .project import ROOT, SHARED, BuildError, check, log

FACES = SHARED / "faces"
#: Heads that nothing is trained on, to measure on what the network is worth.
HELD_OUT = ROOT / "training" / "data" / "reliability-renders"


@dataclass(frozen=True)
class Step:
    """Commands of ``training``, whether they read the labelled faces beside the checkout, and whose Python runs
    them.
    """

    commands: tuple[tuple[str, ...], ...]
    needs_faces: bool = True
    run_by: Literal["training", "blender", "teacher"] = "training"

    def environment(self) -> environments.Environment:
        """Whose Python has what the commands need, but for what has yet to be installed."""
        if self.run_by == "teacher":
            ensure_task()
            return environments.teacher()
        return environments.newest_blender()[1] if self.run_by == "blender" else environments.training()


#: What the stills of a training are.
_SHARES = ("--render-share", "0.3", "--edit-share", "0.17", "--edited-render-share", "0.13")
#: In the order in which they build on each other. Each command's module says what it reads and writes.
STEPS = {
    "statistics": Step((("measure_expressions",),)),
    "morphable": Step((("make_morphable_model",),), needs_faces=False),
    "landmarks": Step((("teacher_landmarks",), ("place_landmarks",), ("make_morphable_model",))),
    "labels": Step((("make_labels",),)),
    "renders": Step((("rendering.heads", "--count", "4000"),), needs_faces=False, run_by="blender"),
    "edits": Step(
        (
            ("expression_edits",),
            ("expression_edits", "--count", "20000", "--seed", "6", "--append"),
            ("expression_edits", "--renders", "--count", "12000", "--seed", "7"),
        )
    ),
    "edit-scores": Step((("score_edits", str(TASK)),), run_by="teacher"),
    "regressor": Step(
        (
            ("train", "--run", "trained", *_SHARES, "--resume"),
            ("averaging", "--run", "release", "trained=1"),
            ("calibration", "--run", "release"),
            ("export", "--run", "release"),
        )
    ),
    "upright-renders": Step((("rendering.upright_heads",),), needs_faces=False, run_by="blender"),
    "upright": Step(
        (
            ("rendering.quick_heads",),
            ("upright.train", "--run", "upright", "--resume"),
            ("upright.export", "--run", "upright"),
        )
    ),
    "held-out": Step(
        (
            ("rendering.heads", "--seed", "3", "--count", "800", "--out", str(HELD_OUT)),
            ("rendering.known_faces",),
        ),
        needs_faces=False,
        run_by="blender",
    ),
    "reliability": Step((("evaluation.arkit_reliability",),), needs_faces=False),
}


def make(names: Sequence[str]) -> int:
    """Run these steps, in their order; return the exit status.

    Raises:
        BuildError: the labelled faces are missing, or a step fails.
    """
    steps = {name: step for name, step in STEPS.items() if name in names}
    if any(step.needs_faces for step in steps.values()) and not FACES.is_dir():
        others = ", ".join(f"`{name}`" for name, step in STEPS.items() if not step.needs_faces)
        raise BuildError(f"{FACES} with the labelled faces is missing; without it only {others} can be made.")
    environments.ensure_core()
    for name, step in steps.items():
        environment = step.environment()
        python, variables = environment.ensure(), environment.variables(os.environ)
        for module, *arguments in step.commands:
            log(f"── {name}: python -m training.{module} {' '.join(arguments)}")
            command = [str(python), "-m", f"training.{module}", *arguments]
            check(command, f"The step {name} failed", environment=variables)
    return 0
