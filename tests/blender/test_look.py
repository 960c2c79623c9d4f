# SPDX-License-Identifier: GPL-3.0-or-later
"""The actor's texture and the position map on a captured head."""

from __future__ import annotations

import types
from pathlib import Path

import bpy
import numpy as np
import pytest
import support

CLIP = Path(__file__).resolve().parents[1] / "data" / "rendered_clip.mp4"
SIZE = 512  # the smallest that the panel offers


@pytest.fixture
def model():
    """The bundled model: textures need its skin."""
    return support.module("ddfa_blender.solutions")._bundled()


@pytest.fixture
def armature(tmp_path):
    """A head of a made-up take that names footage which exists."""
    footage = tmp_path / "clip.mp4"
    footage.write_bytes(b"no video")
    library, takes = support.module("ddfa_blender.take_library"), support.module("scene.takes")
    file = library.save_new(support.take(footage=str(footage)), takes.user_folder(), "clip")
    listed = support.module("scene.take_list")
    listed.refresh()
    listed.choose(file)
    assert bpy.ops.ddfa.head_from_take() == {"FINISHED"}
    bpy.context.scene.ddfa.look.texture_size = str(SIZE)
    return bpy.context.scene.ddfa.head


@pytest.fixture
def fake_bake(monkeypatch):
    """Baking gives this picture, or the ``error``; ``calls`` are the tasks that ran."""
    rng = np.random.default_rng(0)
    fake = types.SimpleNamespace(pixels=rng.random((SIZE, SIZE, 3), dtype=np.float32), calls=[], error=None, steps=5)

    def run(self, progress, cancelled):
        fake.calls.append(self)
        for done in range(fake.steps):
            if cancelled():
                raise support.module("ddfa_blender.errors").CaptureCancelled
            progress(done + 1, fake.steps)
        if fake.error is not None:
            raise fake.error
        return types.SimpleNamespace(pixels=fake.pixels, frames=(1, 2, 3))

    monkeypatch.setattr(support.module("operators.texture_task").TextureTask, "__call__", run)
    return fake


def skin_image(armature):
    materials = support.module("scene.materials")
    mesh = support.module("scene.head").of_armature(armature).mesh.data
    return materials.texture_of(materials.of_surface(mesh, materials.SKIN))


def pixels(image):
    values = np.empty(4 * image.size[0] * image.size[1], dtype=np.float32)
    image.pixels.foreach_get(values)
    return values.reshape(image.size[1], image.size[0], 4)


def failing(operator, **arguments):
    """The one sentence an operator stops with, as a script sees it."""
    with pytest.raises(RuntimeError) as caught:
        operator(**arguments)
    return str(caught.value)


def test_the_head_wears_the_baked_picture_and_the_old_one_is_gone(armature, fake_bake):
    before = support.data_names()
    assert bpy.ops.ddfa.bake_actor_texture() == {"FINISHED"}
    image = skin_image(armature)
    assert image.name == f"{armature.name} Actor" and tuple(image.size) == (SIZE, SIZE)
    assert image.packed_file is not None and image.colorspace_settings.name == "sRGB"
    np.testing.assert_allclose(pixels(image)[::-1, :, :3], fake_bake.pixels, atol=1.0 / 255.0)
    after = support.data_names()
    assert len(after["images"]) == len(before["images"]) and f"{armature.name} Skin" not in after["images"]
    for names in (before, after):
        del names["images"]
        names.pop("all_ids", None)  # of newer Blenders: every data-block once more
    assert after == before
    (task,) = fake_bake.calls
    assert task.size == SIZE and task.footage.name == "clip.mp4"
    assert "3 frames" in support.module("operators.state").message


def test_baking_again_replaces_the_picture_and_the_plain_skin_comes_back(armature, fake_bake):
    plain = pixels(skin_image(armature))
    bpy.ops.ddfa.bake_actor_texture()
    bpy.ops.ddfa.bake_actor_texture()
    assert [i.name for i in bpy.data.images if "Actor" in i.name] == [f"{armature.name} Actor"]
    assert bpy.ops.ddfa.wear_generated_skin() == {"FINISHED"}
    np.testing.assert_allclose(pixels(skin_image(armature)), plain, atol=1.0 / 255.0)
    assert not [i.name for i in bpy.data.images if "Actor" in i.name]


def test_the_picture_travels_in_the_blend_file_and_in_fbx(armature, fake_bake, tmp_path):
    bpy.ops.ddfa.bake_actor_texture()
    name, path = armature.name, tmp_path / "head.fbx"
    bpy.ops.ddfa.export_fbx(filepath=str(path))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    np.testing.assert_allclose(
        pixels(skin_image(bpy.context.scene.ddfa.head))[::-1, :, :3], fake_bake.pixels, atol=1.0 / 255.0
    )
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.ops.import_scene.fbx(filepath=str(path))
    nodes = bpy.data.materials[f"{name} Skin"].node_tree.nodes
    (image,) = {node.image for node in nodes if node.type == "TEX_IMAGE"}
    np.testing.assert_allclose(pixels(image)[::-1, :, :3], fake_bake.pixels, atol=1.0 / 255.0)


def test_one_undo_takes_it_off_again(armature, fake_bake):
    bpy.ops.ed.undo_push(message="before")
    before = support.data_names()
    bpy.ops.ddfa.bake_actor_texture("EXEC_DEFAULT", True)
    assert support.data_names() != before
    bpy.ops.ed.undo()
    assert support.data_names() == before
    assert skin_image(bpy.context.scene.ddfa.head).name.endswith("Skin")


def test_missing_footage_and_errors_of_the_core_are_one_sentence_and_change_nothing(armature, fake_bake, tmp_path):
    before, image = support.data_names(), skin_image(armature)
    fake_bake.error = support.module("ddfa_blender.errors").CaptureError("It is dark; use other footage.")
    assert "It is dark" in failing(bpy.ops.ddfa.bake_actor_texture)
    (tmp_path / "clip.mp4").unlink()
    assert "not where it was" in failing(bpy.ops.ddfa.bake_actor_texture)
    assert support.module("operators.state").failed
    assert support.data_names() == before and skin_image(armature) == image
    # A script can say where it is now.
    fake_bake.error = None
    assert bpy.ops.ddfa.bake_actor_texture(filepath=str(tmp_path / "moved.mp4")) == {"FINISHED"}
    assert fake_bake.calls[-1].footage == tmp_path / "moved.mp4"


def test_a_head_that_cannot_wear_it_says_so_before_the_work(armature, fake_bake):
    mesh = support.module("scene.head").of_armature(armature).mesh.data
    slot = mesh.materials[0]
    mesh.materials[0] = bpy.data.materials.new("Bare")
    mesh.materials[0].node_tree and mesh.materials[0].node_tree.nodes.clear()
    assert "no Principled shader" in failing(bpy.ops.ddfa.bake_actor_texture)
    mesh.materials[0] = slot
    mesh.polygons[0].vertices = list(mesh.polygons[0].vertices)[::-1]
    assert "other faces" in failing(bpy.ops.ddfa.bake_actor_texture)
    assert "other faces" in failing(bpy.ops.ddfa.make_position_map)
    assert fake_bake.calls == []


def test_a_mesh_with_other_texture_coordinates_gets_those_that_fit(armature, fake_bake, model):
    mesh = support.module("scene.head").of_armature(armature).mesh.data
    layer = mesh.uv_layers.active.uv
    layer.foreach_set("vector", np.zeros(2 * len(layer), dtype=np.float32))
    bpy.ops.ddfa.bake_actor_texture()
    found = np.empty(2 * len(mesh.uv_layers.active.uv), dtype=np.float32)
    mesh.uv_layers.active.uv.foreach_get("vector", found)
    expected = support.module("ddfa_blender.texture.texture_coordinates").corner_uvs(model)
    np.testing.assert_allclose(found, expected.ravel(), atol=1e-6)


def sampled(image, uvs):
    """The nearest pixel at texture coordinates (…, 2)."""
    x, y = np.floor(np.asarray(uvs) * image.size[0]).astype(int).clip(0, image.size[0] - 1).T
    return pixels(image)[y.T, x.T]


@pytest.mark.parametrize("posture", ["NEUTRAL", "FRAME"])
def test_the_position_map_holds_the_surface_in_metres(armature, model, posture):
    scene, uv_module = bpy.context.scene, support.module("ddfa_blender.texture.texture_coordinates")
    scene.ddfa.look.posture = posture
    armature.location = (1.0, 2.0, 3.0)
    scene.frame_set(9)
    assert bpy.ops.ddfa.make_position_map() == {"FINISHED"}
    image = bpy.data.images[f"{armature.name} Position"]
    assert image.is_float and image.packed_file is not None and image.file_format == "OPEN_EXR"
    assert image.colorspace_settings.name == "Non-Color"
    mesh = support.module("scene.head").of_armature(armature).mesh
    if posture == "NEUTRAL":
        points = [key.co for key in mesh.data.shape_keys.reference_key.data]
    else:
        evaluated = mesh.evaluated_get(bpy.context.evaluated_depsgraph_get())
        points = [evaluated.matrix_world @ vertex.co for vertex in evaluated.data.vertices]
    skin = model.quad_regions == 0
    found = sampled(image, uv_module.corner_uvs(model)[skin])
    expected = np.array([tuple(p) for p in points])[model.quads[skin]]
    error = np.linalg.norm(found[..., :3] - expected, axis=-1)
    # Half a texel off, on the face some 0.4 mm.
    assert np.median(error) < 5e-4 and error.mean() < 1.5e-3
    assert found[..., 3].min() == 1.0 and pixels(image)[..., 3].min() == 0.0


def test_the_position_map_survives_saving_with_full_precision(armature, tmp_path):
    bpy.ops.ddfa.make_position_map()
    name = f"{armature.name} Position"
    before = pixels(bpy.data.images[name])
    bpy.data.images[name].use_fake_user = True
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    np.testing.assert_allclose(pixels(bpy.data.images[name]), before, atol=1e-5)


def test_a_new_position_map_replaces_the_old_one_but_no_image_of_the_users(armature):
    name = f"{armature.name} Position"
    own = bpy.data.images.new(name, 4, 4)
    bpy.ops.ddfa.make_position_map()
    (made,) = [i for i in bpy.data.images if i != own and name in i.name]
    assert tuple(own.size) == (4, 4) and made.is_float
    bpy.data.images.remove(own)
    made.name = name
    texture = bpy.data.textures.new("User", "IMAGE")
    texture.image = made
    bpy.context.scene.ddfa.look.texture_size = "1024"
    bpy.ops.ddfa.make_position_map()
    assert [i.name for i in bpy.data.images if name in i.name] == [name]
    assert texture.image.name == name and tuple(texture.image.size) == (1024, 1024)


def test_buttons_are_grey_with_a_reason(armature, fake_bake, monkeypatch):
    look, state = support.module("operators.look"), support.module("operators.state")
    assert look.disabled_reason(bpy.context) is None
    monkeypatch.setattr(state, "job", object())
    monkeypatch.setattr(state, "_doing", "A capture is running")
    assert "A capture is running" in look.disabled_reason(bpy.context)
    assert not bpy.ops.ddfa.bake_actor_texture.poll()
    bpy.context.scene.ddfa.head = None
    assert "Capture some footage first" in look.disabled_reason(bpy.context)
    for operator in ("bake_actor_texture", "wear_generated_skin", "make_position_map"):
        assert not getattr(bpy.ops.ddfa, operator).poll()


@pytest.fixture
def modal(monkeypatch, armature, fake_bake):
    """The modal operator started by hand: no window exists here to send it events."""
    look = support.module("operators.look")
    operator = support.by_hand(look.DDFA_OT_bake_actor_texture, filepath="")
    monkeypatch.setattr(look, "is_interactive", lambda context: True)
    context = support.WindowContext()
    yield operator, context, fake_bake
    support.stop_job(context)


def test_modal_bakes_while_blender_stays_alive(modal, armature):
    operator, context, _ = modal
    look = support.module("operators.look")
    assert operator.invoke(context, support.event("LEFTMOUSE")) == {"RUNNING_MODAL"}
    assert look.is_baking() and "baked" in look.disabled_reason(context)
    assert operator.modal(context, support.event("MOUSEMOVE")) == {"PASS_THROUGH"}
    assert operator._job.wait(10.0)
    assert operator.modal(context, support.event("TIMER")) == {"FINISHED"}
    assert context.timers == [] and not look.is_baking()
    assert skin_image(armature).name.endswith("Actor")


def test_modal_esc_leaves_the_file_exactly_as_it_was(modal, armature):
    operator, context, fake = modal
    fake.steps = 10**9
    before, image = support.data_names(), skin_image(armature)
    operator.invoke(context, support.event("LEFTMOUSE"))
    assert operator.modal(context, support.event("ESC", "PRESS")) == {"RUNNING_MODAL"}
    assert operator._job.wait(10.0)
    assert operator.modal(context, support.event("TIMER")) == {"CANCELLED"}
    assert support.data_names() == before and skin_image(armature) == image
    assert context.timers == []


def test_modal_result_for_a_head_that_was_deleted_meanwhile_is_one_sentence(modal, armature):
    operator, context, _ = modal
    operator.invoke(context, support.event("LEFTMOUSE"))
    assert operator._job.wait(10.0)
    bpy.data.objects.remove(armature)
    assert operator.modal(context, support.event("TIMER")) == {"CANCELLED"}
    assert any("is gone" in text for _, text in operator.reports)


def test_a_file_chosen_after_something_else_was_started_waits(modal, armature, monkeypatch):
    """While the file browser is open, the rest of Blender goes on."""
    operator, context, fake = modal
    state = support.module("operators.state")
    with monkeypatch.context() as patch:
        running = object()
        patch.setattr(state, "job", running)
        patch.setattr(state, "_doing", "A capture is running")
        assert operator.execute(context) == {"CANCELLED"}
        assert operator.reports == [({"ERROR"}, "A capture is running.")]
        assert state.job is running and context.timers == [] and fake.calls == []


def test_a_file_chosen_after_the_head_was_deleted_is_one_sentence(modal, armature):
    operator, context, fake = modal
    bpy.data.objects.remove(armature)
    assert operator.execute(context) == {"CANCELLED"}
    assert [kinds for kinds, _ in operator.reports] == [{"ERROR"}] and fake.calls == []


def test_from_real_footage_the_actors_skin_comes_out():
    """The rendered clip's actor has skin of a known colour: sRGB of (0.52, 0.285, 0.195) in warm light."""
    scene = bpy.context.scene
    scene.ddfa.footage.video = str(CLIP)
    scene.ddfa.footage.use_clip_end, scene.ddfa.footage.clip_end = True, 1.0
    bpy.ops.ddfa.capture()
    scene.ddfa.look.texture_size = str(SIZE)
    assert bpy.ops.ddfa.bake_actor_texture() == {"FINISHED"}
    image = skin_image(scene.ddfa.head)
    picture = pixels(image)[..., :3]
    # Cheeks and forehead, then the back of the head, which no camera saw.
    face = picture[int(0.5 * SIZE) : int(0.56 * SIZE), int(0.36 * SIZE) : int(0.42 * SIZE)].reshape(-1, 3).mean(axis=0)
    back = picture[int(0.5 * SIZE) : int(0.56 * SIZE), int(0.02 * SIZE) : int(0.06 * SIZE)].reshape(-1, 3).mean(axis=0)
    for colour in (face, back):
        assert colour[0] > 1.15 * colour[1] > 1.15 * colour[2]
    np.testing.assert_allclose(back, face, atol=0.15)
    assert picture.std() > 0.02
