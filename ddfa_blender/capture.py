# SPDX-License-Identifier: GPL-3.0-or-later
"""Footage → Take: the one expensive pass over a video."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import CaptureCancelled, CaptureError
from .face_model import BUNDLED_BASIS
from .footage.video import Video, VideoInfo
from .model_folder import ModelFolder
from .names import ARKIT_NAMES, PARAMETER_COUNT
from .settings import CaptureSettings
from .take import Take, TakeHeader
from .timing import StageTimings
from .tracking.detector import Detector
from .tracking.face_path import FacePath, find_path
from .tracking.tracker import FaceDetector, FaceFit, FaceFitter, Tracker

__all__ = ["CaptureSettings", "Engine", "capture"]

#: A video stopped early when it lacks more than this share of the frames that its header names, and
#: more than this count: edit lists hide a few, and some containers only estimate.
_MISSING_SHARE = 0.05
_MISSING_COUNT = 5


@dataclass(frozen=True, eq=False)
class Engine:
    """The loaded networks and model; load once, use for many videos and photos."""

    fitter: FaceFitter
    detector: FaceDetector
    model_name: str
    model_sha256: str
    basis: str = BUNDLED_BASIS  # of the coefficients
    absent_outputs: tuple[str, ...] = ()  # what the network does not measure

    @classmethod
    def load(cls, model: Path | str | None = None) -> Engine:
        """Load the model folder ``model`` (None = the bundled one) and the bundled detector.

        Raises:
            CaptureError: there is no such folder, or a model file or onnxruntime is missing or broken.
        """
        folder = ModelFolder.at(model)
        regressor, face = folder.regressor(), folder.face_model()
        fitter = FaceFitter.of(regressor, face)
        return cls(fitter, Detector(), regressor.name, regressor.digest, face.basis, tuple(regressor.absent_outputs))


def capture(
    video_path: Path | str,
    *,
    settings: CaptureSettings | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    engine: Engine | None = None,
    model: Path | str | None = None,
    timings: StageTimings | None = None,
    watch: Callable[[NDArray[np.uint8], FaceFit | None], None] | None = None,
) -> Take:
    """Track the face in a video.

    Args:
        video_path: the footage.
        settings: in and out point, choice of face, thresholds.
        progress: called with (frames done, estimated frames in all) after each frame; 0 in all = unknown. No frame
            is done yet while a face that was picked in another frame is followed to the in point.
        cancelled: asked before each frame; True stops the work.
        engine: loaded networks; None loads those of ``model``.
        model: model folder (see ``model_folder.py``); None = the bundled one.
        timings: gets the seconds of the stages ``load``, ``pick``, ``decode``, ``detect``, ``regress``.
        watch: shown each picture (H, W, 3) RGB and the face in it (None = lost) once it is tracked; must not keep
            or change the picture.

    Raises:
        CaptureError: the video cannot be used, has no face, none where one was picked, or a model file is missing.
        CaptureCancelled: ``cancelled`` said so.
    """
    settings = settings or CaptureSettings()
    timings = timings or StageTimings()
    path = Path(video_path)
    with Video(path, sequence_rate=settings.sequence_rate) as video:
        with timings.stage("load"):
            engine = engine or Engine.load(model)
        with timings.stage("pick"):
            picked = _find_picked(path, engine, settings, _count_in_range(video.info, settings), progress, cancelled)
        tracker = Tracker(engine.fitter, engine.detector, settings, timings, picked)
        track = _track(video, tracker, settings, timings, progress, cancelled, watch)
        info = video.info
    if not track.times:
        raise CaptureError(f"{path.name} has no frame between the in and the out point; move them into the footage.")
    if not any(fit is not None for fit in track.fits):
        raise CaptureError(f"No face was found in {path.name}; use footage in which a face is clearly visible.")
    header = TakeHeader(
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
    return _make_take(track, header)


@dataclass(eq=False)
class _Track:
    """What one pass has gathered so far."""

    times: list[float] = field(default_factory=list)
    fits: list[FaceFit | None] = field(default_factory=list)
    width: int = 0
    height: int = 0
    decoded: int = 0  # frames from the start of the file


def _track(
    video: Video,
    tracker: Tracker,
    settings: CaptureSettings,
    timings: StageTimings,
    progress: Callable[[int, int], None] | None,
    cancelled: Callable[[], bool] | None,
    watch: Callable[[NDArray[np.uint8], FaceFit | None], None] | None,
) -> _Track:
    def check_cancelled() -> None:
        if cancelled is not None and cancelled():
            raise CaptureCancelled

    track = _Track()
    total = _count_in_range(video.info, settings)
    frames = video.frames(settings.start, settings.end, on_skip=check_cancelled)
    while True:
        check_cancelled()
        with timings.stage("decode"):
            frame = next(frames, None)
        if frame is None:
            return track
        track.decoded = frame.index + 1
        track.height, track.width = frame.image.shape[:2]
        track.fits.append(tracker.step(frame.image, frame.time))
        track.times.append(frame.time)
        if watch is not None:
            watch(frame.image, track.fits[-1])
        if progress is not None:
            progress(len(track.times), max(total, len(track.times)) if total else 0)


def _find_picked(
    path: Path,
    engine: Engine,
    settings: CaptureSettings,
    total: int,
    progress: Callable[[int, int], None] | None,
    cancelled: Callable[[], bool] | None,
) -> FacePath | None:
    """Follow the face that the user picked in some frame to the in point."""
    if settings.face_hint_time is None:
        return None

    def report() -> None:
        if progress is not None:
            progress(0, total)

    def open_video() -> Video:
        return Video(path, sequence_rate=settings.sequence_rate)

    return find_path(open_video, engine.detector, settings, report, cancelled)


def _count_in_range(info: VideoInfo, settings: CaptureSettings) -> int:
    if not info.frame_count:
        return 0
    end = info.duration if settings.end is None else min(settings.end, info.duration)
    return max(1, round((end - settings.start) * info.fps))


def _stopped_early(decoded: int, expected: int) -> bool:
    return expected - decoded > max(_MISSING_COUNT, _MISSING_SHARE * expected)


def _make_take(track: _Track, header: TakeHeader) -> Take:
    count = len(track.times)
    params = np.full((count, PARAMETER_COUNT), np.nan, np.float32)
    confidence = np.zeros(count, np.float32)
    roi = np.full((count, 4), np.nan)
    landmarks68 = np.full((count, 68, 3), np.nan, np.float32)
    arkit = np.full((count, len(ARKIT_NAMES)), np.nan, np.float32)
    for i, fit in enumerate(track.fits):
        if fit is not None:
            params[i], confidence[i], roi[i] = fit.params, fit.confidence, fit.roi
            landmarks68[i], arkit[i] = fit.landmarks68, fit.arkit
    return Take(np.array(track.times), params, confidence, roi, landmarks68, arkit, header)
