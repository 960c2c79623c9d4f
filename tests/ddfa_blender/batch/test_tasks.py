# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from ddfa_blender.paths import MODEL_FOLDER
from ddfa_blender.settings import CaptureSettings
from tests.ddfa_blender.batch.support import task_of


def test_the_key_hangs_on_clip_model_and_settings_alone(tmp_path: Path) -> None:
    task = task_of(tmp_path)
    key = task.key("a" * 64)
    assert key == task_of(tmp_path / "elsewhere", "other", tracks=("csv",), force=True).key("a" * 64)
    others = [
        task.key("b" * 64),
        replace(task, model_sha256="1" * 64).key("a" * 64),
        replace(task, settings=CaptureSettings(end=2.0)).key("a" * 64),
        replace(task, settings=CaptureSettings(face_hint=(1.0, 2.0))).key("a" * 64),
    ]
    assert len({key, *others}) == 5


def test_the_key_is_the_same_in_every_process(tmp_path: Path) -> None:
    task = task_of(tmp_path, settings=CaptureSettings(0.5, 2.0, (3.0, 4.0)))
    code = "import sys, pickle; print(pickle.load(sys.stdin.buffer).key('a' * 64))"
    for seed in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            input=pickle.dumps(task), capture_output=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(MODEL_FOLDER.parent)},
        )  # fmt: skip
        assert done.stdout.decode().strip() == task.key("a" * 64)
