# SPDX-License-Identifier: GPL-3.0-or-later
"""Footage in Blender: files, clips and strips, what is known of them, the preview and who is picked in it."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import support

FPS = 30.0
COUNT = 60


def write_clip(path, count=COUNT, fps=FPS, size=(64, 48)):
    import cv2  # not above: a test looks at what enabling the extension loads

    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, size)
    for i in range(count):
        writer.write(np.full((size[1], size[0], 3), i, np.uint8))
    writer.release()
    return path


@pytest.fixture
def clip(tmp_path):
    return write_clip(tmp_path / "Größe 名.mp4")


@pytest.fixture
def footage():
    return bpy.context.scene.ddfa.footage


@pytest.fixture
def sources():
    return support.module("scene.footage_sources")


@pytest.fixture
def reader():
    module = support.module("scene.footage")
    yield module
    module.forget()


@pytest.fixture
def found(monkeypatch, reader):
    """Faces that the preview "finds": boxes (4,) by time. The frames come from the files."""
    faces = {"boxes": [np.array([10.0, 10.0, 20.0, 20.0]), np.array([40.0, 12.0, 60.0, 32.0])], "times": []}
    preview = support.module("ddfa_blender.footage.preview")
    video = support.module("ddfa_blender.footage.video")

    def faces_at(path, at, rate):
        with video.Video(path, sequence_rate=rate) as opened:
            frame = opened.frame_at(at)
        faces["times"].append(frame.time)
        points = [np.column_stack([np.linspace(*box[::2], 68), np.linspace(*box[1::2], 68)]) for box in faces["boxes"]]
        return preview.FrameFaces(frame.time, frame.image, 1.0, frame.image.shape, list(faces["boxes"]), points)

    monkeypatch.setattr(reader, "_faces_at", faces_at)
    return faces


def make_strip(path, kind="movie", start=10, fps=24):
    """A strip on the scene's sequencer."""
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = fps, 1.0
    editor = scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    if kind == "movie":
        return strips.new_movie("shot.mp4", str(path), 1, start)
    return strips.new_image("shot.png", str(path), 1, start)


def shown_view(reader, sources, footage):
    """What a panel shows once the thread has done its work."""
    source = sources.source_of(footage)
    for _ in range(2):
        reading = reader.peek(source)
        if reading is not None and reading.facts is not None:
            reader.view(footage, source, reading)
        assert reader.finish(20.0)
    return reader.view(footage, source, reader.peek(source))


# Sources -------------------------------------------------------------------------------------------------------------


def test_a_file_relative_to_the_blend_file(clip, footage, sources):
    bpy.ops.wm.save_as_mainfile(filepath=str(clip.parent / "scene.blend"))
    footage.video = f"//{clip.name}"
    source = sources.source_of(footage)
    assert (source.path, source.name, source.trim) == (clip, clip.stem, None)


def test_a_movie_clip_of_the_file(clip, footage, sources):
    footage.clip, footage.source = bpy.data.movieclips.load(str(clip)), "CLIP"
    assert sources.source_of(footage).path == clip
    assert footage.capture_settings().end is None


def test_high_quality_is_handed_to_the_capture(clip, footage):
    footage.video = str(clip)
    assert not footage.capture_settings().high_quality
    footage.high_quality = True
    assert footage.capture_settings().high_quality


def test_a_clip_of_numbered_pictures_plays_at_the_scenes_rate(tmp_path, footage, sources):
    import cv2

    for i in range(4):
        cv2.imwrite(str(tmp_path / f"shot_{i:03d}.png"), np.zeros((32, 32, 3), np.uint8))
    bpy.context.scene.render.fps, bpy.context.scene.render.fps_base = 30, 1.001
    footage.clip, footage.source = bpy.data.movieclips.load(str(tmp_path / "shot_000.png")), "CLIP"
    assert footage.clip.source == "SEQUENCE"
    source = sources.source_of(footage)
    assert source.sequence_rate == pytest.approx(29.97, abs=1e-3)
    assert footage.capture_settings().sequence_rate == source.sequence_rate


@pytest.mark.parametrize(
    ("source", "words"), [("FILE", "Pick the footage"), ("CLIP", "Choose a movie clip"), ("STRIP", "Choose a strip")]
)
def test_without_footage_the_reason_says_what_to_choose(footage, source, words):
    footage.source = source
    assert words in support.module("operators.capture").disabled_reason(bpy.context)


def test_a_strip_that_is_gone_says_so(clip, footage):
    footage.strip, footage.source = make_strip(clip).name, "STRIP"
    assert support.module("operators.capture").disabled_reason(bpy.context) is None
    editor = bpy.context.scene.sequence_editor
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strips.remove(strips["shot.mp4"])
    assert "no movie strip 'shot.mp4'" in support.module("operators.capture").disabled_reason(bpy.context)


# In and out point ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("begin", [0.0, 3600.0, 36000.0])
def test_the_frames_at_the_in_and_the_out_point_come_along_and_no_other(clip, footage, begin):
    """Blender's properties are of single precision, the frames' times are not."""
    footage.video, footage.use_clip_end = str(clip), True
    times = begin + np.arange(COUNT) / FPS
    for i in range(COUNT - 2):
        footage.clip_start, footage.clip_end = times[i], times[i + 2]
        settings = footage.capture_settings()
        assert np.flatnonzero((times >= settings.start) & (times <= settings.end)).tolist() == [i, i + 1, i + 2]


def test_an_out_point_at_the_in_point_is_still_refused(clip, footage):
    footage.video, footage.use_clip_end = str(clip), True
    footage.clip_start = footage.clip_end = 1.0
    with pytest.raises(support.module("ddfa_blender.errors").CaptureError, match="out point"):
        footage.capture_settings()


# Strips --------------------------------------------------------------------------------------------------------------


def trim_ends(strip, start, end):
    if hasattr(strip, "left_handle"):
        strip.left_handle, strip.right_handle = strip.left_handle + start, strip.right_handle - end
    else:
        strip.frame_offset_start, strip.frame_offset_end = start, end


def hard_cut(strip, frames):
    """Leave out frames of the source; gives the scene frame at which the rest begins."""
    if hasattr(strip, "content_trim_start"):
        strip.content_trim_start = frames
        return strip.content_start
    strip.animation_offset_start = frames
    return strip.frame_start


def frames_between(start, end):
    """The frames of the clip from ``start`` to ``end`` seconds, both included."""
    return [i for i in range(COUNT) if start - 1e-9 <= i / FPS <= end + 1e-9]


def test_a_strip_that_is_not_trimmed_is_all_of_its_file(clip, footage, sources):
    footage.strip, footage.source = make_strip(clip).name, "STRIP"
    settings = footage.capture_settings()
    assert frames_between(settings.start, settings.end) == list(range(COUNT))


def test_the_trimming_becomes_in_and_out_point(clip, footage, sources, reader):
    strip = make_strip(clip)  # 30 fps shown frame by frame in a scene of 24
    trim_ends(strip, 12, 9)
    footage.strip, footage.source = strip.name, "STRIP"
    settings = footage.capture_settings()
    assert frames_between(settings.start, settings.end) == list(range(12, COUNT - 9))
    source = sources.source_of(footage)
    timing = sources.timing_of(source, reader.facts_now(source))
    assert (timing.frame_start, timing.mode) == (10, "FRAMES")


def test_frames_that_were_cut_off_for_good_count_too(clip, footage, sources, reader):
    strip = make_strip(clip, start=100)
    begins = hard_cut(strip, 20)
    trim_ends(strip, 5, 0)
    footage.strip, footage.source = strip.name, "STRIP"
    settings = footage.capture_settings()
    assert frames_between(settings.start, settings.end)[0] == 25
    source = sources.source_of(footage)
    assert sources.timing_of(source, reader.facts_now(source)).frame_start == begins - 20


def facts(frame_count=COUNT, fps=FPS):
    return support.module("ddfa_blender.footage.footage_info").FootageFacts(64, 48, fps, frame_count)


def trimmed(sources, **values):
    fields = {"skipped_start": 0, "skipped_end": 0, "start": 10.0, "length": 60.0, "left": 10.0, "right": 70.0}
    trim = sources.StripTrim(**{**fields, "scene_rate": 24.0, **values})
    return sources.Source(None, "shot", trim=trim)


def test_a_strip_of_stills_shows_one_for_each_frame_of_the_scene(tmp_path, footage, sources, reader):
    import cv2

    for i in range(12):
        cv2.imwrite(str(tmp_path / f"still_{i:02d}.png"), np.zeros((32, 32, 3), np.uint8))
    strip = make_strip(tmp_path / "still_00.png", "image", start=5)
    for i in range(1, 8):  # not all that lie in the folder
        strip.elements.append(f"still_{i:02d}.png")
    footage.strip, footage.source = strip.name, "STRIP"
    source = sources.source_of(footage)
    assert source.path == tmp_path / "still_00.png" and source.sequence_rate == 24.0
    trim_ends(strip, 2, 0)
    settings, timing = footage.capture_settings(), sources.timing_of(source, reader.facts_now(source))
    assert settings.start == pytest.approx(1.5 / 24.0)
    assert (timing.frame_start, timing.mode) == (5, "REAL_TIME")


def test_a_strip_that_cannot_be_captured_breaks_no_panel(clip, footage, sources, reader, found):
    strip = make_strip(clip)
    footage.strip, footage.source = strip.name, "STRIP"
    source = sources.source_of(footage)
    reading = reader.Reading(reader.facts_now(source), "", None)
    nothing = trimmed(sources, left=80.0, right=90.0)
    reader.view(footage, sources.Source(clip, "shot", 24.0, nothing.trim), reading)
    assert reader.finish(20.0)


def test_a_strip_at_its_own_speed_is_real_time(sources):
    """Blender adds strips so by default: 60 frames at 30 fps take 48 at 24."""
    source = trimmed(sources, length=48.0, left=22.0, right=46.0)
    start, end = sources.part_of(source, facts())
    assert start == pytest.approx(12 / 24.0 - 0.5 / FPS), "half a frame of the footage before the first that is shown"
    assert end == pytest.approx(35.5 / 24.0), "the frame at 45 is the last that is shown"
    timing = sources.timing_of(source, facts())
    assert (timing.frame_start, timing.mode) == (10, "REAL_TIME")


@pytest.mark.parametrize("fps", [24.0 / 1.001, 25.0, 30.0 / 1.001])
@pytest.mark.parametrize("digits", [None, 3])
def test_each_trimmed_strip_gives_the_first_frame_that_it_shows(sources, fps, digits):
    """Containers round time stamps, some to whole milliseconds."""
    times = np.arange(COUNT) / fps
    times = times if digits is None else times.round(digits)
    for cut in range(COUNT - 1):
        source = trimmed(sources, left=10.0 + cut, right=11.0 + cut, scene_rate=fps)
        start, end = sources.part_of(source, facts(fps=fps))
        assert np.flatnonzero((times >= start) & (times <= end)).tolist() == [cut]


@pytest.mark.parametrize("fps", [12.0, 30.0, 60.0])
def test_a_strip_at_its_own_speed_begins_with_the_frame_of_the_footage_that_its_first_one_shows(sources, fps):
    count = 4 * COUNT
    on_scene = np.arange(count) / fps * 24.0
    for cut in range(COUNT):
        source = trimmed(sources, length=count / fps * 24.0, left=10.0 + cut, right=50.0 + cut)
        start, _ = sources.part_of(source, facts(count, fps))
        first = on_scene[np.searchsorted(on_scene / 24.0, start)]
        assert first >= cut - 0.5 - 1e-6
        assert not np.isclose(on_scene, cut).any() or first == pytest.approx(cut)


def test_a_slowed_down_strip_is_stretched(sources):
    source = trimmed(sources, length=96.0, left=10.0, right=106.0)
    timing = sources.timing_of(source, facts())
    assert timing.mode == "STRETCH" and timing.stretch == pytest.approx(2.0)
    assert sources.part_of(source, facts())[0] == 0.0


def test_still_frames_beyond_the_content_are_not_captured(sources):
    start, end = sources.part_of(trimmed(sources, left=0.0, right=200.0), facts())
    assert start == 0.0 and end == pytest.approx(59.5 / FPS)


def test_a_strip_that_shows_nothing_is_one_sentence(sources):
    with pytest.raises(support.module("ddfa_blender.errors").CaptureError, match="shows no frame"):
        sources.part_of(trimmed(sources, left=80.0, right=90.0), facts())


def test_a_strip_that_plays_backwards_is_refused(clip, footage):
    strip = make_strip(clip)
    strip.use_reverse_frames = True
    footage.strip, footage.source = strip.name, "STRIP"
    assert "plays backwards" in support.module("operators.capture").disabled_reason(bpy.context)


def test_only_strips_that_show_footage_are_offered(clip, sources):
    make_strip(clip)
    editor = bpy.context.scene.sequence_editor
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    lengths = {"length": 20} if bpy.app.version >= (5, 0, 0) else {"frame_end": 20}
    strips.new_effect("colour", "COLOR", 2, 1, **lengths)
    assert list(sources.strips(bpy.context.scene)) == ["shot.mp4"]


def test_the_active_strip_and_the_only_clip_are_taken_by_a_button(clip, footage):
    assert not bpy.ops.ddfa.use_active_strip.poll() and not bpy.ops.ddfa.use_open_clip.poll()
    make_strip(clip)
    loaded = bpy.data.movieclips.load(str(clip))
    assert bpy.ops.ddfa.use_active_strip() == {"FINISHED"}
    assert (footage.source, footage.strip) == ("STRIP", "shot.mp4")
    assert bpy.ops.ddfa.use_open_clip() == {"FINISHED"}
    assert (footage.source, footage.clip) == ("CLIP", loaded)


# What is known -------------------------------------------------------------------------------------------------------


def test_facts_are_read_on_another_thread_and_once(clip, footage, sources, reader, monkeypatch):
    calls, read = [], reader.read_facts

    def read_facts(path, rate):
        import threading

        calls.append(threading.current_thread())
        return read(path, rate)

    monkeypatch.setattr(reader, "read_facts", read_facts)
    footage.video = str(clip)
    source = sources.source_of(footage)
    assert reader.peek(source) is None, "the panel does not wait"
    assert reader.finish(20.0)
    reading = reader.peek(source)
    assert (reading.facts.width, reading.facts.frame_count, reading.problem) == (64, COUNT, "")
    for _ in range(5):
        monkeypatch.setattr(reader, "_STALE_SECONDS", 0.0)
        reader.peek(source)
        assert reader.finish(20.0)
    assert len(calls) == 1 and calls[0] is not __import__("threading").main_thread()


def test_a_file_that_changes_is_read_again(clip, footage, sources, reader, monkeypatch):
    monkeypatch.setattr(reader, "_STALE_SECONDS", 0.0)
    footage.video = str(clip)
    source = sources.source_of(footage)
    reader.peek(source)
    reader.finish(20.0)
    write_clip(clip, count=90)
    reader.peek(source)
    reader.finish(20.0)
    assert reader.peek(source).facts.frame_count == 90
    clip.unlink()
    reader.finish(20.0)
    reader.peek(source)
    reader.finish(20.0)
    assert "There is no video at" in reader.peek(source).problem


def test_times_stay_within_the_footage_once_its_length_is_known(clip, footage, sources, reader):
    footage.video = str(clip)
    footage.clip_start = 50.0
    assert footage.clip_start == 50.0
    reader.facts_now(sources.source_of(footage))
    footage.clip_start, footage.clip_end, footage.preview_time = 50.0, 60.0, 1.0
    assert footage.clip_start == pytest.approx(COUNT / FPS)
    assert footage.clip_end == pytest.approx(COUNT / FPS)
    assert footage.preview_time == 1.0


def test_an_out_point_that_is_switched_on_begins_within_the_footage(clip, footage, sources, reader):
    footage.video = str(clip)
    assert footage.clip_end > COUNT / FPS, "as a new scene has it"
    reader.facts_now(sources.source_of(footage))
    footage.use_clip_end = True
    assert footage.clip_end == pytest.approx(COUNT / FPS)


def test_in_and_out_points_that_make_no_sense_are_told(clip, footage, sources, reader):
    panel = support.module("panels.footage")
    footage.video = str(clip)
    assert panel.part_problem(footage) == ""
    footage.clip_start, footage.use_clip_end, footage.clip_end = 1.0, True, 1.0
    assert "out point" in panel.part_problem(footage)
    footage.use_clip_end, footage.clip_start = False, 9.0
    assert panel.part_problem(footage) == ""
    reader.facts_now(sources.source_of(footage))
    assert "in point" in panel.part_problem(footage)


def test_facts_are_told_in_one_line():
    info, panel = support.module("ddfa_blender.footage.footage_info"), support.module("panels.footage")
    made = info.FootageFacts(1080, 1920, 30 / 1.001, 300, is_variable=True, codec="H.265", is_rotated=True)
    texts = [panel.facts_text(facts) for facts in (made, info.FootageFacts(64, 48, 25.0, 0))]
    assert [text.replace("\N{NO-BREAK SPACE}", " ") for text in texts] == [
        "1080 × 1920, 29.97 fps, variable, 10.0 s, H.265, turned upright",
        "64 × 48, 25 fps",
    ]
    assert all(" " not in part for part in texts[0].split(", ")), "a line may end between two facts only"


# The preview ---------------------------------------------------------------------------------------------------------


def test_the_frame_at_the_previews_second_is_shown(clip, footage, sources, reader, found):
    footage.video, footage.preview_time = str(clip), 1.0
    view = shown_view(reader, sources, footage)
    assert view.frame.time == pytest.approx(1.0) and view.face_count == 2
    assert view.chosen == 1, "the larger face"
    assert support.module("scene.previews").exists(reader.FRAME_PICTURE)


def test_pictures_are_no_data_blocks(clip, footage, sources, reader, found):
    before = support.data_names()
    footage.video = str(clip)
    shown_view(reader, sources, footage)
    assert support.data_names() == before
    reader.forget()
    assert not support.module("scene.previews").exists(reader.FRAME_PICTURE)


def test_the_pictures_pixels_arrive_upright(reader):
    previews = support.module("scene.previews")
    picture = np.zeros((2, 3, 3), np.uint8)
    picture[0, 0] = (255, 0, 0)
    previews.show("test", picture)
    preview = previews._collection["test"]
    pixels = np.zeros(2 * 3 * 4, np.float32)
    preview.image_pixels_float.foreach_get(pixels)
    pixels = pixels.reshape(2, 3, 4)
    assert tuple(preview.image_size) == (3, 2)
    np.testing.assert_allclose(pixels[1, 0], [1, 0, 0, 1], atol=0.01)  # Blender counts rows from below
    np.testing.assert_allclose(pixels[0, 0], [0, 0, 0, 1], atol=0.01)
    previews.show("test", np.zeros((4, 4, 4), np.uint8))
    assert tuple(preview.image_size) == (4, 4)


def test_picking_a_face_reaches_the_core(clip, footage, sources, reader, found):
    footage.video, footage.preview_time = str(clip), 1.0
    shown_view(reader, sources, footage)
    assert bpy.ops.ddfa.pick_face(number=1) == {"FINISHED"}
    assert shown_view(reader, sources, footage).chosen == 0
    settings = footage.capture_settings()
    assert settings.face_hint == (15.0, 15.0) and settings.face_hint_time == pytest.approx(1.0)
    assert len(found["times"]) == 1, "the frame is not decoded again for another choice"
    footage.preview_time = 0.5
    assert shown_view(reader, sources, footage).chosen is None, "who of them it is shows only where it was picked"
    assert bpy.ops.ddfa.forget_face() == {"FINISHED"}
    assert footage.capture_settings().face_hint is None


def test_other_footage_forgets_who_was_picked(clip, footage):
    footage.video = str(clip)
    footage.pick_face((15.0, 15.0), 1.0)
    footage.video = str(clip.parent / "other.mp4")
    assert footage.picked() is None


def test_a_frame_of_other_footage_sets_no_point(clip, footage, sources, reader, found):
    footage.video = str(clip)
    shown_view(reader, sources, footage)
    assert bpy.ops.ddfa.set_clip_point.poll() and bpy.ops.ddfa.pick_face.poll()
    footage.video = str(clip.parent / "other.mp4")
    assert not bpy.ops.ddfa.set_clip_point.poll() and not bpy.ops.ddfa.pick_face.poll()


def test_a_number_that_is_not_shown_cannot_be_picked(clip, footage, sources, reader, found):
    assert not bpy.ops.ddfa.pick_face.poll()
    footage.video = str(clip)
    shown_view(reader, sources, footage)
    with pytest.raises(RuntimeError, match="no face number 3"):
        bpy.ops.ddfa.pick_face(number=3)
    assert footage.picked() is None


def test_in_and_out_points_are_set_from_the_frame_that_is_shown(clip, footage, sources, reader, found):
    footage.video, footage.preview_time = str(clip), 0.49
    shown_view(reader, sources, footage)
    bpy.ops.ddfa.set_clip_point(point="IN")
    assert footage.clip_start == pytest.approx(0.5) and not footage.use_clip_end
    footage.preview_time = 1.5
    shown_view(reader, sources, footage)
    bpy.ops.ddfa.set_clip_point(point="OUT")
    assert footage.clip_end == pytest.approx(1.5) and footage.use_clip_end


def test_the_preview_jumps_to_the_scenes_current_frame(clip, footage, sources, reader):
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 25, 1.0
    footage.video = str(clip)
    scene.ddfa.settings.timing.frame_start = 10
    scene.frame_set(35)
    reader.facts_now(sources.source_of(footage))
    bpy.ops.ddfa.preview_current_frame()
    assert footage.preview_time == pytest.approx(1.0)
    scene.ddfa.settings.timing.mode = "FRAMES"
    bpy.ops.ddfa.preview_current_frame()
    assert footage.preview_time == pytest.approx(25 / FPS)


def test_a_network_that_fails_is_one_sentence_in_the_panel(clip, footage, sources, reader, monkeypatch):
    def faces_at(path, at, rate):
        raise RuntimeError("graph is broken")

    monkeypatch.setattr(reader, "_faces_at", faces_at)
    footage.video = str(clip)
    view = shown_view(reader, sources, footage)
    assert view.frame is None and view.problem == "graph is broken; pick other footage."


def test_disabling_the_extension_stops_the_thread_and_frees_the_pictures(clip, footage, sources, reader, found):
    import addon_utils

    footage.video = str(clip)
    shown_view(reader, sources, footage)
    reader.peek(sources.source_of(footage))
    addon_utils.disable(support.PACKAGE)
    assert not support.module("scene.previews").exists(reader.FRAME_PICTURE) and not reader._background.busy
    support.enable_extension()


def test_a_file_picked_in_the_import_menu_becomes_the_footage(tmp_path):
    footage = bpy.context.scene.ddfa.footage
    footage.source = "STRIP"
    assert bpy.ops.ddfa.open_footage(filepath=str(tmp_path / "a b.mov")) == {"FINISHED"}
    assert (footage.source, footage.video) == ("FILE", str(tmp_path / "a b.mov"))
