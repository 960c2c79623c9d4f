# SPDX-License-Identifier: GPL-3.0-or-later
"""Clean-up and neutral face of a head that is baked from a take on disk."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import support

#: Of the take: frames per second and frames, and those without a face.
RATE, COUNT, LOST = 30.0, 60, slice(20, 30)


@pytest.fixture
def head(tmp_path, monkeypatch):
    """A head made of a take; shape keys are driven by ARKit alone."""
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 30, 1.0
    take = support.take(COUNT, RATE, lost=LOST)
    path = tmp_path / "a.npz"
    take.save(path)
    live, model = support.module("scene.live"), support.small_model()
    monkeypatch.setattr(live, "model_of", lambda take_file: model)
    settings = scene.ddfa.settings
    settings.head.driving = "ARKIT"
    performance = live.performance_of(path, settings.solve_settings(), settings.clean_up())
    made = (
        support.module("scene.pipeline")
        .apply_performance(bpy.context, model, performance, settings.bake_settings())
        .head
    )
    made.armature.ddfa.take = str(path)
    support.module("scene.properties").copy_values(settings, made.armature.ddfa.settings)
    scene.ddfa.head = made.armature
    return made


def keys(head, name):
    """Values (K,) of a shape key's curve, one for each frame from the first."""
    actions = support.module("scene.actions")
    curve = actions.find_curve(head.mesh.data.shape_keys, f'key_blocks["{name}"].value')
    return actions.keys(curve)[:, 1]


def settings_of(head):
    return head.armature.ddfa.settings


def test_the_defaults_are_the_cores():
    cleanup, solve = support.module("ddfa_blender.cleaning.cleanup"), support.module("ddfa_blender.solve")
    settings = bpy.context.scene.ddfa.settings
    assert list(flat(settings.clean_up())) == list(flat(cleanup.CleanUpSettings()))
    assert settings.solve_settings().min_confidence == pytest.approx(solve.SolveSettings().min_confidence)


def test_every_setting_reaches_the_core():
    """Each property differs from its default, and so must each field."""
    settings = bpy.context.scene.ddfa.settings
    for group in (settings.cleanup, settings.neutral):
        for prop in group.bl_rna.properties:
            if prop.type == "FLOAT":
                setattr(
                    group, prop.identifier, (prop.default + 0.25) % 1.0 if prop.hard_max == 1.0 else prop.default + 0.25
                )
            elif prop.type == "BOOLEAN":
                setattr(group, prop.identifier, not prop.default)
            elif prop.type == "ENUM":
                setattr(group, prop.identifier, prop.enum_items[-1].identifier)
    settings.cleanup.list_channels()
    settings.cleanup.channel_gains["jawOpen"].gain = 3.0
    clean, default = settings.clean_up(), support.module("ddfa_blender.cleaning.cleanup").CleanUpSettings()
    assert (clean.gaps.mode, clean.neutral.mode, dict(clean.gains.channels)) == ("ease", "range", {"jawOpen": 3.0})
    fields = {(path, value) for path, value in flat(clean)}
    same = {path for path, value in flat(default) if (path, value) in fields}
    assert same == {"balance.shift.head", "balance.symmetrise.head"}  # the head has no halves


def flat(settings, above=""):
    for name in settings.__dataclass_fields__:
        value = getattr(settings, name)
        if hasattr(value, "__dataclass_fields__"):
            yield from flat(value, f"{above}{name}.")
        else:
            # Blender's numbers have half of Python's digits.
            yield above + name, repr(round(value, 6) if isinstance(value, float) else value)


def test_filling_of_gaps_follows_its_setting(head):
    first, lost = keys(head, "jawOpen")[LOST.start - 1], slice(LOST.start, LOST.stop)
    settings_of(head).cleanup.gaps = "hold"
    np.testing.assert_allclose(keys(head, "jawOpen")[lost], first, atol=1e-5)
    settings_of(head).cleanup.gap_wait = settings_of(head).cleanup.gap_ease = 0.05
    settings_of(head).cleanup.gaps = "ease"
    assert keys(head, "jawOpen")[lost].min() == pytest.approx(0.0, abs=1e-5)
    assert head.armature.ddfa.problem == ""


def test_smoothing_changes_its_group_alone(head):
    before = {name: keys(head, name) for name in ("jawOpen", "browInnerUp", "eyeBlinkLeft")}
    settings_of(head).cleanup.keep_peaks = 0.0
    settings_of(head).cleanup.smooth_brows = 0.5
    assert np.abs(keys(head, "browInnerUp") - before["browInnerUp"]).max() > 1e-3
    for name in ("jawOpen", "eyeBlinkLeft"):
        np.testing.assert_array_equal(keys(head, name), before[name])


def test_a_spike_is_taken_out(head, monkeypatch):
    solutions = support.module("ddfa_blender.solutions")
    original = solutions.solve

    def with_spike(*arguments):
        solution = original(*arguments)
        solution.arkit[40, 24] = 1.0 - solution.arkit[40, 24]  # jawOpen
        solution.arkit[40, 26:50] = 1.0 - solution.arkit[40, 26:50]
        return solution

    monkeypatch.setattr(solutions, "solve", with_spike)
    settings_of(head).cleanup.min_confidence = 0.31
    jumped = keys(head, "jawOpen")
    settings_of(head).cleanup.spike_threshold = 3.0
    settings_of(head).cleanup.use_spikes = True
    cleaned = keys(head, "jawOpen")
    assert np.flatnonzero(np.abs(cleaned - jumped) > 1e-6).tolist() == [40]
    assert cleaned[40] == pytest.approx((cleaned[39] + cleaned[41]) / 2.0, abs=1e-5)
    assert support.module("scene.repairs").spike_frames(bpy.context.scene, head.armature) == [41]


@pytest.mark.parametrize(
    ("frames", "text"),
    [
        (None, None),
        ([], "No spike was found"),
        ([7], "Bridged frame 7"),
        ([7, 9], "Bridged 2 frames: 7, 9"),
        (list(range(1, 10)), "Bridged 9 frames: 1, 2, 3, 4, 5, 6, …"),
    ],
)
def test_bridged_frames_are_told(frames, text):
    assert support.module("scene.repairs").spike_text(frames) == text


def test_without_spike_removal_or_a_head_nothing_is_told(head):
    repairs, scene = support.module("scene.repairs"), bpy.context.scene
    assert repairs.spike_frames(scene, head.armature) is None
    assert repairs.spike_frames(scene, None) is None
    settings_of(head).cleanup.use_spikes = True
    assert repairs.spike_frames(scene, head.armature) == []
    head.armature.ddfa.take = "//gone.npz"
    assert repairs.spike_frames(scene, head.armature) is None


def test_channels_are_listed_once_and_keep_their_gains():
    cleanup = bpy.context.scene.ddfa.settings.cleanup
    assert len(cleanup.channel_gains) == 0
    cleanup.list_channels()
    cleanup.channel_gains["mouthPucker"].gain = 0.5
    cleanup.list_channels()
    names = support.module("ddfa_blender.names")
    assert tuple(cleanup.channel_gains.keys()) == (*names.EXPRESSION_NAMES, *names.ARKIT_NAMES)
    assert cleanup.channel_gains["mouthPucker"].gain == 0.5


def test_a_channels_gain_bakes_at_once_and_can_be_reset(head):
    cleanup = settings_of(head).cleanup
    before = keys(head, "jawOpen")
    cleanup.list_channels()
    np.testing.assert_array_equal(keys(head, "jawOpen"), before)
    cleanup.channel_gains["jawOpen"].gain = 0.5
    cleanup.gain_mouth = 0.5
    np.testing.assert_allclose(keys(head, "jawOpen"), 0.25 * before, atol=1e-6)
    assert bpy.ops.ddfa.reset_gains() == {"FINISHED"}
    np.testing.assert_allclose(keys(head, "jawOpen"), before, atol=1e-6)
    assert cleanup.gain_mouth == cleanup.channel_gains["jawOpen"].gain == 1.0


def test_gains_are_copied_with_the_other_settings(head):
    settings_of(head).cleanup.list_channels()
    settings_of(head).cleanup.channel_gains["jawOpen"].gain = 0.5
    support.module("scene.properties").copy_values(settings_of(head), bpy.context.scene.ddfa.settings)
    assert dict(bpy.context.scene.ddfa.settings.clean_up().gains.channels) == {"jawOpen": 0.5}


def test_gains_can_be_reset_for_the_next_head_too():
    cleanup = bpy.context.scene.ddfa.settings.cleanup
    cleanup.gain_eyes = 2.0
    assert bpy.ops.ddfa.reset_gains() == {"FINISHED"}
    assert cleanup.gain_eyes == 1.0 and len(cleanup.channel_gains) == 62


def test_the_current_frame_becomes_neutral(head):
    settings_of(head).timing.frame_start = 101
    before = keys(head, "browInnerUp")
    bpy.context.scene.frame_set(101 + 45)
    assert bpy.ops.ddfa.neutral_from_frame() == {"FINISHED"}
    neutral = settings_of(head).neutral
    assert neutral.neutral_mode == "time" and neutral.neutral_time == pytest.approx(1.5)
    level = np.median(before[42:49])
    np.testing.assert_allclose(
        keys(head, "browInnerUp"), np.clip((before - level) / (1.0 - level), 0.0, 1.0), atol=1e-4
    )


@pytest.mark.parametrize("preview", [False, True])
def test_the_frame_range_becomes_neutral(head, preview):
    scene = bpy.context.scene
    settings_of(head).timing.set_scene_range = False
    scene.frame_start, scene.frame_end = 1 + 40, 1 + 50
    if preview:
        scene.use_preview_range = True
        scene.frame_preview_start, scene.frame_preview_end = 1 + 35, 1 + 39
    before = keys(head, "mouthPucker")
    assert bpy.ops.ddfa.neutral_from_range() == {"FINISHED"}
    level = np.median(before[35:40] if preview else before[40:51])
    np.testing.assert_allclose(
        keys(head, "mouthPucker"), np.clip((before - level) / (1.0 - level), 0.0, 1.0), atol=1e-4
    )


def test_a_frame_without_a_face_is_no_neutral_one_and_changes_nothing(head):
    before = keys(head, "browInnerUp")
    settings_of(head).neutral.neutral_time = 0.25
    bpy.context.scene.frame_set(1 + 25)
    with pytest.raises(RuntimeError, match="not seen between"):
        bpy.ops.ddfa.neutral_from_frame()
    neutral = settings_of(head).neutral
    assert neutral.neutral_mode == "off" and neutral.neutral_time == pytest.approx(0.25)
    np.testing.assert_array_equal(keys(head, "browInnerUp"), before)


def test_an_impossible_neutral_face_is_told_and_the_animation_stays(head):
    before = keys(head, "browInnerUp")
    settings_of(head).neutral.neutral_time = 20.0
    settings_of(head).neutral.neutral_mode = "time"
    assert "not seen between" in head.armature.ddfa.problem
    np.testing.assert_array_equal(keys(head, "browInnerUp"), before)
    settings_of(head).neutral.neutral_mode = "automatic"
    assert head.armature.ddfa.problem == ""


def test_without_a_head_the_buttons_are_grey():
    assert not bpy.ops.ddfa.neutral_from_frame.poll() and not bpy.ops.ddfa.neutral_from_range.poll()
    reason = support.module("operators.neutral").disabled_reason(bpy.context)
    assert reason == "Capture some footage first, or choose a captured head"
