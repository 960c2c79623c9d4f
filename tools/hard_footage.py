# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tracker makes of hard footage: our rendered head, shaken, hidden, dark, passed by.

    python -m tools.hard_footage [--frames N]

Prints a table in Markdown: frames in which the head is seen and lost, how far the 68 points are off, and in how many
frames the tracker is sure of a face where the followed one is not. The head is drawn at known places, so the truth is
known. It runs in the core's environment.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from ddfa_blender.capture import Engine
from ddfa_blender.tracking.roi import box_from_landmarks
from ddfa_blender.tracking.tracker import Tracker

from .measure_small_faces import RenderedHead, rendered_heads
from .project import count_between, status_of

RATE = 30.0
_SHAPE = (360, 640)
_SIDE = 90.0
_MIDDLE = np.array([320.0, 180.0])
#: A tracker that is as confident as this is sure; points that are off by more than this share of the head are wrong.
_SURE, _WRONG = 0.7, 0.15


@dataclass(frozen=True, eq=False)
class Shot:
    """One frame: the picture (H, W, 3) RGB, the head's points (68, 2), and whether enough of it is to be seen."""

    image: NDArray[np.uint8]
    landmarks: NDArray[np.float64]
    is_seen: bool = True


Heads = Sequence[RenderedHead]


def _wall() -> NDArray[np.uint8]:
    frame = np.full((*_SHAPE, 3), (120, 130, 140), np.uint8)
    return frame + np.random.default_rng(7).integers(0, 8, frame.shape, np.uint8)


def _shot(head: RenderedHead, middle: NDArray[np.float64] = _MIDDLE, side: float = _SIDE) -> Shot:
    frame = _wall()
    return Shot(frame, head.on(frame, (float(middle[0]), float(middle[1])), side))


def plain(heads: Heads) -> list[Shot]:
    return [_shot(head) for head in heads]


def shaken(heads: Heads) -> list[Shot]:
    """The camera is knocked every seventh frame; each exposure smears over half the way."""
    random = np.random.default_rng(5)
    place, shots = np.zeros(2), []
    for i, head in enumerate(heads):
        before = place
        place = 0.7 * place if i % 7 else random.normal(0.0, 35.0, 2)
        parts = [_shot(head, _MIDDLE + before + (place - before) * share) for share in np.linspace(0.5, 1.0, 5)]
        smeared = np.mean([part.image for part in parts], axis=0).astype(np.uint8)
        shots.append(Shot(smeared, parts[2].landmarks))
    return shots


def dark(heads: Heads) -> list[Shot]:
    random = np.random.default_rng(6)
    shots = plain(heads)
    return [_with(shot, np.rint(shot.image * 0.06 + random.normal(0, 2.5, shot.image.shape)) * 3.0) for shot in shots]


def compressed(heads: Heads) -> list[Shot]:
    shots = []
    for shot in plain(heads):
        small = cv2.resize(shot.image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        _, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 8])
        shots.append(_with(shot, cv2.resize(cv2.imdecode(data, cv2.IMREAD_COLOR), _SHAPE[::-1])))
    return shots


def interlaced(heads: Heads) -> list[Shot]:
    shots = [_shot(head, _MIDDLE + [25.0 * np.sin(i / 3.0), 0.0]) for i, head in enumerate(heads)]
    for one, other in pairwise(shots):
        one.image[1::2] = other.image[1::2]
    return shots


def flashes(heads: Heads) -> list[Shot]:
    shots = plain(heads)
    for i in range(10, len(shots), 12):
        shots[i] = Shot(np.full_like(shots[i].image, 255 * (i // 12 % 2)), shots[i].landmarks, is_seen=False)
    return shots


def hand(heads: Heads) -> list[Shot]:
    shots = plain(heads)
    for i, shot in enumerate(shots):
        x = round(120 + 400 * i / len(shots))
        cv2.rectangle(shot.image, (x - 26, 130), (x + 26, 360), (196, 148, 120), -1)
        for finger in range(4):
            cv2.line(shot.image, (x - 20 + 13 * finger, 80), (x - 20 + 13 * finger, 140), (190, 142, 116), 11)
        shots[i] = Shot(shot.image, shot.landmarks, abs(x - _MIDDLE[0]) > 40)
    return shots


def leaves(heads: Heads) -> list[Shot]:
    shots = []
    for i, head in enumerate(heads):
        away = 420.0 * np.sin(np.pi * np.clip((i - 12) / (len(heads) - 24), 0.0, 1.0))
        wide = np.hstack([_wall(), _wall()])
        points = head.on(wide, (float(_MIDDLE[0] + away), float(_MIDDLE[1])), _SIDE)
        shots.append(Shot(np.ascontiguousarray(wide[:, : _SHAPE[1]]), points, float(points[:, 0].max()) < _SHAPE[1]))
    return shots


def passed_by(heads: Heads) -> list[Shot]:
    """Somebody else walks through between the head and the camera."""
    shots = []
    for i, head in enumerate(heads):
        shot, x = _shot(head), 520.0 - 400.0 * i / (len(heads) - 1)
        somebody_else(head).on(shot.image, (x, float(_MIDDLE[1])), 1.05 * _SIDE)
        shots.append(Shot(shot.image, shot.landmarks, abs(x - _MIDDLE[0]) > 1.6 * _SIDE))
    return shots


def tiny(heads: Heads) -> list[Shot]:
    """240p, the head 30 pixels large."""
    shots = []
    for head in heads:
        shot = _shot(head, side=45.0)
        size = _SHAPE[1] * 240 // _SHAPE[0], 240
        shots.append(
            Shot(np.asarray(cv2.resize(shot.image, size, interpolation=cv2.INTER_AREA), np.uint8), shot.landmarks / 1.5)
        )
    return shots


def on_its_side(heads: Heads) -> list[Shot]:
    turned = []
    for shot in plain(heads):
        points = np.stack([shot.landmarks[:, 1], _SHAPE[1] - shot.landmarks[:, 0]], axis=-1)
        turned.append(Shot(np.ascontiguousarray(np.rot90(shot.image)), points))
    return turned


def somebody_else(head: RenderedHead) -> RenderedHead:
    """The same head with another skin."""
    return RenderedHead((head.image * np.array([0.6, 0.4, 0.3])).astype(np.uint8), head.landmarks)


def _with(shot: Shot, image: NDArray) -> Shot:
    return Shot(np.clip(image, 0, 255).astype(np.uint8), shot.landmarks, shot.is_seen)


KINDS: dict[str, Callable[[Heads], list[Shot]]] = {
    "as it is": plain,
    "knocked camera, smeared": shaken,
    "dark and noisy": dark,
    "compressed to JPEG at quality 8, half size": compressed,
    "interlaced": interlaced,
    "black and white flashes of one frame": flashes,
    "a hand passes": hand,
    "leaves the picture and comes back": leaves,
    "somebody else passes in front": passed_by,
    "240p, 30 pixels large": tiny,
    "turned on its side": on_its_side,
}


def row(engine: Engine, shots: Sequence[Shot]) -> str:
    """Cells of the table for one kind."""
    tracker = Tracker(engine.fitter, engine.detector, rate=RATE)
    seen = lost = astray = 0
    errors: list[float] = []
    for i, shot in enumerate(shots):
        fit = tracker.step(shot.image, i / RATE)
        seen += shot.is_seen
        lost += shot.is_seen and fit is None
        if fit is None:
            continue
        box = box_from_landmarks(shot.landmarks)
        apart = np.linalg.norm(fit.landmarks68[:, :2] - shot.landmarks, axis=1).mean() / (box[2:] - box[:2]).max()
        astray += bool(fit.confidence >= _SURE and apart > _WRONG)
        if shot.is_seen:
            errors.append(100.0 * float(apart))
    off = f"{np.median(errors):.1f} | {np.max(errors):.1f}" if errors else "– | –"
    return f"{len(shots)} | {seen} | {lost} | {off} | {astray}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--frames", type=count_between(30, 132), default=66, help="of each kind, 30 to 132")
    options = parser.parse_args(arguments)
    engine, heads = Engine.load(), rendered_heads(options.frames)
    print(
        "| footage | frames | head seen | of these lost | points off, % of the head: median | most | sure but astray |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, kind in KINDS.items():
        print(f"| {name} | {row(engine, kind(heads))} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(status_of(main))
