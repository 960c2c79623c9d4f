# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.footage.video import Frame, NotSeekable, Video, _Clock, _FileReader
from tests.ddfa_blender.support import frame_duration, grey, set_frame_durations, set_rotation, write_clip


def times(path: Path) -> np.ndarray:
    with Video(path) as video:
        return np.array([frame.time for frame in video.frames()])


def test_a_constant_rate_gives_even_times_from_zero(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", grey(12), fps=25.0)
    np.testing.assert_allclose(times(clip), np.arange(12) / 25.0, atol=1e-4)


def test_times_are_those_of_the_container_when_the_rate_varies(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", grey(9), fps=25.0)
    d = frame_duration(clip)
    durations = [d // 2, d // 2, 2 * d, d, d // 4, d // 4, 2 * d, d, d]
    tick = set_frame_durations(clip, durations)
    expected = np.concatenate([[0.0], np.cumsum(durations)[:-1]]) * tick
    np.testing.assert_allclose(times(clip), expected, atol=1e-6)


def test_in_and_out_points_keep_the_clock_of_the_footage(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", grey(25), fps=25.0)
    skipped = []
    with Video(clip) as video:
        frames = list(video.frames(0.2, 0.4, on_skip=lambda: skipped.append(1)))
    assert [frame.index for frame in frames] == [5, 6, 7, 8, 9, 10]
    assert frames[0].time == pytest.approx(0.2)
    assert len(skipped) == 5


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        ([0.0, 0.04, 0.08], [0.0, 0.04, 0.08]),
        ([5.0, 5.1, 5.3], [0.0, 0.1, 0.3]),  # a stream that starts late
        ([-0.02, 0.04, 0.08], [0.0, 0.04, 0.08]),  # B-frames, as OpenCV reports them
        ([0.0, 0.0, 0.0], [0.0, 0.1, 0.2]),  # no timestamps at all
        ([0.0, 0.2, 0.1, 0.5], [0.0, 0.2, 0.3, 0.5]),  # a step back
        ([0.0, float("nan"), 0.3], [0.0, 0.1, 0.3]),
    ],
)
def test_the_clock_starts_at_zero_and_never_stands_still(stamps: list[float], expected: list[float]) -> None:
    clock = _Clock(10.0)
    np.testing.assert_allclose([clock.tick(stamp) for stamp in stamps], expected)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_phone_footage_is_turned_upright(tmp_path: Path, turns: int) -> None:
    stored = np.full((96, 160, 3), 40, np.uint8)
    stored[:48, :80] = (220, 30, 30)
    clip = write_clip(tmp_path / "phone.mp4", [stored] * 3)
    set_rotation(clip, turns)
    upright = np.rot90(stored, -turns)
    with Video(clip) as video:
        assert (video.info.height, video.info.width) == upright.shape[:2]
        image = next(iter(video.frames())).image
    assert image.shape == upright.shape
    assert np.abs(image.astype(float) - upright).mean() < 6.0


def test_frames_are_rgb_and_info_counts_them(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "blue.mp4", [np.full((96, 128, 3), (10, 20, 240), np.uint8)] * 7, fps=20.0)
    with Video(clip) as video:
        info = video.info
        image = next(iter(video.frames())).image
    assert image.dtype == np.uint8
    assert image[..., 2].mean() > 200 > image[..., 0].mean()
    assert (info.width, info.height, info.frame_count) == (128, 96, 7)
    assert info.fps == pytest.approx(20.0)
    assert info.duration == pytest.approx(0.35)


def test_frames_are_the_same_whatever_threads_the_decoder_has(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", grey(20), fps=25.0)
    frames = []
    for threads in (None, 1, 3):
        with Video(clip, decoder_threads=threads) as video:
            frames.append(list(video.frames()))
    for others in frames[1:]:
        assert [frame.time for frame in others] == [frame.time for frame in frames[0]]
        assert all((a.view == b.view).all() for a, b in zip(others, frames[0], strict=True))


def test_one_frame_is_a_video(tmp_path: Path) -> None:
    np.testing.assert_array_equal(times(write_clip(tmp_path / "one.mp4", grey(1))), [0.0])


def test_paths_with_spaces_and_other_letters(tmp_path: Path) -> None:
    folder = tmp_path / "Ünï çödé 映像"
    folder.mkdir()
    plain = write_clip(tmp_path / "clip.mp4", grey(3))
    odd = plain.rename(folder / "mein Gesicht – été.mp4")
    assert len(times(odd)) == 3


def test_a_truncated_file_gives_the_frames_that_it_has(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 120, 160, 3), dtype=np.uint8)
    clip = write_clip(tmp_path / "clip.avi", noise, codec="MJPG")
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    assert 10 < len(times(clip)) < 30


def broken_files(folder: Path) -> dict[str, Path]:
    clip = write_clip(folder / "whole.mp4", grey(20))
    # An MP4 written in one go has its index at the end: cut short, it cannot be opened.
    (folder / "truncated.mp4").write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    (folder / "empty.mp4").touch()
    (folder / "notes.mp4").write_text("These are notes, not a video.\n" * 50, encoding="utf-8")
    (folder / "folder.mp4").mkdir()
    for name in ("photo.jpg", "photo.png", "photo.bmp", "photo.tiff", "photo.webp"):
        assert cv2.imwrite(str(folder / name), grey(1)[0])
    (folder / "photo.mp4").write_bytes((folder / "photo.jpg").read_bytes())
    return {path.name: path for path in folder.iterdir()} | {"missing.mp4": folder / "missing.mp4"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("truncated.mp4", "cut short"),
        ("empty.mp4", "is empty"),
        ("notes.mp4", "is not a video"),
        ("folder.mp4", "is a folder; pick a video, or the first of numbered pictures"),
        ("missing.mp4", "There is no video"),
        ("photo.jpg", "is a photo"),
        ("photo.png", "is a photo"),
        ("photo.bmp", "is a photo"),
        ("photo.tiff", "is a photo"),
        ("photo.webp", "is a photo"),
        ("photo.mp4", "is a photo"),
    ],
)
def test_what_is_no_video_gives_one_clear_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, words: str
) -> None:
    path = broken_files(tmp_path)[name]
    capfd.readouterr()
    with pytest.raises(CaptureError, match=words) as caught:
        Video(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("head", [b"SDPX", b"XPDS", b"\x80\x2a\x5f\xd7", b"\x00\x00\x00\x0cjP  \r\n", b"v/1\x01"])
def test_frames_of_a_film_scan_are_no_video_of_one_frame(tmp_path: Path, head: bytes) -> None:
    for number in (1, 2):
        (tmp_path / f"scan_{number:04d}.dpx").write_bytes(head + bytes(2000))
    with pytest.raises(CaptureError, match="is not a photo that can be read; use a JPEG or PNG file"):
        Video(tmp_path / "scan_0001.dpx")
    (tmp_path / "scan_0002.dpx").unlink()
    with pytest.raises(CaptureError, match="is a photo, not a video"):
        Video(tmp_path / "scan_0001.dpx")


def test_a_name_too_long_for_the_system_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="There is no video at"):
        Video(tmp_path / ("long" * 200 + ".mp4"))


def test_a_container_without_a_picture_is_refused(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.avi", grey(5), codec="MJPG")
    data = clip.read_bytes()
    clip.write_bytes(data[: data.find(b"movi") + 4])
    with pytest.raises(CaptureError, match=r"clip\.avi"), Video(clip) as video:
        list(video.frames())


def test_real_clips_with_b_frames_keep_an_even_beat(shared: Path) -> None:
    t = times(shared / "clips" / "d18.mp4")
    np.testing.assert_allclose(t, np.arange(216) / 30.0, atol=1e-6)


def counting(count: int) -> list[np.ndarray]:
    """Frames that grow brighter by 6 each."""
    return [np.full((96, 128, 3), 20 + 6 * i, np.uint8) for i in range(count)]


def shown_at(path: Path, time: float) -> tuple[int, float]:
    """Which of the frames of :func:`counting` is shown at a time, and its own time."""
    with Video(path) as video:
        frame = video.frame_at(time)
    return round((float(frame.image.mean()) - 17.0) / 6.0), frame.time  # the codec takes 3 off


@pytest.mark.parametrize("index", [0, 1, 7, 19, 33])
def test_a_frame_is_found_by_its_time(tmp_path: Path, index: int) -> None:
    clip = write_clip(tmp_path / "clip.mp4", counting(34), fps=25.0)
    assert shown_at(clip, index / 25.0) == (index, pytest.approx(index / 25.0, abs=1e-4))
    between = min(index + 1, 33)
    assert shown_at(clip, index / 25.0 + 0.01)[0] == between


def test_behind_the_end_the_last_frame_is_shown(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", counting(20), fps=25.0)
    assert shown_at(clip, 100.0) == (19, pytest.approx(19 / 25.0, abs=1e-4))


@pytest.mark.parametrize("index", [3, 11, 12, 25])
def test_a_frame_is_found_where_the_rate_varies(tmp_path: Path, index: int) -> None:
    clip = write_clip(tmp_path / "clip.mp4", counting(30), fps=25.0)
    d = frame_duration(clip)
    durations = [d // 4] * 12 + [4 * d] + [d] * 17
    tick = set_frame_durations(clip, durations)
    time = sum(durations[:index]) * tick
    assert shown_at(clip, time) == (index, pytest.approx(time, abs=1e-4))


def read_from(path: Path, start: float, end: float | None = None) -> list[Frame]:
    with Video(path) as video:
        return list(video.frames_from(start, end))


@pytest.mark.parametrize("codec", ["mp4v", "MJPG"])
@pytest.mark.parametrize("start", [0.2, 1.0, 1.234, 2.36])
def test_reading_from_a_time_gives_the_very_frames_of_reading_all(tmp_path: Path, codec: str, start: float) -> None:
    clip = write_clip(tmp_path / ("clip.mp4" if codec == "mp4v" else "clip.avi"), moving(60), codec=codec)
    with Video(clip) as video:
        all_frames = list(video.frames(start))
    sought = read_from(clip, start)
    assert [frame.time for frame in sought] == [frame.time for frame in all_frames]
    for one, other in zip(sought, all_frames, strict=True):
        np.testing.assert_array_equal(one.view, other.view)
    assert [b.index - a.index for a, b in pairwise(sought)] == [1] * (len(sought) - 1)


def test_reading_from_a_time_is_exact_where_the_rate_varies(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", counting(34), fps=25.0)
    d = frame_duration(clip)
    set_frame_durations(clip, [d // 4] * 12 + [9 * d] + [d] * 21)
    whole = [(frame.time, int(frame.view.mean())) for frame in read_from_start(clip)]
    for time, _ in whole[5::4]:
        assert [(f.time, int(f.view.mean())) for f in read_from(clip, time)] == [
            pair for pair in whole if pair[0] >= time
        ]


def test_reading_from_a_time_ends_at_the_out_point(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", counting(30), fps=25.0)
    np.testing.assert_allclose([frame.time for frame in read_from(clip, 0.4, 0.6)], np.arange(10, 16) / 25.0, atol=1e-6)


def test_what_cannot_be_sought_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = write_clip(tmp_path / "clip.mp4", grey(30))
    monkeypatch.setattr(_FileReader, "seek", lambda _self, _time: None)
    assert len(read_from(clip, 0.4)) == 20  # it went on behind the first frame, which is before
    monkeypatch.setattr(_FileReader, "seek", lambda self, _time: [self.grab() for _ in range(25)])
    with pytest.raises(NotSeekable):
        read_from(clip, 0.4)


def read_from_start(path: Path) -> list[Frame]:
    with Video(path) as video:
        return list(video.frames())


def moving(count: int) -> list[np.ndarray]:
    rows = np.random.default_rng(1).integers(0, 255, (96, 128, 3), dtype=np.uint8)
    return [np.roll(rows, 3 * i, axis=1) for i in range(count)]


def test_frames_are_views_that_can_be_had_in_one_piece(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "blue.mp4", [np.full((96, 128, 3), (10, 20, 240), np.uint8)] * 2)
    (frame, _) = read_from_start(clip)
    np.testing.assert_array_equal(frame.view, frame.image)
    assert frame.image.flags.c_contiguous and frame.image is frame.image
