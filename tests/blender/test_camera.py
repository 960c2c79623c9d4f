# SPDX-License-Identifier: GPL-3.0-or-later
"""The footage's camera: what it sees of the posed head is where the footage had it."""

from __future__ import annotations

import dataclasses
import math
import struct

import bpy
import numpy as np
import pytest
import support
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

WIDTH, HEIGHT, VIEW = 1280, 720, 45.0
#: Where the head's pivot was on average, millimetres from the camera.
PIVOT = np.array([60.0, -20.0, -900.0])
COUNT, FOOTAGE_RATE = 50, 25.0


@pytest.fixture
def model():
    """The small model with its landmarks on the head proper, which the neck does not bend."""
    small = support.small_model()
    on_head = np.flatnonzero(small.head_weight == 1.0)
    vertices = on_head[np.random.default_rng(0).integers(0, len(on_head), (68, 3))]
    return dataclasses.replace(small, landmark_vertices=vertices.astype(np.int32))


@pytest.fixture
def performance():
    """Without ARKit weights: the landmarks of the model do not know them."""
    return support.performance(count=COUNT, fps=FOOTAGE_RATE, arkit=np.zeros((COUNT, 52)))


@pytest.fixture
def take(model, performance):
    """What a camera at the origin saw of it, by the textbook's formula."""
    module = support.module("ddfa_blender.take")
    rotation = support.module("ddfa_blender.quaternions").to_matrices(performance.head_rotation)
    face = model.landmarks68(performance.identity, performance.expression)
    points = face @ rotation.swapaxes(-1, -2) + performance.head_translation[:, None] + PIVOT
    focal = WIDTH / 2 / math.tan(math.radians(VIEW) / 2)
    x = WIDTH / 2 + focal * points[..., 0] / -points[..., 2]
    y = HEIGHT / 2 - focal * points[..., 1] / -points[..., 2]
    return module.Take(
        time=performance.time,
        params=np.zeros((COUNT, 62), np.float32),
        confidence=np.ones(COUNT, np.float32),
        roi=np.zeros((COUNT, 4)),
        landmarks68=np.stack([x, y, np.zeros_like(x)], axis=-1).astype(np.float32),
        arkit=np.zeros((COUNT, 52), np.float32),
        header=module.TakeHeader("clip.mp4", WIDTH, HEIGHT, FOOTAGE_RATE, "net.onnx", "0"),
    )


@pytest.fixture
def footage(tmp_path):
    """A picture sequence of COUNT files; the numbers begin at 11."""
    image = bpy.data.images.new("Made", 16, 9)
    image.file_format = "PNG"
    for number in range(11, 11 + COUNT):
        image.filepath_raw = str(tmp_path / f"shot_{number:04d}.png")
        image.save()
    bpy.data.images.remove(image)
    return tmp_path / "shot_0011.png"


@pytest.fixture
def shoot(model, performance, take):
    """Bake the performance with some settings and give the shot."""

    def run(fps=25, **values):
        scene = bpy.context.scene
        scene.render.fps = fps
        scene.render.resolution_x, scene.render.resolution_y = WIDTH, HEIGHT
        pipeline, camera = support.module("scene.pipeline"), support.module("scene.camera")
        settings = support.module("scene.settings").BakeSettings(use_translation=True, **values)
        head = pipeline.apply_performance(bpy.context, model, performance, settings, "Actor").head
        head.armature.ddfa.settings.head.field_of_view = math.radians(VIEW)
        clock = support.module("scene.timebase").Timebase.of(settings, float(fps), performance.time)
        return camera.Shot(head, model, performance, take, settings, clock)

    return run


def add(shot, footage):
    return support.module("scene.camera").add(shot, footage)


def seen_by(camera, shot, frame):
    """The evaluated head's landmarks (68, 2) in pixels of the camera's picture."""
    scene = bpy.context.scene
    scene.frame_set(frame)
    graph = bpy.context.evaluated_depsgraph_get()
    head = shot.head.mesh.evaluated_get(graph)
    mesh = head.to_mesh()
    points = np.array([head.matrix_world @ vertex.co for vertex in mesh.vertices])
    head.to_mesh_clear()
    landmarks = np.einsum("lk,lkc->lc", shot.model.landmark_weights, points[shot.model.landmark_vertices])
    view = [world_to_camera_view(scene, camera, Vector(point)) for point in landmarks]
    return np.array([(v.x * WIDTH, (1.0 - v.y) * HEIGHT) for v in view])


def motion(*args):
    return support.module("ddfa_blender.head_motion").HeadMotion(*args)


@pytest.mark.parametrize("level", ["CAMERA", "ACTOR"])
@pytest.mark.parametrize(("scale_length", "moved"), [(1.0, False), (0.01, True)])
def test_the_head_covers_the_face_in_every_frame(shoot, take, footage, level, scale_length, moved):
    """Also when it was set straight, in other units, and after the head was moved and turned in the scene."""
    bpy.context.scene.unit_settings.scale_length = scale_length
    shot = shoot(head_motion=motion(level, (12.0, -7.0, 4.0)))
    camera = add(shot, footage)
    if moved:
        shot.head.armature.location = (3.0, -2.0, 1.0)
        shot.head.armature.rotation_euler = (0.3, 0.2, -1.0)
    for i in (0, 13, 31, 49):
        np.testing.assert_allclose(seen_by(camera, shot, 1 + i), take.landmarks68[i, :, :2], atol=0.5)


def test_the_camera_stands_where_it_stood(shoot, footage):
    shot = shoot()
    camera = add(shot, footage)
    bpy.context.view_layer.update()
    np.testing.assert_allclose(camera.matrix_world.translation, [-0.06, -0.9, 0.02], atol=1e-3)
    forward = camera.matrix_world.to_3x3() @ Vector((0.0, 0.0, -1.0))
    np.testing.assert_allclose(forward, [0.0, 1.0, 0.0], atol=1e-6)
    assert math.degrees(camera.data.angle) == pytest.approx(VIEW)


def pictures(camera, frames):
    """Number of the picture that Blender shows in each frame of the scene."""
    user = camera.data.background_images[0].image_user
    shown = []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        assert 1 <= frame <= user.frame_duration
        shown.append(frame - user.frame_start + 1 + user.frame_offset)
    return shown


def test_at_the_footages_rate_nothing_has_to_be_keyed(shoot, footage):
    shot = shoot(frame_start=101)
    camera = add(shot, footage)
    assert camera.data.animation_data is None
    assert pictures(camera, range(101, 151)) == list(range(11, 61))


@pytest.mark.parametrize(
    ("fps", "values"),
    [(24, {}), (60, {"frame_start": 7}), (25, {"timing": "STRETCH", "stretch": 2.5}), (24, {"timing": "FRAMES"})],
)
def test_the_footage_keeps_time_with_the_head_at_any_rate(shoot, footage, fps, values):
    shot = shoot(fps, **values)
    camera = add(shot, footage)
    baked = shot.head.armature.ddfa.baked
    frames = range(round(baked.first_frame), round(baked.last_frame) + 1)
    for frame, shown in zip(frames, pictures(camera, frames), strict=True):
        assert abs((shown - 11) / FOOTAGE_RATE - float(shot.timebase.seconds_at(frame))) <= 0.5 / FOOTAGE_RATE + 1e-6


def test_baking_again_takes_camera_and_footage_along(shoot, footage):
    shot = shoot()
    camera = add(shot, footage)
    pipeline, settings = support.module("scene.pipeline"), shot.settings
    before = seen_by(camera, shot, 20)
    bpy.context.scene.render.fps = 50
    again = dataclasses.replace(settings, head_motion=motion("ACTOR", (20.0, 0.0, 0.0)))
    pipeline.bake_again(bpy.context.scene, shot.head, shot.model, shot.performance, again, shot.take)
    np.testing.assert_allclose(seen_by(camera, shot, 39), before, atol=0.5)  # frame 20 at 25 fps, at 50
    assert pictures(camera, [1, 39, 99]) == [11, 30, 60]


@pytest.fixture
def bake_again(model, performance, take):
    """Bake a shot's head again, as a setting does that turns the camera's place."""

    def run(shot, roll):
        again = dataclasses.replace(shot.settings, head_motion=motion("ACTOR", (20.0, 0.0, roll)))
        support.module("scene.pipeline").bake_again(bpy.context.scene, shot.head, model, performance, again, take)

    return run


def by_hand(camera):
    """What somebody may change of a camera: place, lens and clipping."""
    data = camera.data
    return [value for row in camera.matrix_basis for value in row], data.lens, (data.clip_start, data.clip_end)


def test_what_was_changed_by_hand_stays_when_the_head_is_baked_again(shoot, bake_again, footage):
    shot = shoot()
    camera = add(shot, footage)
    camera.location.x += 0.3
    camera.data.lens, camera.data.clip_end = 80.0, 5000.0
    before = by_hand(camera)
    bake_again(shot, 0.0)
    bake_again(shot, 5.0)
    assert by_hand(camera) == before
    add(shot, footage)
    bpy.context.view_layer.update()
    np.testing.assert_allclose(camera.matrix_world.translation, [-0.06, -0.9, 0.02], atol=1e-3)
    assert math.degrees(camera.data.angle) == pytest.approx(VIEW) and camera.data.clip_end == 100.0


def test_each_follows_as_long_as_it_was_not_changed_itself(shoot, bake_again, footage):
    shot = shoot()
    camera = add(shot, footage)
    camera.data.lens, camera.data.clip_end = 80.0, 5000.0
    place, _, _ = by_hand(camera)
    bake_again(shot, 0.0)
    once, lens, clip = by_hand(camera)
    bake_again(shot, 5.0)
    assert once != place and by_hand(camera)[0] != once, "the place is nobody's"
    assert lens == 80.0 and clip[1] == 5000.0


def test_another_camera_view_counts_more_than_a_lens_that_was_changed(shoot, bake_again, footage):
    shot = shoot()
    camera = add(shot, footage)
    camera.data.lens = 80.0
    with support.module("scene.live").paused():
        shot.head.armature.ddfa.settings.head.field_of_view = math.radians(30.0)
    bake_again(shot, 0.0)
    assert math.degrees(camera.data.angle) == pytest.approx(30.0)
    camera.data.lens = 80.0
    bake_again(shot, 5.0)
    assert camera.data.lens == 80.0


def test_a_second_time_it_is_put_right_and_not_doubled(shoot, footage):
    shot = shoot()
    camera = add(shot, footage)
    before = support.data_names()
    assert add(shot, footage) == camera
    assert support.data_names() == before and len(camera.data.background_images) == 1


def test_a_picture_that_the_user_has_loaded_stays_one_picture(shoot, footage):
    """Its file is the first of the numbered ones; made a sequence, it would begin to move wherever it is used."""
    own = bpy.data.images.load(str(footage))
    shot = shoot()
    camera = add(shot, footage)
    shown = camera.data.background_images[0].image
    assert own.source == "FILE" and shown != own and shown.source == "SEQUENCE"
    before = support.data_names()
    add(shot, footage)
    assert support.data_names() == before and camera.data.background_images[0].image == shown


def test_a_phones_video_stands_upright(shoot, take, tmp_path):
    """Old Blenders show it as it was recorded; a note in the file says by how much it has to be turned."""
    cv2 = pytest.importorskip("cv2")
    video = tmp_path / "phone.mp4"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*"mp4v"), FOOTAGE_RATE, (320, 180))
    for _ in range(5):
        writer.write(np.zeros((180, 320, 3), np.uint8))
    writer.release()
    _turn_quarter(video)
    shot = shoot()
    header = dataclasses.replace(take.header, width=180, height=320)
    camera = add(dataclasses.replace(shot, take=dataclasses.replace(take, header=header)), video)
    picture = camera.data.background_images[0]
    if picture.image.size[0] > picture.image.size[1]:
        assert math.degrees(picture.rotation) == pytest.approx(90.0) and picture.scale == pytest.approx(320 / 180)
    else:
        assert picture.rotation == 0.0 and picture.scale == 1.0
    assert camera.data.sensor_fit == "VERTICAL" and math.degrees(camera.data.angle) == pytest.approx(VIEW)


def _turn_quarter(video):
    """Note in an MP4's track header that it is to be shown turned by 90° clockwise."""
    data = bytearray(video.read_bytes())
    # Type, version and flags, two times, track, reserved, length; reserved, layer, group, volume, reserved: 4 + 40.
    matrix = data.find(b"tkhd") + 4 + 4 + 20 + 16
    one = 1 << 16
    data[matrix : matrix + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 180 * one, 0, 1 << 30)
    video.write_bytes(data)


def test_a_deleted_camera_is_forgotten_and_comes_back_with_the_button(shoot, footage):
    shot = shoot()
    module, armature = support.module("scene.camera"), shot.head.armature
    camera = add(shot, footage)
    for collection in camera.users_collection:
        collection.objects.unlink(camera)
    assert module.of_head(armature) is None and module.lines_up(armature) == ""
    module.follow(shot)
    assert module.of_head(armature) is None
    with pytest.raises(support.module("ddfa_blender.errors").CaptureError, match="There is no footage at"):
        add(shot, footage.with_name("gone.mp4"))
    assert module.of_head(armature) is None
    assert add(shot, footage) == module.of_head(armature)


def test_a_duplicate_of_a_head_leaves_the_originals_camera_alone(shoot, footage):
    """Blender's duplicate of a head without its camera still names the original's."""
    module, first = support.module("scene.camera"), shoot()
    camera = add(first, footage)
    before = camera.matrix_basis.copy()
    second = shoot(head_motion=motion("ACTOR", (25.0, 0.0, 0.0)))
    second.head.armature.ddfa.baked.camera = camera
    module.follow(second)
    assert camera.matrix_basis == before and module.of_head(second.head.armature) is None
    own = add(second, footage)
    assert own != camera and own.parent == second.head.armature
    assert camera.matrix_basis == before and module.of_head(first.head.armature) == camera


def test_footage_that_cannot_be_shown_leaves_nothing_behind(shoot, tmp_path):
    errors = support.module("ddfa_blender.errors")
    shot = shoot()
    before = support.data_names()
    with pytest.raises(errors.CaptureError, match="There is no footage at"):
        add(shot, tmp_path / "gone.mp4")
    with pytest.raises(errors.CaptureError, match="does not say where"):
        add(shot, None)
    assert support.data_names() == before and shot.head.armature.ddfa.baked.camera is None


def test_the_panel_knows_when_the_head_cannot_line_up(shoot, footage):
    shot = shoot()
    lines_up = support.module("scene.camera").lines_up
    armature = shot.head.armature
    assert lines_up(armature) == ""
    add(shot, footage)
    assert lines_up(armature).startswith("The head stands still")
    live = support.module("scene.live")
    with live.paused():
        armature.ddfa.settings.head.use_translation = True
        assert lines_up(armature) == ""
        armature.ddfa.settings.head.move_depth = False
    assert lines_up(armature).startswith("The head moves only in part")


@pytest.fixture
def button(shoot, monkeypatch):
    """A current head that does not move yet, and a button that needs no take on the disk; gives the shot."""
    shot = shoot()
    pipeline, operators = support.module("scene.pipeline"), support.module("operators.head")
    armature = shot.head.armature
    bpy.context.scene.ddfa.head = armature

    def rebake(scene, again):
        settings = again.ddfa.settings.bake_settings()
        pipeline.bake_again(scene, shot.head, shot.model, shot.performance, settings, shot.take)

    monkeypatch.setattr(operators, "shot_of", lambda *_: shot)
    monkeypatch.setattr(support.module("scene.live"), "rebake", rebake)
    armature.ddfa.settings.head.move_depth = False
    assert not armature.ddfa.settings.head.use_translation
    return shot


def test_the_button_lines_everything_up(button, take, footage):
    scene, settings = bpy.context.scene, button.head.armature.ddfa.settings.head
    scene.render.resolution_x, scene.render.resolution_y, scene.render.pixel_aspect_x = 1920, 1080, 2.0
    assert bpy.ops.ddfa.add_footage_camera(filepath=str(footage)) == {"FINISHED"}
    assert settings.use_translation and all(settings.directions) and settings.translation_amount == 1.0
    assert (scene.render.resolution_x, scene.render.resolution_y, scene.render.pixel_aspect_x) == (WIDTH, HEIGHT, 1.0)
    for i in (0, 25, 49):
        np.testing.assert_allclose(seen_by(scene.camera, button, 1 + i), take.landmarks68[i, :, :2], atol=0.5)


def test_the_scenes_size_and_camera_can_be_left_alone(button, footage):
    scene = bpy.context.scene
    scene.render.resolution_x = 1000
    bpy.ops.ddfa.add_footage_camera(filepath=str(footage), set_resolution=False, make_active=False)
    assert scene.render.resolution_x == 1000 and scene.camera is None
    assert support.module("scene.camera").of_head(button.head.armature) is not None


def test_the_button_changes_nothing_when_the_footage_is_gone(button, tmp_path):
    before, settings = support.data_names(), button.head.armature.ddfa.settings.head
    with pytest.raises(RuntimeError, match="There is no footage at"):
        bpy.ops.ddfa.add_footage_camera(filepath=str(tmp_path / "gone.mp4"))
    assert support.data_names() == before and not settings.use_translation and bpy.context.scene.camera is None
