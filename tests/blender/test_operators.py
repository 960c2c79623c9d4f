# SPDX-License-Identifier: GPL-3.0-or-later
"""The operators, run as scripts and the interface run them; the core is replaced by a made-up capture."""

from __future__ import annotations

import types
from pathlib import Path

import bpy
import numpy as np
import pytest
import support


@pytest.fixture
def footage(tmp_path):
    """A file that exists, with a space and letters beyond ASCII in its path."""
    folder = tmp_path / "Ünsere Aufnahmen"
    folder.mkdir()
    file = folder / "Größe 名.mp4"
    file.write_bytes(b"not looked at")
    bpy.context.scene.ddfa.footage.video = str(file)
    return file


@pytest.fixture
def task():
    return support.module("operators.task")


@pytest.fixture
def fake_core(monkeypatch, task, model):
    """The task gives a made-up performance; ``fake_core.calls`` are the tasks that ran."""
    fake = types.SimpleNamespace(calls=[], performance=support.performance(), error=None, frames=24)
    take_library = support.module("ddfa_blender.take_library")

    def run(self, progress, cancelled):
        fake.calls.append(self)
        for done in range(fake.frames):
            if cancelled():
                raise support.module("ddfa_blender.errors").CaptureCancelled
            progress(done + 1, fake.frames)
        if fake.error is not None:
            raise fake.error
        file = take_library.save_new(support.take(), self.takes, self.video.stem)
        return task.Captured(file, model, fake.performance)

    monkeypatch.setattr(task.CaptureTask, "__call__", run)
    return fake


def run_failing(operator, **arguments):
    """The one sentence an operator stops with, as a script sees it."""
    with pytest.raises(RuntimeError) as caught:
        operator(**arguments)
    lines = [line for line in str(caught.value).splitlines() if line.strip() and not line.startswith("Location")]
    assert len(lines) == 1, caught.value
    return lines[0].removeprefix("Error: ")


def test_enabling_loads_neither_opencv_nor_onnxruntime(modules_after_enabling):
    assert not {"cv2", "onnxruntime"} & {name.partition(".")[0] for name in modules_after_enabling}
    assert f"{support.PACKAGE}.operators.capture" in modules_after_enabling


def test_disabling_and_enabling_again_leaves_no_trace():
    import addon_utils

    addon_utils.disable(support.PACKAGE)
    assert not hasattr(bpy.types.Scene, "ddfa")
    assert not [n for n in dir(bpy.types) if n.startswith("DDFA_")]
    support.enable_extension()
    assert bpy.context.scene.ddfa.settings.head.neck_share == pytest.approx(0.3)


def test_capture_makes_an_animated_head(footage, fake_core):
    bpy.context.scene.ddfa.settings.timing.frame_start = 5
    assert bpy.ops.ddfa.capture() == {"FINISHED"}
    scene = bpy.context.scene
    head = support.module("scene.head").of_armature(scene.ddfa.head)
    assert head.armature.name == footage.stem
    assert scene.collection.children.keys() == [footage.stem]
    assert support.module("scene.actions").frame_range(head.armature) == (5.0, 28.0)
    message = support.module("operators.state").message
    assert message == "Captured 24 frames, 3 of them without a visible face (filled in)"


def test_the_settings_reach_the_core(footage, fake_core):
    part, cleanup = bpy.context.scene.ddfa.footage, bpy.context.scene.ddfa.settings.cleanup
    part.clip_start, part.use_clip_end, part.clip_end = 1.5, True, 3.0
    cleanup.gaps, cleanup.smooth_eyes, cleanup.min_confidence = "hold", 0.25, 0.5
    bpy.ops.ddfa.capture()
    (call,) = fake_core.calls
    assert call.video == footage
    assert (call.capture.start, call.capture.end) == pytest.approx((1.5, 3.0), abs=1e-3)
    assert call.clean.gaps.mode == "hold" and call.solve.min_confidence == 0.5
    assert call.clean.smoothing.eyes == 0.25 and call.clean.smoothing.head == 0.0


def test_the_take_goes_to_the_extensions_own_folder(footage, fake_core):
    bpy.ops.ddfa.capture()
    own = Path(bpy.utils.extension_path_user(support.PACKAGE, path="takes"))
    armature = bpy.context.scene.ddfa.head
    assert armature.ddfa.take == f"{footage.stem}.npz"
    assert support.module("scene.takes").of_head(armature) == own / f"{footage.stem}.npz"
    assert (own / f"{footage.stem}.npz").is_file()


def test_the_same_footage_twice_leaves_the_first_heads_take_alone(footage, fake_core):
    takes = support.module("scene.takes")
    bpy.ops.ddfa.capture()
    first = bpy.context.scene.ddfa.head
    before = takes.of_head(first).read_bytes()
    bpy.ops.ddfa.capture()
    second = bpy.context.scene.ddfa.head
    assert first != second and takes.of_head(first) != takes.of_head(second)
    assert takes.of_head(first).read_bytes() == before


def test_one_undo_takes_all_of_it_back_and_one_redo_brings_it_again(footage, fake_core):
    bpy.context.scene.frame_end = 77
    bpy.ops.ed.undo_push(message="before")
    before = support.data_names()
    bpy.ops.ddfa.capture("EXEC_DEFAULT", True)
    after = support.data_names()
    assert after != before
    bpy.ops.ed.undo()
    assert support.data_names() == before
    assert bpy.context.scene.frame_end == 77 and bpy.context.scene.ddfa.head is None
    assert support.module("operators.state").message == ""
    bpy.ops.ed.redo()
    assert support.data_names() == after
    head = support.module("scene.head").of_armature(bpy.context.scene.ddfa.head)
    bpy.context.scene.frame_set(4)
    expected = fake_core.performance.expression[3, 0]
    assert head.mesh.data.shape_keys.key_blocks["Expression 01"].value == pytest.approx(expected, abs=1e-5)


def test_a_second_capture_stands_beside_the_first_and_is_one_undo(footage, fake_core):
    bpy.ops.ddfa.capture("EXEC_DEFAULT", True)
    first = bpy.context.scene.ddfa.head
    bpy.ops.ed.undo_push(message="before")
    before, name = support.data_names(), first.name
    bpy.ops.ddfa.capture("EXEC_DEFAULT", True)
    second = bpy.context.scene.ddfa.head
    assert tuple(bpy.data.objects[name].location) == (0.0, 0.0, 0.0) and second.location.x > 0.05
    bpy.ops.ed.undo()
    assert support.data_names() == before and bpy.context.scene.ddfa.head == bpy.data.objects[name]
    assert tuple(bpy.data.objects[name].location) == (0.0, 0.0, 0.0)


def test_without_footage_the_button_is_grey_and_says_why():
    capture, export = support.module("operators.capture"), support.module("operators.export")
    assert capture.disabled_reason(bpy.context) == "Pick the footage first"
    assert not bpy.ops.ddfa.capture.poll()
    assert "Pick the footage first" in run_failing(bpy.ops.ddfa.capture)
    assert "Capture some footage first" in export.disabled_reason(bpy.context)
    assert not bpy.ops.ddfa.export_fbx.poll()


def test_a_missing_file_is_one_sentence_and_nothing_is_left(tmp_path, fake_core):
    bpy.context.scene.ddfa.footage.video = str(tmp_path / "gone.mp4")
    before = support.data_names()
    assert "gone.mp4; check the path." in run_failing(bpy.ops.ddfa.capture)
    assert support.data_names() == before and fake_core.calls == []


def test_an_out_point_before_the_in_point_is_one_sentence(footage, fake_core):
    settings = bpy.context.scene.ddfa.footage
    settings.clip_start, settings.use_clip_end, settings.clip_end = 3.0, True, 1.0
    assert "out point" in run_failing(bpy.ops.ddfa.capture)
    assert fake_core.calls == []


def test_an_error_of_the_core_is_shown_and_leaves_the_file_as_it_was(footage, fake_core, errors):
    fake_core.error = errors.CaptureError("No face was found in it; use other footage.")
    before, end = support.data_names(), bpy.context.scene.frame_end
    assert run_failing(bpy.ops.ddfa.capture) == "No face was found in it; use other footage."
    assert support.data_names() == before and bpy.context.scene.frame_end == end
    state = support.module("operators.state")
    assert state.message == "No face was found in it; use other footage." and state.failed


def test_a_path_relative_to_the_blend_file_is_understood(footage, fake_core):
    bpy.ops.wm.save_as_mainfile(filepath=str(footage.parent / "scene.blend"))
    bpy.context.scene.ddfa.footage.video = f"//{footage.name}"
    bpy.ops.ddfa.capture()
    assert fake_core.calls[0].video == footage


@pytest.fixture
def modal(monkeypatch, footage, fake_core):
    """The modal operator started by hand: no window exists here to send it events."""
    capture = support.module("operators.capture")
    operator = support.by_hand(capture.DDFA_OT_capture)
    monkeypatch.setattr(capture, "is_interactive", lambda context: True)
    context = support.WindowContext()
    yield operator, context, fake_core
    support.stop_job(context)


def test_modal_writes_the_result_once_and_lets_other_events_pass(modal):
    operator, context, _ = modal
    assert operator.invoke(context, support.event("LEFTMOUSE")) == {"RUNNING_MODAL"}
    assert "running" in support.module("operators.capture").disabled_reason(context)
    assert operator.modal(context, support.event("MOUSEMOVE")) == {"PASS_THROUGH"}
    assert bpy.data.actions.keys() == []
    assert operator._job.wait(10.0)
    assert operator.modal(context, support.event("TIMER")) == {"FINISHED"}
    assert context.timers == [] and support.module("operators.state").job is None
    assert support.module("scene.head").of_armature(bpy.context.scene.ddfa.head) is not None


@pytest.mark.parametrize("is_second", [False, True], ids=["first head", "second head"])
def test_a_new_head_is_animated_with_the_settings_that_it_shows(modal, model, monkeypatch, is_second):
    """Nothing keeps anybody from moving sliders while a capture runs."""
    operator, context, _ = modal
    monkeypatch.setattr(support.module("ddfa_blender.solutions"), "_bundled", lambda: model)
    if is_second:
        bpy.ops.ddfa.capture()
    operator.invoke(context, support.event("LEFTMOUSE"))
    settings = support.module("scene.properties").current(bpy.context.scene)
    settings.cleanup.gain_mouth, settings.cleanup.gain_head, settings.cleanup.min_confidence = 0.1, 0.5, 0.6
    assert operator._job.wait(10.0)
    assert operator.modal(context, support.event("TIMER")) == {"FINISHED"}
    armature = bpy.context.scene.ddfa.head
    own = armature.ddfa.settings.cleanup
    assert (own.gain_mouth, own.gain_head) == pytest.approx((0.1, 0.5))
    before = _all_keys(armature)
    assert bpy.ops.ddfa.bake_again() == {"FINISHED"}
    assert len(before) > 50 and before == _all_keys(armature)


def _all_keys(armature):
    """The keys of every curve of a head, by what and which they animate."""
    actions, head = support.module("scene.actions"), support.module("scene.head").of_armature(armature)
    found = {}
    for block in (head.armature, head.mesh.data.shape_keys):
        for curve in actions.curves(block):
            found[block.name, curve.data_path, curve.array_index] = actions.keys(curve).tolist()
    return found


def test_modal_esc_leaves_the_file_exactly_as_it_was(modal):
    operator, context, fake = modal
    fake.frames = 10**9
    before = support.data_names()
    operator.invoke(context, support.event("LEFTMOUSE"))
    assert operator.modal(context, support.event("TIMER")) == {"PASS_THROUGH"}
    assert operator.modal(context, support.event("ESC", "PRESS")) == {"RUNNING_MODAL"}
    assert operator._job.wait(10.0)
    assert operator.modal(context, support.event("TIMER")) == {"CANCELLED"}
    assert support.data_names() == before
    assert context.timers == [] and support.module("operators.state").job is None


def test_modal_esc_counts_to_the_last_moment(modal):
    operator, context, _ = modal
    before = support.data_names()
    operator.invoke(context, support.event("LEFTMOUSE"))
    assert operator._job.wait(10.0)
    operator.modal(context, support.event("ESC", "PRESS"))
    assert operator.modal(context, support.event("TIMER")) == {"CANCELLED"}
    assert support.data_names() == before and context.timers == []


def test_modal_waits_for_a_render_before_it_writes(modal, monkeypatch):
    operator, context, _ = modal
    state, before = support.module("operators.state"), support.data_names()
    rendering = [True]
    monkeypatch.setattr(state, "is_rendering", lambda: rendering[0])
    operator.invoke(context, support.event("LEFTMOUSE"))
    assert operator._job.wait(10.0)
    assert operator.modal(context, support.event("TIMER")) == {"PASS_THROUGH"}
    assert state.progress_text() == "Waiting for the render's end…" and support.data_names() == before
    rendering[0] = False
    assert operator.modal(context, support.event("TIMER")) == {"FINISHED"}
    assert bpy.context.scene.ddfa.head is not None


def test_modal_can_be_cancelled_while_it_waits_for_a_render(modal, monkeypatch):
    operator, context, _ = modal
    before = support.data_names()
    monkeypatch.setattr(support.module("operators.state"), "is_rendering", lambda: True)
    operator.invoke(context, support.event("LEFTMOUSE"))
    assert operator._job.wait(10.0)
    operator.modal(context, support.event("TIMER"))
    support.module("operators.state").job.cancel()  # the button beside the bar
    assert operator.modal(context, support.event("TIMER")) == {"CANCELLED"}
    assert support.data_names() == before


def test_after_the_last_frame_the_bar_tells_what_is_done(modal, fake_core):
    operator, context, _ = modal
    operator.invoke(context, support.event("LEFTMOUSE"))
    assert operator._job.wait(10.0)
    assert support.module("operators.state").progress_text() == "Making the animation…"


def test_modal_error_is_reported_and_ends_cleanly(modal, errors):
    operator, context, fake = modal
    fake.error = errors.CaptureError("It is no video; pick another.")
    operator.invoke(context, support.event("LEFTMOUSE"))
    assert operator._job.wait(10.0)
    assert operator.modal(context, support.event("TIMER")) == {"CANCELLED"}
    assert ({"ERROR"}, "It is no video; pick another.") in operator.reports
    assert context.timers == [] and support.module("operators.state").job is None


def test_a_thread_that_cannot_be_started_leaves_nothing_running(modal, monkeypatch):
    operator, context, _ = modal

    def refuse(_job):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(support.module("operators.job").Job, "start", refuse)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        operator.invoke(context, support.event("LEFTMOUSE"))
    state = support.module("operators.state")
    assert state.job is None and state.busy_reason() is None and context.timers == []


def test_modal_ended_by_blender_stops_the_thread_and_the_timer(modal):
    operator, context, fake = modal
    fake.frames = 10**9
    operator.invoke(context, support.event("LEFTMOUSE"))
    job = operator._job
    operator.cancel(context)
    assert job.wait(10.0)
    assert context.timers == [] and support.module("operators.state").job is None


def test_disabling_while_a_capture_runs_stops_it(modal):
    operator, context, fake = modal
    fake.frames = 10**9
    operator.invoke(context, support.event("LEFTMOUSE"))
    job, operators = operator._job, support.module("operators")
    with bpy.context.temp_override():
        support.module("operators.state").timer = None  # it belongs to the made-up window
        operators.unregister()
    assert job.done and support.module("operators.state").job is None
    operators.register()
    assert operator.modal(context, support.event("TIMER")) == {"CANCELLED"}


def test_disabling_does_not_wait_for_a_stuck_decoder_for_ever(monkeypatch):
    state, operators = support.module("operators.state"), support.module("operators")
    waited = []
    stuck = types.SimpleNamespace(cancel=lambda: None, wait=waited.append)
    monkeypatch.setattr(state, "job", stuck)
    operators.unregister()
    assert state.job is None and waited == [support.module("operators.modal_job")._STOP_SECONDS]
    operators.register()


def test_export_writes_the_captured_head(footage, fake_core, tmp_path):
    bpy.ops.ddfa.capture()
    assert bpy.ops.ddfa.export_fbx(filepath=str(tmp_path / "mit Leerzeichen ü.fbx")) == {"FINISHED"}
    assert (tmp_path / "mit Leerzeichen ü.fbx").read_bytes().startswith(b"Kaydara FBX Binary")


def test_export_to_a_missing_folder_is_one_sentence(footage, fake_core, tmp_path):
    bpy.ops.ddfa.capture()
    message = run_failing(bpy.ops.ddfa.export_fbx, filepath=str(tmp_path / "missing" / "take.fbx"))
    assert "does not exist" in message
    assert not (tmp_path / "missing").exists()


def test_a_deleted_head_cannot_be_exported(footage, fake_core):
    bpy.ops.ddfa.capture()
    bpy.data.objects.remove(support.module("scene.head").of_armature(bpy.context.scene.ddfa.head).mesh)
    assert support.module("operators.export").disabled_reason(bpy.context) is not None


def test_a_one_frame_performance_is_captured(footage, fake_core):
    fake_core.performance = support.performance(count=1, tracked=np.array([True]))
    assert bpy.ops.ddfa.capture() == {"FINISHED"}
    assert support.module("operators.state").message == "Captured 1 frame"
