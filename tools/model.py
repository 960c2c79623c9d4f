# SPDX-License-Identifier: GPL-3.0-or-later
"""``build.py model``: remake what ``model/`` holds, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from . import environments
from .project import ROOT, BuildError, check, log

FACES = ROOT.parent / "shared" / "faces"


@dataclass(frozen=True)
class Step:
    """Commands of ``training``, and whether they read the labelled faces beside the checkout."""

    commands: tuple[tuple[str, ...], ...]
    needs_faces: bool = True


#: In the order in which they build on each other. Each command's module says what it reads and writes.
STEPS = {
    "statistics": Step((("measure_expressions",),)),
    "morphable": Step((("make_morphable_model",),), needs_faces=False),
    "landmarks": Step((("teacher_landmarks",), ("place_landmarks",), ("make_morphable_model",))),
    "labels": Step((("make_labels",),)),
    "regressor": Step((("train", "--run", "release"), ("export", "--run", "release"))),
}


def make(names: Sequence[str]) -> int:
    """Run these steps, in their order; return the exit status.

    Raises:
        BuildError: the labelled faces are missing, or a step fails.
    """
    steps = {name: step for name, step in STEPS.items() if name in names}
    if any(step.needs_faces for step in steps.values()) and not FACES.is_dir():
        raise BuildError(f"{FACES} with the labelled faces is missing; without it only `morphable` can be made.")
    environments.ensure_core()
    python = environments.training().ensure()
    for name, step in steps.items():
        for module, *arguments in step.commands:
            log(f"── {name}: python -m training.{module} {' '.join(arguments)}")
            check([python, "-m", f"training.{module}", *arguments], f"The step {name} failed")
    return 0
