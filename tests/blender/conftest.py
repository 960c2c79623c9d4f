# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures inside bpy. Without bpy nothing here is collected: ``build.py test`` runs these in each Blender."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

if importlib.util.find_spec("bpy") is None:
    collect_ignore_glob = ["test_*.py"]
else:
    import support

    support.prepare_user_folder()
    import bpy

    @pytest.fixture(scope="session")
    def modules_after_enabling() -> set[str]:
        """Names of all modules loaded once the extension has been enabled for the first time."""
        bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
        support.enable_extension()
        return set(sys.modules)

    @pytest.fixture(autouse=True)
    def empty_file(modules_after_enabling: set[str]) -> None:
        """Each test starts in an empty file with factory settings, the extension on, no takes and nothing told yet."""
        bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
        support.enable_extension()
        shutil.rmtree(bpy.utils.extension_path_user(support.PACKAGE, path="takes"), ignore_errors=True)
        support.module("scene.take_list").refresh()
        support.module("operators.state").tell("")

    @pytest.fixture(scope="session")
    def model(modules_after_enabling: set[str]) -> Any:
        """A small random morphable model, the same for all tests: what is painted for it is painted once."""
        return support.small_model()

    @pytest.fixture
    def errors() -> Any:
        """The module with the errors that a user can cause."""
        return support.module("ddfa_blender.errors")

    @pytest.fixture(params=[(24, 1.0), (30, 1.001)], ids=["24", "29.97"])
    def captured(request: pytest.FixtureRequest, model: Any) -> Any:
        """A head with expression well below zero and far above one, keys from frame 20."""
        scene = bpy.context.scene
        scene.render.fps, scene.render.fps_base = request.param
        settings = support.module("scene.settings").BakeSettings(frame_start=20)
        performance = support.performance(count=40, fps=25.0)
        performance.expression[:, 0] *= 2.5
        assert performance.expression.min() < -5.0 and performance.expression.max() > 5.0
        return support.module("scene.pipeline").apply_performance(
            bpy.context, model, performance, settings, "Großer Auftritt"
        )

    @pytest.fixture
    def performed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model: Any) -> Any:
        """What the scene's current head performs, made up: one sample a frame, frames 1 to 24."""
        performance = support.performance()
        monkeypatch.setattr(support.module("scene.live"), "performance_of", lambda *_: performance)
        monkeypatch.setattr(support.module("scene.takes"), "problem", lambda armature: "")
        armature = support.module("scene.pipeline").apply_performance(bpy.context, model, performance).head.armature
        armature.ddfa.take = str(tmp_path / "clip.npz")
        bpy.context.scene.ddfa.head = armature
        return performance
