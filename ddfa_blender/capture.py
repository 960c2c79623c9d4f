# SPDX-License-Identifier: GPL-3.0-or-later
"""Footage → Take: the one expensive pass over a video."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from .errors import CaptureError, check_cancelled
from .face_model import BUNDLED_BASIS
from .footage.read_ahead import ReadAhead
from .footage.video import Frame, Video, VideoInfo
from .model_folder import MORPHABLE_MODEL, REGRESSOR, ModelFolder
from .paths import model_file
from .reading_along import ReadingAlong
from .segments import SegmentedPass, Watch, begins_of
from .settings import CaptureSettings
from .solutions import face_model
from .take import Take, TakeHeader
from .timing import StageTimings
from .track import Track
from .tracking.detector import Detector
from .tracking.face_path import FacePath, find_path
from .tracking.lean import lean_note
from .tracking.tracker import FaceDetector, FaceFitter, Tracker
from .tracking.upright_reader import UPRIGHT_NETWORK, MirroredReader, Reader, UprightReader

__all__ = ["CaptureSettings", "Engine", "capture"]

#: A video stopped early when it lacks more than this share of the frames that its header names, and
#: more than this count: edit lists hide a few, and some containers only estimate.
_MISSING_SHARE = 0.05
_MISSING_COUNT = 5

#: Pixels of a frame up to which one thread decodes it in less time than it takes to track the one before. Several would
#: only hand frames to one another.
_DECODED_ON_ONE_THREAD = 1280 * 720


@dataclass(frozen=True, eq=False)
class Engine:
    """The loaded networks and model; load once, use for many videos and photos."""

    fitter: FaceFitter
    detector: FaceDetector
    model_name: str
    model_sha256: str
    basis: str = BUNDLED_BASIS  # of the coefficients
    absent_outputs: tuple[str, ...] = ()  # what the network does not measure
    reader: Reader | None = None  # of upright faces; None: nothing is read off them

    @classmethod
    def load(cls, model: Path | str | None = None) -> Engine:
        """Load the model folder ``model`` (None = the bundled one) and the bundled detector.

        Raises:
            CaptureError: there is no such folder, or a model file or onnxruntime is missing or broken.
        """
        folder = ModelFolder.at(model)
        regressor, face = folder.regressor(), face_model(folder.path)
        fitter = FaceFitter.of(regressor, face)
        # Its weights are those of our own head.
        reader = UprightReader() if face.basis == BUNDLED_BASIS else None
        absent = tuple(regressor.absent_outputs)
        return cls(fitter, Detector(), regressor.name, regressor.digest, face.basis, absent, reader)

    def looking_twice(self) -> Engine:
        """The same with a mirrored second look at each face, as ``CaptureSettings.high_quality`` asks for.

        Raises:
            CaptureError: the model has no mirror image.
        """
        reader = None if self.reader is None else MirroredReader(self.reader)
        return replace(self, fitter=self.fitter.looking_twice(), reader=reader)

    @classmethod
    def kept(cls, model: Path | str | None = None) -> Engine:
        """The same, without loading again what was loaded lately and has not changed since; any thread may ask.

        Raises:
            CaptureError: as :meth:`load`.
        """
        path = ModelFolder.at(model).path
        bundled = (model_file(name) for name in ("face_detector.onnx", UPRIGHT_NETWORK))
        files = [path / REGRESSOR, path / MORPHABLE_MODEL, *bundled]
        key = tuple((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files if file.is_file())
        with _keeping:
            engine = _kept.pop(key, None) or cls.load(model)
            while len(_kept) >= _KEPT_ENGINES:
                del _kept[next(iter(_kept))]
            _kept[key] = engine  # the newest is the last
            return engine


_keeping = threading.Lock()
#: The engines that were used last, by the state of their files: the bundled one shows footage, another may capture.
_KEPT_ENGINES = 2
_kept: dict[tuple[tuple[str, int, int], ...], Engine] = {}


def capture(
    video_path: Path | str,
    *,
    settings: CaptureSettings | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    engine: Engine | None = None,
    model: Path | str | None = None,
    timings: StageTimings | None = None,
    watch: Watch | None = None,
    workers: int = 1,
    notes: list[str] | None = None,
) -> Take:
    """Track the face in a video.

    Decoding always runs on a thread of its own. ``workers`` > 1 tracks as many segments of the clip side by side; the
    take is the same (see ``segments.py``).

    Args:
        video_path: the footage.
        settings: in and out point, choice of face, thresholds.
        progress: called with (frames done, estimated frames in all) after each frame, or with several workers a few
            times a second; 0 in all = unknown. No frame is done yet while a face that was picked in another frame is
            followed to the in point.
        cancelled: asked before each frame, or a few times a second; True stops the work.
        engine: loaded networks; None takes those of ``model``, which stay loaded for the next capture.
        model: model folder (see ``model_folder.py``); None = the bundled one.
        timings: gets the seconds of the stages ``load``, ``pick``, ``decode``, ``detect``, ``regress``, ``read``.
        watch: shown each picture (H, W, 3) RGB and the face in it (None = lost) once it is tracked, or with several
            workers those of the earliest segment at work; must not keep or change the picture, which may be a view
            (``channels.whole_rgb`` makes it whole). Called on one thread at a time.
        workers: segments that are tracked side by side, each on a thread; fewer where the clip is too short.
        notes: gets a sentence for each reason why fewer workers did the work, and one where the head lies on its side.

    Raises:
        CaptureError: the video cannot be used, has no face, none where one was picked, the pick lies
            outside the picture, a model file is missing, or the model is not good for high quality.
        CaptureCancelled: ``cancelled`` said so.
    """
    settings = settings or CaptureSettings()
    timings = timings or StageTimings()
    path = Path(video_path)
    open_video = partial(Video, path, sequence_rate=settings.sequence_rate)
    open_lightly = partial(open_video, decoder_threads=1)
    with open_lightly() as video:
        info = video.info
        _check_pick(settings, info)
        listener = _Listener(progress, cancelled, watch, _count_in_range(info, settings))
        with timings.stage("load"):
            engine = engine or Engine.kept(model)
            engine = engine.looking_twice() if settings.high_quality else engine
        with timings.stage("pick"):
            picked = _find_picked(open_video, engine, settings, listener)
        make_tracker = partial(Tracker, engine.fitter, engine.detector, settings, timings, picked, info.fps)
        begins = _begins(info, settings, listener.total, workers)
        if len(begins) == 1:
            is_small = info.width * info.height <= _DECODED_ON_ONE_THREAD
            with nullcontext(video) if is_small else open_video() as opened:
                track = _track(opened, make_tracker(), engine.reader, settings, timings, listener)
        else:
            segmented = SegmentedPass(begins, settings.end, open_lightly, make_tracker, timings, watch, engine.reader)
            track = segmented.run(listener.report, listener.is_cancelled)
            if notes is not None:
                notes.extend(segmented.notes())
    _check_found(track, path)
    take = track.take(_header(path, info, track, engine, settings))
    lean = lean_note(take.landmarks68)
    if notes is not None and lean is not None:
        notes.append(lean)
    return take


@dataclass(frozen=True, eq=False)
class _Listener:
    """Whom to tell how far it is, and whom to ask whether to go on."""

    progress: Callable[[int, int], None] | None
    cancelled: Callable[[], bool] | None
    watch: Watch | None
    total: int  # frames, estimated; 0 = unknown

    def report(self, done: int) -> None:
        if self.progress is not None:
            self.progress(done, max(self.total, done) if self.total else 0)

    def is_cancelled(self) -> bool:
        return self.cancelled is not None and self.cancelled()

    def check(self) -> None:
        check_cancelled(self.cancelled)


def _track(
    video: Video,
    tracker: Tracker,
    reader: Reader | None,
    settings: CaptureSettings,
    timings: StageTimings,
    listener: _Listener,
) -> Track:
    """Track the whole clip, while the next frames are decoded."""
    track = Track()

    def read(on_skip: Callable[[], None]) -> Iterator[Frame]:
        return video.frames(settings.start, settings.end, on_skip=on_skip)

    with ReadingAlong(reader, video.info.fps, timings) as along, ReadAhead(read, timings) as ahead:
        while True:
            listener.check()
            frame = ahead.next(listener.check)
            if frame is None:
                track.readings = along.readings()
                return track
            fit = tracker.step(frame.view, frame.time, frame.thumbnail)
            track.add(frame, fit)
            along.add(frame.view, fit, frame.time)
            if listener.watch is not None:
                listener.watch(frame.view, fit)
            listener.report(len(track))


def _check_found(track: Track, path: Path) -> None:
    """Raises: CaptureError: there is nothing to make a take of."""
    if not track.times:
        raise CaptureError(f"{path.name} has no frame between the in and the out point; move them into the footage.")
    if not any(fit is not None for fit in track.fits):
        raise CaptureError(f"No face was found in {path.name}; use footage in which a face is clearly visible.")


def _header(path: Path, info: VideoInfo, track: Track, engine: Engine, settings: CaptureSettings) -> TakeHeader:
    return TakeHeader(
        source=path.name,
        width=track.width,
        height=track.height,
        fps=info.fps,
        model=engine.model_name,
        model_sha256=engine.model_sha256,
        settings=asdict(settings),
        expected_frames=info.frame_count,
        stopped_early=settings.end is None and _stopped_early(track.decoded, info.frame_count),
        basis=engine.basis,
        absent_outputs=list(engine.absent_outputs),
    )


def _check_pick(settings: CaptureSettings, info: VideoInfo) -> None:
    """Raises: CaptureError: the picked point lies outside the picture."""
    if settings.face_hint is None or not (info.width and info.height):
        return
    x, y = settings.face_hint
    if not (0.0 <= x <= info.width and 0.0 <= y <= info.height):
        raise CaptureError(
            f"The picked face at ({x:g}, {y:g}) lies outside the picture of {info.width} × {info.height} pixels; "
            "pick it again."
        )


def _find_picked(
    open_video: Callable[[], Video], engine: Engine, settings: CaptureSettings, listener: _Listener
) -> FacePath | None:
    """Follow the face that the user picked in some frame to the in point."""
    if settings.face_hint_time is None:
        return None
    return find_path(open_video, engine.detector, settings, partial(listener.report, 0), listener.is_cancelled)


def _begins(info: VideoInfo, settings: CaptureSettings, total: int, workers: int) -> list[float]:
    """Where to begin, seconds: one place, or some that cut the clip into equal parts."""
    if not total:
        return [settings.start]  # nobody knows how long it is
    end = info.duration if settings.end is None else min(settings.end, info.duration)
    return begins_of(settings.start, end, total, workers)


def _count_in_range(info: VideoInfo, settings: CaptureSettings) -> int:
    if not info.frame_count:
        return 0
    end = info.duration if settings.end is None else min(settings.end, info.duration)
    return max(1, round((end - settings.start) * info.fps))


def _stopped_early(decoded: int, expected: int) -> bool:
    return expected - decoded > max(_MISSING_COUNT, _MISSING_SHARE * expected)
