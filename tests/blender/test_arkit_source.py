# SPDX-License-Identifier: GPL-3.0-or-later
"""What the ARKit channels rest on is a setting of each head; changing it re-bakes."""

import bpy
import numpy as np
import pytest
import support

RATE = 30.0


@pytest.fixture
def head(tmp_path, monkeypatch):
    """A head made of a take, its shape keys driven by ARKit alone."""
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 30, 1.0
    path = tmp_path / "a.npz"
    support.take(40, RATE).save(path)
    live, model = support.module("scene.live"), support.small_model()
    monkeypatch.setattr(live, "model_of", lambda take_file: model)
    settings = scene.ddfa.settings
    settings.head.driving = "ARKIT"
    performance = live.performance_of(path, settings.solve_settings(), settings.clean_up())
    pipeline = support.module("scene.pipeline")
    made = pipeline.apply_performance(bpy.context, model, performance, settings.bake_settings()).head
    made.armature.ddfa.take = str(path)
    support.module("scene.properties").copy_values(settings, made.armature.ddfa.settings)
    scene.ddfa.head = made.armature
    return made


def keyed(head):
    """Values of all 52 channels' keys."""
    actions, names = support.module("scene.actions"), support.module("ddfa_blender.names")
    curves = [
        actions.find_curve(head.mesh.data.shape_keys, f'key_blocks["{name}"].value') for name in names.ARKIT_NAMES
    ]
    return np.concatenate([actions.keys(curve)[:, 1] for curve in curves])


def test_the_default_is_the_cores_and_each_choice_reaches_it():
    solve = support.module("ddfa_blender.solve")
    settings = bpy.context.scene.ddfa.settings
    assert settings.solve_settings().arkit_source == solve.SolveSettings().arkit_source
    for choice in ("NETWORK", "MESH", "BOTH"):
        settings.head.arkit_source = choice
        assert settings.solve_settings().arkit_source == choice.lower()


def test_changing_it_changes_the_keys_in_place_and_back(head):
    settings = head.armature.ddfa.settings.head
    both = keyed(head)
    settings.arkit_source = "NETWORK"
    network = keyed(head)
    assert head.armature.ddfa.problem == ""
    assert np.abs(network - both).max() > 0.01
    settings.arkit_source = "MESH"
    assert np.abs(keyed(head) - network).max() > 0.01
    settings.arkit_source = "BOTH"
    np.testing.assert_allclose(keyed(head), both, atol=1e-6)
