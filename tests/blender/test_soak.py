# SPDX-License-Identifier: GPL-3.0-or-later
"""A short form of ``python -m tools.soak``: captures that are undone, deleted or repeated leave nothing behind."""

from __future__ import annotations

import sys

import bpy
import pytest
import support


@pytest.fixture
def soaking(monkeypatch, model):
    monkeypatch.setattr(sys, "path", [str(support.ROOT), *sys.path])
    from tools import soak_in_blender

    monkeypatch.setattr(support.module("ddfa_blender.solutions"), "_bundled", lambda: model)
    capture = support.module("ddfa_blender.capture")
    monkeypatch.setattr(capture.Engine, "kept", capture.Engine.kept)  # taken back after the test
    soak_in_blender.use_made_up_faces()
    return soak_in_blender


def test_twelve_captures_leave_no_data_blocks(soaking, tmp_path):
    result = soaking.run(9, 3, soaking.make_clip(tmp_path, 6), lambda text: None)
    assert result["blocks_after"] == result["blocks_before"]
    assert [obj.type for obj in bpy.data.objects].count("ARMATURE") == 1
