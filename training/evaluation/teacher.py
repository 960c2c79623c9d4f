# SPDX-License-Identifier: GPL-3.0-or-later
"""Let the labels' teacher, MediaPipe's Face Landmarker, look at everything that we are scored on, and keep what it saw.

    .venvs/teacher/bin/python -m training.evaluation.teacher face_landmarker.task     (`tools.measure_teacher` does it)

Writes ``training/data/teacher/NAME.MODE.npz`` (see teacher_tracks.py); files that exist are kept. Clips are looked at
in both of the teacher's modes, with frames, order and times of ``ddfa_blender.footage.video``:

* VIDEO with one face: as the teacher is used on footage; it follows the face and steadies its landmarks (one-euro
  filter). This is the reference of the scores, for it is the teacher at its best on a clip.
* IMAGE: each frame by itself, as the training crops were labelled (each the median of five such looks). Its agreement
  with VIDEO shows how exact the reference is.

Only this module needs mediapipe.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
from mediapipe import Image, ImageFormat
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import FaceLandmarker, FaceLandmarkerOptions, RunningMode
from numpy.typing import NDArray

from ddfa_blender.atomic import write_atomically
from ddfa_blender.errors import CaptureError
from ddfa_blender.footage.video import Video
from ddfa_blender.names import ARKIT_NAMES

from .covered_photos import COVERED_SHARE, covered_photos
from .material import (
    EMPTY_CLIP,
    FRESH_CLIPS,
    RENDERED_CLIP,
    TEST_RENDERS,
    TRAINED_CLIPS,
    bench_photos,
    clip_path,
    rendered_heads,
    require_shared,
)
from .teacher_tracks import COVERED_PHOTOS, PHOTOS, RENDERS, TeacherTrack

_LANDMARKS = 478
#: Pictures of training size are enlarged by this much: the teacher's detector is made for faces that fill less of a
#: larger picture.
_ENLARGEMENT = 3


class Teacher:
    """MediaPipe's Face Landmarker in one of its modes; use it in a ``with`` block, one for each clip."""

    def __init__(self, task: Path, mode: str) -> None:
        self._video = mode == "video"
        self._last = -1  # milliseconds; must increase
        self._landmarker = FaceLandmarker.create_from_options(
            FaceLandmarkerOptions(
                base_options=BaseOptions(model_asset_path=str(task)),
                running_mode=RunningMode.VIDEO if self._video else RunningMode.IMAGE,
                num_faces=1,
                output_face_blendshapes=True,
                output_facial_transformation_matrixes=True,
            )
        )

    def __enter__(self) -> Teacher:
        return self

    def __exit__(self, *_: object) -> None:
        self._landmarker.close()

    def look(self, image: NDArray[np.uint8], time: float = 0.0) -> tuple[NDArray, NDArray, NDArray]:
        """Landmarks (478, 3), scores (52,) and head matrix (4, 4) in a picture at ``time`` seconds.

        NaN where there is no face.
        """
        picture = Image(image_format=ImageFormat.SRGB, data=np.ascontiguousarray(image))
        if self._video:
            self._last = max(self._last + 1, round(1000.0 * time))
            result = self._landmarker.detect_for_video(picture, self._last)
        else:
            result = self._landmarker.detect(picture)
        return _measurements(result, image.shape)


def _measurements(result: Any, shape: tuple[int, ...]) -> tuple[NDArray, NDArray, NDArray]:
    if not result.face_landmarks:
        return np.full((_LANDMARKS, 3), np.nan), np.full(len(ARKIT_NAMES), np.nan), np.full((4, 4), np.nan)
    height, width = shape[:2]
    points = np.array([[point.x * width, point.y * height, point.z * width] for point in result.face_landmarks[0]])
    scores = {category.category_name: category.score for category in result.face_blendshapes[0]}
    arkit = np.array([scores.get(name, 0.0) for name in ARKIT_NAMES])
    return points, arkit, np.asarray(result.facial_transformation_matrixes[0])


def store(name: str, mode: str, task: Path, pictures: Callable[[], Iterable[tuple[NDArray[np.uint8], float]]]) -> None:
    """Look at all ``pictures`` (image, seconds) and write the track, unless it is there."""
    path = TeacherTrack.path(name, mode)
    if path.exists():
        return
    with Teacher(task, mode) as teacher:
        looks = [teacher.look(image, time) for image, time in pictures()]
    landmarks, arkit, matrix = (np.stack(values).astype(np.float32) for values in zip(*looks, strict=True))

    def write(file: BinaryIO) -> None:
        np.savez_compressed(file, landmarks=landmarks, arkit=arkit, matrix=matrix)

    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, write)
    found = int(np.isfinite(landmarks[:, 0, 0]).sum())
    print(f"{path.name}: a face in {found} of {len(landmarks)} pictures", file=sys.stderr, flush=True)


def _clip(name: str) -> Iterator[tuple[NDArray[np.uint8], float]]:
    with Video(clip_path(name)) as video:
        for frame in video.frames():
            yield frame.image, frame.time


def enlarged(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture of training size (160, 160, 3) as the teacher should see it."""
    large = cv2.resize(picture, None, fx=_ENLARGEMENT, fy=_ENLARGEMENT, interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, np.uint8)


def _renders() -> Iterator[tuple[NDArray[np.uint8], float]]:
    return ((enlarged(head.image), 0.0) for head in rendered_heads())


def _photos() -> Iterator[tuple[NDArray[np.uint8], float]]:
    return ((photo.image, 0.0) for photo in bench_photos())


def _covered() -> Iterator[tuple[NDArray[np.uint8], float]]:
    return ((photo.image, 0.0) for photo in covered_photos(list(bench_photos()), COVERED_SHARE))


def measure(task: Path) -> None:
    """Look at clips, photos and renders.

    Raises:
        CaptureError: ``../shared`` or the task file is missing.
    """
    require_shared()
    if not task.is_file():
        raise CaptureError(f"There is no task file {task}; run `python -m tools.measure_teacher`.")
    for name in (*FRESH_CLIPS, *TRAINED_CLIPS, EMPTY_CLIP, RENDERED_CLIP):
        for mode in ("video", "image"):
            store(name, mode, task, partial(_clip, name))
    store(PHOTOS, "image", task, _photos)
    store(COVERED_PHOTOS, "image", task, _covered)
    if TEST_RENDERS.is_dir():
        store(RENDERS, "image", task, _renders)
    else:
        print(f"no renders in {TEST_RENDERS}: not looked at", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("task", type=Path, metavar="face_landmarker.task")
    options = parser.parse_args()
    try:
        measure(options.task)
    except CaptureError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
