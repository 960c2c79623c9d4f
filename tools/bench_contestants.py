# SPDX-License-Identifier: GPL-3.0-or-later
"""Who takes part in ``tools.bench_capture``: ``python -m tools.bench_contestants NAME [ARGUMENT]``.

A contestant loads what it needs, then reads requests from standard input, a line of JSON each (``clip``: path;
``workers``), and answers each on standard output: ``frames``, wall-clock ``seconds`` from the file to the parameters
of all frames, and the ``cpu`` seconds of all its threads. Loading is not counted, decoding is.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

#: Looks at a clip with so many workers and counts its frames.
Contestant = Callable[[Path, int], int]


def decoding(_argument: str) -> Contestant:
    """OpenCV alone, every frame as BGR: the limit of all others, if nothing ran beside it."""

    def run(clip: Path, _workers: int) -> int:
        return sum(1 for _ in _pictures(clip))

    return run


def network(_argument: str) -> Contestant:
    """Our regressor alone on one thread, once for each frame, always the same crop: the limit of a single worker."""
    from ddfa_blender.tracking.regressor import Regressor

    regressor, crop = Regressor(), np.zeros((1, 120, 120, 3), np.uint8)

    def run(clip: Path, _workers: int) -> int:
        frames = sum(1 for _ in _grabbed(clip))
        run.began = time.perf_counter(), time.process_time()  # type: ignore[attr-defined]
        for _ in range(frames):
            regressor.predict(crop)
        return frames

    return run


def ours(_argument: str, *, high_quality: bool = False) -> Contestant:
    """``capture``, as the add-on calls it."""
    from ddfa_blender.capture import CaptureSettings, Engine, capture

    engine, settings = Engine.load(), CaptureSettings(high_quality=high_quality)
    return lambda clip, workers: len(capture(clip, engine=engine, settings=settings, workers=workers))


def threads(_argument: str) -> Contestant:
    """As many captures of the whole clip side by side, each on a thread of this process."""
    from concurrent.futures import ThreadPoolExecutor

    from ddfa_blender.capture import Engine, capture

    engine = Engine.load()

    def run(clip: Path, workers: int) -> int:
        with ThreadPoolExecutor(workers) as pool:
            return sum(pool.map(lambda _: len(capture(clip, engine=engine)), range(workers)))

    return run


def processes(_argument: str) -> Contestant:
    """The same, each by a process of its own; all are kept for the next clip."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    pools: dict[int, ProcessPoolExecutor] = {}

    def run(clip: Path, workers: int) -> int:
        pool = pools.setdefault(workers, ProcessPoolExecutor(workers, get_context("spawn")))
        answers = list(pool.map(_captured_here, [clip] * workers))
        run.cpu_elsewhere = sum(cpu for _, cpu in answers)  # type: ignore[attr-defined]
        return sum(frames for frames, _ in answers)

    return run


def _captured_here(clip: Path) -> tuple[int, float]:
    """Frames of a capture in this process, and its processor seconds."""
    from ddfa_blender.capture import capture

    began = time.process_time()
    frames = len(capture(clip))  # the networks stay loaded
    return frames, time.process_time() - began


def published(folder: str) -> Contestant:
    """The authors' half-width network in the loop of their video demo; the argument is its model folder."""
    from ddfa_blender.capture import Engine
    from training.evaluation.published_loop import follow_as_published

    engine = Engine.load(folder)

    def run(clip: Path, _workers: int) -> int:
        pictures = (cv2.cvtColor(picture, cv2.COLOR_BGR2RGB) for picture in _pictures(clip))
        return len(follow_as_published(pictures, engine.fitter, engine.detector))

    return run


def mediapipe(task: str) -> Contestant:
    """MediaPipe's Face Landmarker on video, one face, with its scores; the argument is its task file."""
    from mediapipe import Image, ImageFormat
    from mediapipe.tasks.python import BaseOptions
    from mediapipe.tasks.python.vision import FaceLandmarker, FaceLandmarkerOptions, RunningMode

    options = FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=task),
        running_mode=RunningMode.VIDEO,
        num_faces=1,
        output_face_blendshapes=True,
    )

    def run(clip: Path, _workers: int) -> int:
        # Its video mode wants times that rise, so each clip gets a landmarker of its own; making it is not counted.
        frames = 0
        with FaceLandmarker.create_from_options(options) as landmarker:
            run.began = time.perf_counter(), time.process_time()  # type: ignore[attr-defined]
            for frames, picture in enumerate(_pictures(clip), 1):
                data = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
                landmarker.detect_for_video(Image(image_format=ImageFormat.SRGB, data=data), 33 * frames)
        return frames

    return run


CONTESTANTS: dict[str, Callable[[str], Contestant]] = {
    "decode": decoding,
    "network": network,
    "ours": ours,
    "high-quality": partial(ours, high_quality=True),
    "threads": threads,
    "processes": processes,
    "published": published,
    "mediapipe": mediapipe,
}


def _pictures(clip: Path) -> Iterator[NDArray[np.uint8]]:
    video = cv2.VideoCapture(str(clip), cv2.CAP_FFMPEG)
    while True:
        read, picture = video.read()
        if not read:
            return
        yield picture


def _grabbed(clip: Path) -> Iterator[None]:
    video = cv2.VideoCapture(str(clip), cv2.CAP_FFMPEG)
    while video.grab():
        yield


def answer(run: Contestant, request: dict[str, Any]) -> dict[str, float]:
    """Do what is asked and time it."""
    began = time.perf_counter(), time.process_time()
    frames = run(Path(request["clip"]), int(request["workers"]))
    # A contestant may say that it began later.
    wall, cpu = getattr(run, "began", began)
    used = time.process_time() - cpu + getattr(run, "cpu_elsewhere", 0.0)
    return {"frames": frames, "seconds": time.perf_counter() - wall, "cpu": used}


def main() -> int:
    """Answer requests until there are no more."""
    name, argument = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    run = CONTESTANTS[name](argument)
    print(json.dumps({"ready": name}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(run, json.loads(line))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
