# SPDX-License-Identifier: GPL-3.0-or-later
"""Decode footage: frames with the container's own timestamps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ..channels import whole_rgb
from ..errors import CaptureError
from ..paths import is_file, is_folder
from ..settings import SEQUENCE_RATE
from ..tracking.scene_cut import Thumbnail
from .frame_size import Size, in_size, size_of
from .image_sequence import SequenceReader, sequence_from
from .photo import silent_opencv

#: Frame rate to assume where a container names none.
_FALLBACK_FPS = 25.0
#: Seconds within which two time stamps mean the same frame.
_SAME_TIME = 0.001
#: How long before the wanted time seeking begins to look: frames at first, then seconds.
_SEEK_FRAMES, _SEEK_SECONDS, _SEEK_FAR_SECONDS = 4, 2.0, 20.0
#: Seconds without a frame that are believed: beyond the container's own duration, and within it.
_LONGEST_GAP = (60.0, 600.0)
#: How often decoding goes on after FFmpeg gave up: each time it skips up to 64 packets that cannot be decoded.
_TRIES = 256
#: First bytes of photo files; FFmpeg would play them as a clip of one frame.
_PHOTO_SIGNATURES: tuple[tuple[int, bytes], ...] = (
    (0, b"\xff\xd8\xff"),  # JPEG
    (0, b"\x89PNG\r\n"),
    (0, b"BM"),
    (0, b"II*\x00"),  # TIFF
    (0, b"MM\x00*"),
    (0, b"v/1\x01"),  # OpenEXR
    (0, b"SDPX"),  # film scans
    (0, b"XPDS"),
    (0, b"\x80\x2a\x5f\xd7"),  # Cineon
    (0, b"\x00\x00\x00\x0cjP  "),  # JPEG 2000
    (8, b"WEBP"),
    (4, b"ftypheic"),
    (4, b"ftypheix"),
    (4, b"ftypmif1"),
    (4, b"ftypavif"),
)


class NotSeekable(Exception):
    """The frames from some time on cannot be found but by decoding all before them."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a video."""

    index: int  # from the start of the file, whatever the in point
    time: float  # seconds since the file's first frame
    view: NDArray[np.uint8]  # (H, W, 3) RGB, upright; a view of what the decoder made, see ``channels.py``

    @cached_property
    def image(self) -> NDArray[np.uint8]:
        """The picture (H, W, 3) RGB in one piece, for whom a view is not enough; made when it is asked for."""
        return whole_rgb(self.view)

    @cached_property
    def thumbnail(self) -> Thumbnail:
        """What ``SceneCuts`` compares; made when it is asked for."""
        return Thumbnail(self.view)


@dataclass(frozen=True)
class VideoInfo:
    """What a container says of itself; the frames themselves may say otherwise."""

    width: int  # pixels, after rotation
    height: int
    fps: float  # mean rate; the frames' own timestamps count
    frame_count: int  # estimate; 0 = unknown
    codec: str = ""  # four letters, as the container names it; "" = unknown or numbered pictures
    rotated: bool = False  # the container asks for turning the pictures upright, which has been done
    is_sequence: bool = False  # numbered pictures, no container

    @property
    def duration(self) -> float:
        """Seconds, estimated; 0 = unknown."""
        return self.frame_count / self.fps


class Video:
    """An open video file, or the first of numbered pictures; use it in a ``with`` block.

    >>> with Video("clip.mp4") as video:            # doctest: +SKIP
    ...     for frame in video.frames(start=1.0, end=3.0):
    ...         print(frame.time, frame.image.shape)
    """

    def __init__(
        self, path: Path | str, *, sequence_rate: float = SEQUENCE_RATE, decoder_threads: int | None = None
    ) -> None:
        """Open a video; numbered pictures have ``sequence_rate`` frames per second.

        ``decoder_threads``: what FFmpeg may use; None = one for each core. Frames are the same, but several threads
        cost more in all: they hand every frame to one another.

        Raises:
            CaptureError: the file is missing, empty, a single photo, or no video that can be decoded.
        """
        self.path = Path(path)
        self._size: Size | None = None
        pictures = _check_file(self.path)
        self._reader: _Reader
        if pictures:
            sequence = SequenceReader(pictures, sequence_rate)
            self._reader = sequence
            self.info = VideoInfo(*sequence.size, sequence_rate, sequence.frame_count, is_sequence=True)
        else:
            capture = _open(self.path, decoder_threads)
            self._reader = _FileReader(capture)
            self.info = _read_info(capture)

    def __enter__(self) -> Video:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._reader.release()

    def frames(
        self, start: float = 0.0, end: float | None = None, on_skip: Callable[[], None] | None = None
    ) -> Iterator[Frame]:
        """Frames with ``start`` ≤ time ≤ ``end`` (seconds), in order; can be read once.

        Times are the container's presentation times counted from the first frame; they strictly
        increase. Where a container has none, the mean frame rate stands in. ``on_skip`` is called
        for each frame before the in point.

        Raises:
            CaptureError: not one frame can be decoded.
        """
        first = self._reader.grab()
        if first is None:
            raise _undecodable(self.path)
        self._note_size()
        # Decoding up to the in point is always exact; seeking by time is not.
        yield from self._frames(first, _Clock(self.info.fps, self.info.duration), start, end, on_skip)

    def frames_from(
        self, start: float, end: float | None = None, on_skip: Callable[[], None] | None = None
    ) -> Iterator[Frame]:
        """The frames that :meth:`frames` gives with ``start`` ≤ time, without decoding all before; can be read once.

        Their ``index`` counts on, but not from the start of the file. That they are the very same only those know who
        compare some of them: a container may tell other time stamps after seeking, or pictures before a key frame.

        Raises:
            NotSeekable: no frame before ``start`` can be found.
            CaptureError: not one frame can be decoded.
        """
        first = self._reader.grab()
        if first is None:
            raise _undecodable(self.path)
        clock = _Clock(self.info.fps, self.info.duration)
        clock.tick(first[1])
        self._note_size()
        step = 1.0 / self.info.fps
        for margin in (_SEEK_FRAMES * step, _SEEK_SECONDS, _SEEK_FAR_SECONDS):
            self._reader.seek(clock.stamp_of(max(start - margin, 0.0)))
            found = self._reader.grab()
            # Only a frame before the wanted ones shows that none of them was missed.
            if found is not None and clock.stamp_of(start) > found[1]:
                clock.last = -np.inf  # the next frame is none that follows the first
                yield from self._frames(found, clock, start, end, on_skip)
                return
        raise NotSeekable

    def _frames(
        self,
        grabbed: tuple[int, float] | None,
        clock: _Clock,
        start: float,
        end: float | None,
        on_skip: Callable[[], None] | None,
    ) -> Iterator[Frame]:
        while grabbed is not None:
            index, stamp = grabbed
            time = clock.tick(stamp)
            if end is not None and time > end:
                return
            image = self._reader.retrieve() if time >= start else None
            if image is not None and image.size:
                self._size = self._size or size_of(image)
                yield Frame(index, time, _rgb_view(in_size(image, self._size)))
            elif time < start and on_skip is not None:
                on_skip()
            grabbed = self._reader.grab()

    def _note_size(self) -> None:
        """All pictures get the size of the first: cameras and screen recorders may change theirs on the way."""
        image = self._reader.retrieve()
        self._size = size_of(image) if image is not None and image.size else self._size

    def stamps(self, count: int, start: float = 0.0) -> list[float]:
        """Time stamps in seconds, as the container has them, of at most ``count`` frames from about ``start`` on."""
        if start > 0.0:
            self._reader.seek(start)
        found: list[float] = []
        while len(found) < count and (grabbed := self._reader.grab()) is not None:
            found.append(grabbed[1])
        return found

    def frame_at(self, time: float) -> Frame:
        """The first frame not before ``time`` seconds, found quickly by seeking: for a look at it.

        Its own time may differ from the one :meth:`frames` gives it where time stamps are damaged. Beyond the
        footage's end it is the last frame. Do not use :meth:`frames` of the same object afterwards.

        Raises:
            CaptureError: not one frame can be decoded.
        """
        first = self._reader.grab()
        if first is None:
            raise _undecodable(self.path)
        origin, step = max(first[1], 0.0), 1.0 / self.info.fps
        if self.info.frame_count:
            time = min(time, self.info.duration - step)
        frame = self._retrieve(first, origin)
        if time > _SAME_TIME:
            # OpenCV counts frames, which misses the place where the rate varies: each try starts earlier.
            for margin in (_SEEK_FRAMES * step, _SEEK_SECONDS, time):
                found = self._seek(time, min(margin, time), origin)
                if found is not None:
                    return found
        if frame is None:
            raise _undecodable(self.path)
        return frame

    def _seek(self, time: float, margin: float, origin: float) -> Frame | None:
        """The first frame from ``time`` on, searched from ``margin`` seconds before, or the last one there is.

        None when reading went on behind ``time`` at once.
        """
        self._reader.seek(origin + time - margin)
        frame: Frame | None = None
        while (grabbed := self._reader.grab()) is not None:
            late = grabbed[1] - origin - time
            if late > _SAME_TIME and frame is None and margin < time:
                return None
            frame = self._retrieve(grabbed, origin) or frame
            if late >= -_SAME_TIME and frame is not None:
                return frame
        return frame

    def _retrieve(self, grabbed: tuple[int, float], origin: float) -> Frame | None:
        image = self._reader.retrieve()
        if image is None or not image.size:
            return None
        return Frame(grabbed[0], max(grabbed[1] - origin, 0.0), _rgb_view(image))


class _Reader(Protocol):
    """Where pictures come from."""

    def grab(self) -> tuple[int, float] | None:
        """Go to the next frame: its index and its time stamp in seconds; None at the end."""

    def retrieve(self) -> NDArray | None:
        """The frame's picture, grey or BGR; None when it cannot be decoded."""

    def seek(self, time: float) -> None:
        """Go on about there, stamp in seconds; frames are no longer counted rightly."""

    def release(self) -> None:
        """Let go of the file."""


class _FileReader:
    """A container that FFmpeg reads."""

    def __init__(self, capture: cv2.VideoCapture) -> None:
        self._capture = capture
        self._index = -1

    def grab(self) -> tuple[int, float] | None:
        # FFmpeg gives up where a longer piece of the file is damaged; behind it, it may go on.
        if not self._capture.grab() and not (self._index >= 0 and self._misses_frames() and self._try_on()):
            return None
        self._index += 1
        return self._index, self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0

    def _misses_frames(self) -> bool:
        return self._index + 1 < self._capture.get(cv2.CAP_PROP_FRAME_COUNT)

    def _try_on(self) -> bool:
        return any(self._capture.grab() for _ in range(_TRIES))

    def retrieve(self) -> NDArray | None:
        decoded, image = self._capture.retrieve()
        return image if decoded else None

    def seek(self, time: float) -> None:
        self._capture.set(cv2.CAP_PROP_POS_MSEC, max(time, 0.0) * 1000.0)

    def release(self) -> None:
        self._capture.release()


class _Clock:
    """Turns a container's timestamps into seconds that start at 0 and strictly increase."""

    def __init__(self, fps: float, duration: float = 0.0) -> None:
        """``duration``: the container's own, seconds; 0 = unknown."""
        self._step = 1.0 / fps
        self._duration = duration
        self._usual = self._step  # the latest interval: a jump spoils the mean rate
        self._first: float | None = None
        self.last = 0.0

    def tick(self, stamp: float) -> float:
        if self._first is None:
            # For a first frame stamped 0 OpenCV reports its decoding time, which B-frames make negative.
            self._first = max(stamp, 0.0) if np.isfinite(stamp) else 0.0
            return 0.0
        time = stamp - self._first
        if not np.isfinite(time) or time <= self.last:
            time = self.last + self._step
        elif np.isfinite(self.last) and time - self.last > _LONGEST_GAP[int(time <= self._duration)]:
            # The camera's clock was set, or the stamp is damaged: the next ones count from here.
            time = self.last + self._usual
            self._first = stamp - time
        elif time - self.last > _SAME_TIME and np.isfinite(self.last):
            self._usual = time - self.last
        self.last = time
        return time

    def stamp_of(self, time: float) -> float:
        """The container's timestamp at ``time`` seconds."""
        return time + (self._first or 0.0)


def _check_file(path: Path) -> list[tuple[int, Path]]:
    """The numbered pictures that begin with a photo, or nothing for what may be a video."""
    if is_folder(path):
        raise CaptureError(f"{path} is a folder; pick a video, or the first of numbered pictures.")
    if not is_file(path):
        raise CaptureError(f"There is no video at {path}; check the path.")
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise CaptureError(f"The video {path} cannot be read ({error.strerror}); check its permissions.") from error
    if not head:
        raise CaptureError(f"The file {path} is empty; pick another video file.")
    if not any(head[offset:].startswith(signature) for offset, signature in _PHOTO_SIGNATURES):
        return []
    pictures = sequence_from(path)
    if not pictures:
        raise CaptureError(f"{path} is a photo, not a video; pick a video, or the first of numbered pictures.")
    return pictures


def _undecodable(path: Path) -> CaptureError:
    return CaptureError(f"No picture in {path} can be decoded; convert it to MP4 (H.264), or use another copy of it.")


def _open(path: Path, threads: int | None) -> cv2.VideoCapture:
    options = [] if threads is None else [cv2.CAP_PROP_N_THREADS, threads]
    with silent_opencv():
        capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, options)
    # Turn phone footage upright as its rotation flag says, width and height included.
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
    if not capture.isOpened():
        raise CaptureError(
            f"{path} is not a video that can be decoded; it may be cut short or of an unknown format: "
            "pick another file or convert it to MP4."
        )
    return capture


def _read_info(capture: cv2.VideoCapture) -> VideoInfo:
    fps = capture.get(cv2.CAP_PROP_FPS)
    count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    return VideoInfo(
        width=int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
        height=int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        fps=float(fps) if np.isfinite(fps) and 0.0 < fps < 1e4 else _FALLBACK_FPS,
        frame_count=int(count) if np.isfinite(count) and 0 < count < 1e8 else 0,
        codec=_four_letters(int(capture.get(cv2.CAP_PROP_FOURCC))),
        rotated=int(capture.get(cv2.CAP_PROP_ORIENTATION_META)) % 360 != 0,
    )


def _four_letters(code: int) -> str:
    letters = code.to_bytes(4, "little", signed=code < 0).decode("ascii", errors="replace")
    return letters if letters.isprintable() else ""


def _rgb_view(image: NDArray) -> NDArray[np.uint8]:
    if image.ndim == 2:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2RGB).astype(np.uint8, copy=False)
    return image[..., ::-1]
