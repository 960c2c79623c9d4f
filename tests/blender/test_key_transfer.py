# SPDX-License-Identifier: GPL-3.0-or-later
"""Heads without shape keys: the real fit once, then what becomes of meshes around a made-up one."""

from __future__ import annotations

import threading

import bpy
import characters
import numpy as np
import pytest
import support


@pytest.fixture
def settings():
    return bpy.context.scene.ddfa.retarget


@pytest.fixture
def arkit_names():
    return support.module("ddfa_blender.names").ARKIT_NAMES


class MadeUp:
    """Stands for the fit: each expression lifts the vertex of its own number by 1 in the world."""

    def __init__(self):
        self.asked = []  # mesh, landmarks, eyes_and_teeth
        self.steps = 1
        self.error = None
        self.threads = []

    def __call__(self, _model, mesh, landmarks, *, eyes_and_teeth, progress, cancelled):
        self.asked.append((mesh, landmarks, eyes_and_teeth))
        self.threads.append(threading.current_thread())
        for step in range(self.steps):
            if cancelled():
                raise support.module("ddfa_blender.errors").CaptureCancelled
            progress((step + 1) / self.steps)
        if self.error is not None:
            raise self.error
        deltas = np.zeros((52, len(mesh.vertices), 3))
        for i in range(min(52, len(mesh.vertices))):
            deltas[i, i, 2] = 1.0
        quality = support.module("ddfa_blender.retarget.transfer.quality").Quality(
            0.5, 2.0, (("chin", 1.5), ("nose", 0.25))
        )
        return support.module("ddfa_blender.retarget.transfer.transfer").Transferred(deltas, quality, {}, ())


@pytest.fixture
def made_up(monkeypatch):
    """The fit is not done but made up."""
    fake = MadeUp()
    monkeypatch.setattr(support.module("operators.key_transfer_task"), "transfer", fake)
    return fake


@pytest.fixture
def modal(monkeypatch, made_up):
    """The modal operator started by hand: no window exists here to send it events."""
    keys = support.module("operators.key_transfer")
    operator = support.by_hand(keys.DDFA_OT_make_keys)
    monkeypatch.setattr(keys, "is_interactive", lambda context: True)
    context = support.WindowContext()
    grid("Face")
    context.selected_objects = bpy.context.selected_objects
    yield operator, context, made_up
    support.stop_job(context)


def grid(name, count=60):
    """A strip of triangles with ``count`` vertices, selected."""
    data = bpy.data.meshes.new(name)
    points = [(0.1 * (i // 2), 0.0, 0.1 * (i % 2)) for i in range(count)]
    data.from_pydata(points, [], [(i, i + 1, i + 2) for i in range(count - 2)])
    obj = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(obj)
    select(obj)
    return obj


def select(*objects):
    for obj in bpy.context.scene.objects:
        obj.select_set(obj in objects)
    bpy.context.view_layer.objects.active = objects[0]


def reason():
    return support.module("scene.key_transfer").disabled_reason(bpy.context)


def test_a_remeshed_head_in_two_objects_gets_keys_that_work(settings, arkit_names):
    face, eyes, truth = _other_head()
    select(face, eyes)
    assert bpy.ops.ddfa.make_keys() == {"FINISHED"}
    keys = face.data.shape_keys.key_blocks
    assert keys.keys() == ["Basis", *(name for name in arkit_names if name != "tongueOut")]
    for name in ("jawOpen", "mouthSmileLeft", "mouthPucker"):
        got = _points(keys[name].data) - _points(keys["Basis"].data)
        wanted = truth(name)
        assert np.linalg.norm(got - wanted, axis=1).sum() < 0.4 * np.linalg.norm(wanted, axis=1).sum(), name
    assert set(eyes.data.shape_keys.key_blocks.keys()[1:]) == {
        name for name in arkit_names if name.startswith("eyeLook")
    }
    fit = support.module("scene.key_transfer").fit_of(bpy.context.scene)
    assert 0.0 < fit.mean_distance < 0.5 and fit.worst_parts


def _other_head():
    """The bundled model's head of another actor, thinned by Blender, turned, in centimetres; and what really moves."""
    model = support.module("ddfa_blender.morphable_model").MorphableModel.load()
    axes = support.module("scene.axes")
    names = support.module("ddfa_blender.names")
    identity = np.random.default_rng(11).normal(0.0, 0.8, 40)
    neutral = model.vertices(identity).astype(np.float64)
    objects = []
    for name, regions in (("Face", ["skin"]), ("Eyes", ["eye_left", "eye_right"])):
        wanted = np.isin(model.quad_regions, [names.REGION_NAMES.index(region) for region in regions])
        used = np.unique(model.quads[wanted])
        data = bpy.data.meshes.new(name)
        data.from_pydata(
            (100.0 * axes.positions(neutral[used])).tolist(), [], np.searchsorted(used, model.quads[wanted]).tolist()
        )
        obj = bpy.data.objects.new(name, data)
        bpy.context.scene.collection.objects.link(obj)
        obj.rotation_euler, obj.location = (0.1, -0.2, 0.6), (30.0, 0.0, 150.0)
        objects.append((obj, used))
    (face, used), (eyes, _) = objects
    # The deltas ride along as colours would: each vertex of the thinned mesh knows what its own place does.
    for name in names.ARKIT_NAMES:
        delta = 100.0 * axes.positions(model.arkit_basis[names.ARKIT_NAMES.index(name)][used])
        face.data.attributes.new(name, "FLOAT_VECTOR", "POINT").data.foreach_set("vector", delta.astype("f4").ravel())
    modifier = face.modifiers.new("Thin", "DECIMATE")
    modifier.ratio = 0.6
    select(face)
    bpy.ops.object.modifier_apply(modifier="Thin")
    assert 1500 < len(face.data.vertices) < 4000

    def truth(name):
        values = np.empty(3 * len(face.data.vertices), dtype=np.float32)
        face.data.attributes[name].data.foreach_get("vector", values)
        return values.reshape(-1, 3)

    return face, eyes, truth


def _points(data):
    values = np.empty(3 * len(data), dtype=np.float32)
    data.foreach_get("co", values)
    return values.reshape(-1, 3)


def test_the_preview_shows_one_expression_at_a_time(made_up, settings, arkit_names):
    face = grid("Face")
    bpy.ops.ddfa.make_keys()
    keys = face.data.shape_keys.key_blocks
    assert {k.name: k.value for k in keys[1:] if k.value} == {"jawOpen": 1.0}
    settings.shown_expression, settings.shown_strength = "mouthFunnel", 0.5
    assert {k.name: k.value for k in keys[1:] if k.value} == {"mouthFunnel": 0.5}
    assert "chin 1.5 %" in face.ddfa.fitted_keys.worst_parts
    assert not bpy.ops.ddfa.make_keys.poll()


def test_discarded_nothing_is_left(made_up):
    face = grid("Face")
    before = support.data_names()
    bpy.ops.ddfa.make_keys()
    assert support.data_names() != before
    assert bpy.ops.ddfa.discard_keys() == {"FINISHED"}
    assert face.data.shape_keys is None and support.data_names() == before
    assert not bpy.ops.ddfa.keep_keys.poll() and bpy.ops.ddfa.make_keys.poll()


def test_discarded_the_users_own_keys_stay(made_up):
    face = grid("Face")
    face.shape_key_add(name="Basis")
    own = face.shape_key_add(name="Fat")
    own.data[3].co.y, own.value = 5.0, 0.75
    bpy.ops.ddfa.make_keys()
    assert len(face.data.shape_keys.key_blocks) == 54
    assert face.data.shape_keys.key_blocks["jawOpen"].data[3].co.y == 0.0
    bpy.ops.ddfa.discard_keys()
    assert face.data.shape_keys.key_blocks.keys() == ["Basis", "Fat"]
    assert face.data.shape_keys.key_blocks["Fat"].value == 0.75


def test_kept_they_are_the_characters_and_mapped(made_up, settings):
    rig = characters.rig("Hero", characters.RIGIFY_META)
    face = grid("Face")
    face.modifiers.new("Armature", "ARMATURE").object = rig
    bpy.ops.ddfa.place_landmarks()
    bpy.ops.ddfa.make_keys()
    assert bpy.ops.ddfa.keep_keys() == {"FINISHED"}
    assert settings.character == rig and [item.mesh for item in settings.face_meshes] == [face]
    assert sum(bool(target.sources) for target in settings.targets) == 52
    assert not any(key.value for key in face.data.shape_keys.key_blocks[1:])
    assert "are kept" in reason()
    assert not [obj for obj in bpy.context.scene.objects if obj.type == "EMPTY"]


def test_kept_they_are_mapped_without_an_armature_that_is_not_there(made_up, settings):
    rig, face = characters.rig("Hero", characters.RIGIFY_META), grid("Face")
    face.modifiers.new("Armature", "ARMATURE").object = rig
    bpy.ops.ddfa.make_keys()
    bpy.context.scene.collection.objects.unlink(rig)
    assert bpy.ops.ddfa.keep_keys() == {"FINISHED"}
    assert settings.character is None and [item.mesh for item in settings.face_meshes] == [face]
    assert sum(bool(target.sources) for target in settings.targets) == 52


def test_deltas_arrive_in_the_objects_own_axes(made_up):
    face = grid("Face")
    face.rotation_euler, face.scale, face.location = (1.2, 0.3, -0.5), (2.0, 2.0, 2.0), (1.0, 2.0, 3.0)
    bpy.context.view_layer.update()
    bpy.ops.ddfa.make_keys()
    key = face.data.shape_keys.key_blocks["jawOpen"]
    index = support.module("ddfa_blender.names").ARKIT_NAMES.index("jawOpen")
    moved = face.matrix_world @ key.data[index].co - face.matrix_world @ face.data.vertices[index].co
    np.testing.assert_allclose(moved, (0.0, 0.0, 1.0), atol=1e-5)
    ((mesh, _, _),) = made_up.asked
    np.testing.assert_allclose(mesh.vertices[7], face.matrix_world @ face.data.vertices[7].co, atol=1e-5)


def test_only_what_the_head_bone_holds_is_searched(made_up, settings):
    rig = characters.rig("Hero", characters.RIGIFY_META)
    body = grid("Body")
    body.modifiers.new("Armature", "ARMATURE").object = rig
    body.vertex_groups.new(name="spine").add(range(60), 1.0, "REPLACE")
    body.vertex_groups.new(name="spine.006").add(range(20), 1.0, "REPLACE")
    settings.character = rig
    bpy.ops.ddfa.make_keys()
    ((mesh, _, _),) = made_up.asked
    assert np.flatnonzero(mesh.head).tolist() == list(range(20))


def test_landmarks_tell_where_the_face_is(made_up):
    grid("Face")
    assert bpy.ops.ddfa.place_landmarks() == {"FINISHED"}
    empties = {obj["ddfa_landmark"]: obj for obj in bpy.context.scene.objects if obj.type == "EMPTY"}
    assert set(empties) == {"eye_left", "eye_right", "nose_tip", "mouth_left", "mouth_right", "chin"}
    empties["chin"].location = (7.0, 8.0, 9.0)
    bpy.context.view_layer.update()
    select(bpy.data.objects["Face"])
    bpy.ops.ddfa.make_keys()
    ((_, landmarks, _),) = made_up.asked
    np.testing.assert_allclose(landmarks["chin"], (7.0, 8.0, 9.0))
    bpy.ops.ddfa.remove_landmarks()
    assert not [obj for obj in bpy.context.scene.objects if obj.type == "EMPTY"]


def test_eyes_can_be_left_to_bones(made_up, settings):
    grid("Face")
    settings.use_eyes = False
    bpy.ops.ddfa.make_keys()
    assert made_up.asked[0][2] is False


def test_what_cannot_have_keys_is_refused_with_a_reason():
    assert "Select the meshes" in reason()
    face = grid("Face")
    assert reason() is None
    other = bpy.data.objects.new("Twin", face.data)
    assert "single-user" in reason()
    bpy.data.objects.remove(other)
    modifier = face.modifiers.new("Mirror", "MIRROR")
    assert "Mirror" in reason()
    face.modifiers.remove(modifier)
    face.modifiers.new("Subdivision", "SUBSURF")
    assert reason() is None
    bpy.ops.object.mode_set(mode="EDIT")
    assert "object mode" in reason()
    bpy.ops.object.mode_set(mode="OBJECT")
    face.scale = (0.0, 1.0, 1.0)
    bpy.context.view_layer.update()
    assert "scaled to nothing" in reason()
    face.scale = (1.0, 1.0, 1.0)
    bpy.context.view_layer.update()
    face.shape_key_add(name="Basis")
    face.shape_key_add(name="jawOpen")
    assert "already" in reason()
    face.data.shape_keys.key_blocks["jawOpen"].name = "mine"
    face.data.shape_keys.use_relative = False
    assert "absolute" in reason()


def test_whoever_wants_to_retarget_to_a_keyless_head_is_told_where_to_make_keys():
    grid("Face")
    assert "New Shape Keys" in support.module("operators.retarget").selection_reason(bpy.context)
    bpy.data.objects["Face"].shape_key_add(name="Basis")
    bpy.data.objects["Face"].shape_key_add(name="jawOpen")
    assert support.module("operators.retarget").selection_reason(bpy.context) is None


def test_a_linked_mesh_is_refused(tmp_path):
    face = grid("Face")
    bpy.data.libraries.write(str(tmp_path / "face.blend"), {face})
    bpy.data.objects.remove(face)
    with bpy.data.libraries.load(str(tmp_path / "face.blend"), link=True) as (_, wanted):
        wanted.objects = ["Face"]
    bpy.context.scene.collection.objects.link(wanted.objects[0])
    select(wanted.objects[0])
    assert "linked" in reason()


def test_a_plane_is_refused_and_nothing_changes():
    grid("Strip", 400)
    before = support.data_names()
    with pytest.raises(RuntimeError, match="face"):
        bpy.ops.ddfa.make_keys()
    assert support.data_names() == before


def test_modal_makes_the_keys_on_a_thread_while_blender_stays_alive(modal):
    operator, context, fake = modal
    keys, state = support.module("operators.key_transfer"), support.module("operators.state")
    face = bpy.data.objects["Face"]
    assert operator.invoke(context, support.event("LEFTMOUSE")) == {"RUNNING_MODAL"}
    assert keys.is_fitting() and not bpy.ops.ddfa.make_keys.poll() and not bpy.ops.ddfa.keep_keys.poll()
    assert operator.modal(context, support.event("MOUSEMOVE")) == {"PASS_THROUGH"}
    assert operator._job.wait(10.0)
    assert face.data.shape_keys is None  # nothing is written but by the main thread
    assert keys.progress() == (1.0, "Fitting the head, 100 %")
    assert operator.modal(context, support.event("TIMER")) == {"FINISHED"}
    assert fake.threads == [thread for thread in fake.threads if thread is not threading.main_thread()]
    assert len(face.data.shape_keys.key_blocks) == 53 and face.ddfa.fitted_keys.is_preview
    assert context.timers == [] and not keys.is_fitting() and state.message.startswith("Made 52 shape keys")


@pytest.mark.parametrize("button", [False, True])
def test_modal_cancelled_leaves_the_mesh_exactly_as_it_was(modal, button):
    operator, context, fake = modal
    fake.steps = 10**9
    face = bpy.data.objects["Face"]
    face.shape_key_add(name="Basis")
    face.shape_key_add(name="Fat").value = 0.75
    before = support.data_names()
    operator.invoke(context, support.event("LEFTMOUSE"))
    assert operator.modal(context, support.event("TIMER")) == {"PASS_THROUGH"}
    if button:
        assert bpy.ops.ddfa.cancel_capture() == {"FINISHED"}
    else:
        assert operator.modal(context, support.event("ESC", "PRESS")) == {"RUNNING_MODAL"}
    assert support.module("operators.key_transfer").progress()[1] == "Cancelling…"
    assert operator._job.wait(10.0)
    assert operator.modal(context, support.event("TIMER")) == {"CANCELLED"}
    assert support.data_names() == before and face.data.shape_keys.key_blocks.keys() == ["Basis", "Fat"]
    assert face.data.shape_keys.key_blocks["Fat"].value == 0.75 and not face.ddfa.fitted_keys.is_preview
    assert context.timers == [] and operator.reports == [({"INFO"}, "Cancelled; no shape keys were made")]


def test_modal_error_is_shown_in_the_panel(modal):
    operator, context, fake = modal
    fake.error = support.module("ddfa_blender.errors").CaptureError("No face was found in this mesh; choose another.")
    before = support.data_names()
    operator.invoke(context, support.event("LEFTMOUSE"))
    assert operator._job.wait(10.0)
    assert operator.modal(context, support.event("TIMER")) == {"CANCELLED"}
    state = support.module("operators.state")
    assert state.failed and state.message == "No face was found in this mesh; choose another."
    assert support.data_names() == before and context.timers == []


def test_modal_ended_by_blender_stops_the_thread_and_the_timer(modal):
    operator, context, fake = modal
    fake.steps = 10**9
    operator.invoke(context, support.event("LEFTMOUSE"))
    operator.cancel(context)
    assert operator._job.done and context.timers == [] and support.module("operators.state").job is None


def removed(face):
    bpy.data.objects.remove(face)


def edited(face):
    face.data.vertices[0].co.x += 1.0


def emptied(face):
    face.data.clear_geometry()


def keyed(face):
    face.shape_key_add(name="Basis")
    face.shape_key_add(name="jawOpen")


@pytest.mark.parametrize(
    ("change", "told"), [(removed, "is gone"), (edited, "was changed"), (emptied, "was changed"), (keyed, "already")]
)
def test_modal_result_for_a_mesh_that_is_not_the_same_any_more_is_one_sentence(modal, change, told):
    operator, context, _ = modal
    other = grid("Eyes")
    bpy.data.objects["Face"].select_set(True)
    context.selected_objects = bpy.context.selected_objects
    operator.invoke(context, support.event("LEFTMOUSE"))
    assert operator._job.wait(10.0)
    change(bpy.data.objects["Face"])
    assert operator.modal(context, support.event("TIMER")) == {"CANCELLED"}
    assert any(told in text for kinds, text in operator.reports if kinds == {"ERROR"})
    assert other.data.shape_keys is None and not other.ddfa.fitted_keys.is_preview  # all of them or none


def test_modal_result_goes_on_a_mesh_that_was_renamed_moved_and_deselected(modal):
    operator, context, _ = modal
    face = bpy.data.objects["Face"]
    operator.invoke(context, support.event("LEFTMOUSE"))
    face.name, face.scale = "Someone", (2.0, 2.0, 2.0)
    face.select_set(False)
    bpy.context.view_layer.update()
    assert operator._job.wait(10.0)
    assert operator.modal(context, support.event("TIMER")) == {"FINISHED"}
    # The object was as large as the world when it was looked at.
    assert face.data.shape_keys.key_blocks["browDownLeft"].data[0].co.z == pytest.approx(1.0)


def test_a_failure_while_the_keys_are_added_takes_all_of_them_away(made_up, monkeypatch):
    keys = support.module("scene.key_transfer")
    first, second = grid("A"), grid("B")
    first.select_set(True)
    real, before = keys._add_keys, support.data_names()

    def failing(mesh, *arguments):
        real(mesh, *arguments)
        if mesh == second:
            raise MemoryError

    monkeypatch.setattr(keys, "_add_keys", failing)
    with pytest.raises(RuntimeError, match="MemoryError"):
        bpy.ops.ddfa.make_keys()
    assert support.data_names() == before
    assert first.data.shape_keys is None and second.data.shape_keys is None
