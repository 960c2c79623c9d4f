# SPDX-License-Identifier: GPL-3.0-or-later
"""How small a face the detector finds, by its looks: our rendered head at known sizes and places on large frames.

    python -m tools.measure_small_faces [--frames N]

Also what each look costs, and what is taken for a face where none is. Prints tables in Markdown. It runs in the
core's environment; real footage without a face is used where ``../shared`` has it.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ddfa_blender.capture import Engine, capture
from ddfa_blender.errors import CaptureError
from ddfa_blender.footage.video import Video
from ddfa_blender.settings import CaptureSettings
from ddfa_blender.tracking.detection_roi import roi_from_detection
from ddfa_blender.tracking.detector import FINEST_SIDE, INPUT_SIDES, Detection
from ddfa_blender.tracking.roi import box_from_landmarks, overlap, roi_from_landmarks
from ddfa_blender.tracking.tracker import FaceDetector

from .bench_capture import machine
from .project import RENDERED_CLIP, SHARED, count_between, status_of

#: Footage of 4K.
SHAPE = (2160, 3840)
#: The longer side of the box of the 68 landmarks, as a share of the picture's longer side, %.
SHARES = (3.0, 2.5, 2.0, 1.75, 1.5, 1.25, 1.0)
#: A look is taken where those before it found nothing.
LOOKS = [", ".join(str(side) for side in INPUT_SIDES[: count + 1]) for count in range(len(INPUT_SIDES))]
#: A face is found where the regions of interest overlap by so much.
_FOUND = 0.4
#: Every so many frames of footage without a face is looked at.
_FRAME_STEP = 7


@dataclass(frozen=True, eq=False)
class RenderedHead:
    """One frame of our rendered clip."""

    image: NDArray[np.uint8]  # (h, w, 3) RGB
    landmarks: NDArray[np.float64]  # (68, 2) pixels

    def on(self, ground: NDArray[np.uint8], middle: tuple[float, float], side: float) -> NDArray[np.float64]:
        """Draw it into a frame (H, W, 3), its landmarks' box ``side`` pixels long; return the landmarks there."""
        box = box_from_landmarks(self.landmarks)
        scale = side / float((box[2:] - box[:2]).max())
        x, y = (box[:2] + box[2:]) / 2.0
        height, width = self.image.shape[:2]
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = cv2.resize(self.image, size, interpolation=cv2.INTER_AREA if scale < 1.0 else cv2.INTER_CUBIC)
        # The render's own wall fades into the ground.
        far = np.hypot(
            *np.meshgrid((np.arange(size[0]) + 0.5) / size[0] - 0.5, (np.arange(size[1]) + 0.5) / size[1] - 0.5)
        )
        share = np.clip((0.5 - far) / 0.06, 0.0, 1.0)[..., None]
        left, top = round(middle[0] - x * scale), round(middle[1] - y * scale)
        # What lies beyond the frame is left out.
        rows = slice(max(top, 0), max(min(top + size[1], ground.shape[0]), 0))
        columns = slice(max(left, 0), max(min(left + size[0], ground.shape[1]), 0))
        shown = slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)
        if rows.start < rows.stop and columns.start < columns.stop:
            mixed = share[shown] * small[shown] + (1.0 - share[shown]) * ground[rows, columns]
            ground[rows, columns] = np.rint(mixed).astype(np.uint8)
        return self.landmarks * (np.array(size) / [width, height]) + [left, top]


def rendered_heads(count: int) -> list[RenderedHead]:
    """So many frames of the clip in ``tests/data``, evenly spread."""
    truth = np.load(RENDERED_CLIP.with_suffix(".npz"))["landmarks68"]
    chosen = set(np.linspace(0, len(truth) - 1, count).round().astype(int).tolist())
    with Video(RENDERED_CLIP) as video:
        return [RenderedHead(f.image, truth[f.index].astype(float)) for f in video.frames() if f.index in chosen]


def ground(kind: int, shape: tuple[int, int], random: np.random.Generator) -> NDArray[np.uint8]:
    """A frame without a face: a plain wall, a wall with light on it, blotches of all sizes, bricks, or noise."""
    height, width = shape
    colour = random.uniform(40, 200, 3)
    picture = np.empty((height, width, 3), np.float32)
    picture[:] = colour
    if kind == 1:
        picture *= np.linspace(0.5, 1.4, width, dtype=np.float32)[None, :, None]
    elif kind == 2:
        for cells in (6, 24, 96, 384):
            coarse = random.normal(0.0, 22.0, (max(2, cells * height // width), cells, 3)).astype(np.float32)
            picture += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    elif kind == 3:
        tall = max(4, height // 40)
        rows, columns = (
            np.arange(height) // tall,
            np.arange(width)[None] + (np.arange(height) // tall % 2 * tall)[:, None],
        )
        shade = random.uniform(0.6, 1.3, (height // tall + 1, width // (2 * tall) + 2)).astype(np.float32)
        picture *= shade[rows[:, None], columns // (2 * tall)][..., None]
        picture[(columns % (2 * tall) < 3) | (np.arange(height) % tall < 3)[:, None]] *= 0.5
    grain = 40.0 if kind == 4 else 4.0
    noise = np.empty_like(picture)
    cv2.setRNGSeed(int(random.integers(1 << 30)))
    cv2.randn(noise, (0, 0, 0), (grain, grain, grain))
    return np.asarray(np.clip(picture + noise, 0.0, 255.0), np.uint8)


GROUNDS = 5


def composed(
    heads: Sequence[RenderedHead], share: float, shape: tuple[int, int] = SHAPE
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float64]]]:
    """Frames with one head each, ``share`` of the longer side large, and its landmarks (68, 2)."""
    random = np.random.default_rng(round(share * 1e6))
    side = share * max(shape)
    for i, head in enumerate(heads):
        frame = ground(i % GROUNDS, shape, random)
        room = 2.0 * side  # the render reaches beyond the face
        middle = random.uniform(room, shape[1] - room), random.uniform(room, shape[0] - room)
        yield frame, head.on(frame, middle, side)


@dataclass(eq=False)
class Count:
    """What was found with one look and those before it."""

    detected: int = 0
    accepted: int = 0  # … and the regressor takes it for a face
    elsewhere: int = 0  # accepted where none is


def look(engine: Engine, frame: NDArray[np.uint8], target: NDArray[np.float64] | None, counts: list[Count]) -> None:
    """Count what each look finds in a frame; ``target`` is the face's ROI (4,), None where there is none."""
    settings = CaptureSettings()
    detections: list[Detection] = []
    for side, count in zip(INPUT_SIDES, counts, strict=True):
        # A look is only taken where those before it found nothing.
        detections = detections or engine.detector.detect(frame, threshold=settings.detection_threshold, sides=(side,))
        detected = accepted = elsewhere = False
        for found in detections:
            is_it = target is not None and overlap(roi_from_detection(found), target) >= _FOUND
            confident = engine.fitter.fit_detection(frame, found).confidence >= settings.accept_confidence
            detected |= is_it
            accepted |= is_it and confident
            elsewhere |= confident and not is_it
        count.detected += detected
        count.accepted += accepted
        count.elsewhere += elsewhere


def measure_sizes(engine: Engine, heads: Sequence[RenderedHead]) -> None:
    """Print how many faces are found, by size and looks."""
    print(f"\n| landmarks' box, % | pixels | heads | {' | '.join(LOOKS)} | seen elsewhere |")
    print("| ---: | ---: | ---: |" + " ---: |" * (len(LOOKS) + 1))
    for share in SHARES:
        counts = [Count() for _ in LOOKS]
        for frame, landmarks in composed(heads, share / 100.0):
            look(engine, frame, roi_from_landmarks(landmarks), counts)
        cells = " | ".join(f"{count.accepted} ({count.detected})" for count in counts)
        others = " / ".join(str(count.elsewhere) for count in counts)
        print(f"| {share} | {share / 100.0 * max(SHAPE):.0f} | {len(heads)} | {cells} | {others} |", flush=True)


def faceless(frames: int) -> Iterator[tuple[str, Iterator[NDArray[np.uint8]]]]:
    """Names and frames of pictures without any face, large ones."""
    random = np.random.default_rng(3)
    yield "grounds as above, 4K", (ground(i % GROUNDS, SHAPE, random) for i in range(frames))
    clips = SHARED / "clips"
    for name, begin in (("no_face.mp4", 0.0), ("face_noface.mov", 3.5)):
        for width in (1920, 3840):
            if (clips / name).is_file():
                yield f"{name}, enlarged to {width}", _enlarged(clips / name, begin, width)


def _enlarged(path: Path, begin: float, width: int) -> Iterator[NDArray[np.uint8]]:
    with Video(path) as video:
        for frame in video.frames(begin):
            if frame.index % _FRAME_STEP == 0:
                height = round(frame.image.shape[0] * width / frame.image.shape[1])
                yield np.asarray(cv2.resize(frame.image, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def measure_false_alarms(engine: Engine, frames: int) -> None:
    """Print in how many pictures without a face one is seen."""
    print(f"\n| without a face | pictures | {' | '.join(LOOKS)} |\n| --- | ---: |" + " ---: |" * len(LOOKS))
    for name, pictures in faceless(frames):
        counts, seen = [Count() for _ in LOOKS], 0
        for picture in pictures:
            seen += 1
            look(engine, picture, None, counts)
        print(f"| {name} | {seen} | {' | '.join(str(count.elsewhere) for count in counts)} |", flush=True)


def measure_cost(engine: Engine, rounds: int = 3) -> None:
    """Print the processor time of each look at 4K."""
    frame = ground(2, SHAPE, np.random.default_rng(1))
    print("\n| look, 4K | ms of processor time |\n| ---: | ---: |")
    for side in INPUT_SIDES:
        engine.detector.detect(frame, sides=(side,))
        began = time.process_time()
        for _ in range(rounds):
            engine.detector.detect(frame, sides=(side,))
        print(f"| {side} | {1e3 * (time.process_time() - began) / rounds:.0f} |", flush=True)


def measure_faceless_capture(engine: Engine, rounds: int = 2) -> None:
    """Print what capturing footage without a face costs with the finest look and without it, in turns."""
    print("\n| without a face | frames | finest looks | ms per frame without them | with them | ratio |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for shape, frames in (((1080, 1920), 100), (SHAPE, 100)):
        with tempfile.TemporaryDirectory() as folder:
            clip = _write_faceless(Path(folder) / "clip.mp4", shape, frames)
            costs: tuple[list[float], list[float]] = [], []
            for i in range(2 * rounds):
                detector = _Watched(engine.detector, finest=i % 2 == 1)
                began = time.process_time()
                with contextlib.suppress(CaptureError):  # no face was found
                    capture(clip, engine=replace(engine, detector=detector))
                costs[i % 2].append(1e3 * (time.process_time() - began) / frames)
        without, with_them = (statistics.median(times) for times in costs)
        size = f"{shape[1]} × {shape[0]}"
        ratio = with_them / without
        print(f"| {size} | {frames} | {detector.looks} | {without:.1f} | {with_them:.1f} | {ratio:.2f} |", flush=True)


class _Watched:
    """A detector that counts its finest looks, or leaves them out."""

    def __init__(self, detector: FaceDetector, finest: bool) -> None:
        self.looks = 0
        self._detector = detector
        self._finest = finest

    def detect(
        self, image_rgb: NDArray[np.uint8], *, threshold: float = 0.5, sides: tuple[int, ...] = INPUT_SIDES
    ) -> list[Detection]:
        self.looks += self._finest and FINEST_SIDE in sides
        kept = tuple(side for side in sides if self._finest or side != FINEST_SIDE)
        return self._detector.detect(image_rgb, threshold=threshold, sides=kept)


def _write_faceless(path: Path, shape: tuple[int, int], frames: int) -> Path:
    """A camera that pans along a wall."""
    wall = ground(2, shape, np.random.default_rng(1))[..., ::-1]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 25.0, shape[::-1])
    for i in range(frames):
        writer.write(np.ascontiguousarray(np.roll(wall, 4 * i, axis=1)))
    writer.release()
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--frames", type=count_between(1, 132), default=15, help="for each size, and without a face")
    options = parser.parse_args(arguments)
    print(machine(), flush=True)
    engine = Engine.load()
    measure_sizes(engine, rendered_heads(options.frames))
    measure_false_alarms(engine, options.frames)
    measure_cost(engine)
    measure_faceless_capture(engine)
    return 0


if __name__ == "__main__":
    sys.exit(status_of(main))
