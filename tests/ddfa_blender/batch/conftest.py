# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from ddfa_blender.batch import command, work
from ddfa_blender.batch.tasks import ClipTask
from ddfa_blender.capture import Engine
from ddfa_blender.morphable_model import MorphableModel
from tests.ddfa_blender.batch.support import Inline, rendered_clip, square_clip, start, task_of
from tests.ddfa_blender.support import square_engine


@pytest.fixture
def squares(model: MorphableModel, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Makes red squares the faces of tasks that are done in this process; the detector counts its calls."""
    engine = square_engine(model)
    monkeypatch.setattr(work, "_loaded", lambda _model, expected: (engine, expected))
    return engine


@pytest.fixture
def inline(squares: Engine, monkeypatch: pytest.MonkeyPatch) -> type[Inline]:
    """Makes the command do its tasks one after another in this process."""
    Inline.done = []
    monkeypatch.setattr(command, "ProcessPool", Inline)
    return Inline


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder of rendered clips, and what an undisturbed batch with one process makes of them."""
    folder = tmp_path_factory.mktemp("reference")
    for number in range(3):
        rendered_clip(folder / "in" / f"clip {number}.mp4", number)
    process = start(folder / "in", folder / "out", "--workers", 1)
    text, error = process.communicate()
    assert process.returncode == 0, (text, error)
    return folder / "in", folder / "out"


@pytest.fixture
def task(tmp_path: Path, squares: Engine) -> ClipTask:
    """A task for a clip in which a square moves."""
    square_clip(tmp_path / "clip.mp4")
    return task_of(tmp_path)
