# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of the actor to paint a texture with: chosen from the footage, with the mesh laid over each.

Wanted are sharp, calm, confident frames from every side the head was seen from, and one with closed eyes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..blend import arkit_residual
from ..errors import CaptureError, check_cancelled
from ..morphable_model import MorphableModel
from ..names import ARKIT_NAMES, REGION_NAMES
from ..projection import apply, crop_to_image, decompose, euler_degrees, split
from ..settings import SEQUENCE_RATE
from ..take import Take
from .skin_layout import linings

#: The sides: ranges of yaw and pitch in degrees. The first, straight ahead, has the last word on the face's middle.
_SIDES: tuple[tuple[str, tuple[float, float], tuple[float, float]], ...] = (
    ("front", (-11.0, 11.0), (-14.0, 14.0)),
    ("slightly left", (11.0, 24.0), (-20.0, 20.0)),
    ("slightly right", (-24.0, -11.0), (-20.0, 20.0)),
    ("left", (24.0, 40.0), (-25.0, 25.0)),
    ("right", (-40.0, -24.0), (-25.0, 25.0)),
    ("far left", (40.0, 75.0), (-25.0, 25.0)),
    ("far right", (-75.0, -40.0), (-25.0, 25.0)),
    ("from below", (-25.0, 25.0), (14.0, 40.0)),
    ("from above", (-25.0, 25.0), (-40.0, -14.0)),
)
_CLOSED = "eyes closed"
_CLOSED_BLINK, _CLOSED_YAW = 0.6, 25.0
#: Frames looked at for each side; the sharpest is taken. They lie this far apart in seconds.
_CANDIDATES, _APART = 6, 0.1
_MIN_CONFIDENCE = 0.3
#: How near in seconds a frame's time must be to the take's.
_SAME_TIME = 2e-3
#: Around the mesh, as a share of its box; and the longest side of a picture that is kept, pixels.
_PICTURE_MARGIN, _PICTURE_SIDE = 0.06, 2048
#: How the mesh is drawn onto the measured landmarks: reach in millimetres, and trust in the mesh against each point.
_PULL_REACH, _PULL_STIFFNESS, _JAW_STIFFNESS = 9.0, 0.12, 1.5
#: Lips touch but do not move together: what opening the jaw moves apart counts as this many times as far apart.
_JAW_PARTS = 1.5
#: Points half way between two landmarks that are drawn too, for the lips' edges between corner and middle.
_BETWEEN = np.array([(60, 61), (63, 64), (60, 67), (64, 65)])
#: Inner points of the lips, the ones between counted from 68: the upper lip's and, below each, the lower lip's.
_UPPER_LIP, _LOWER_LIP = (61, 62, 63, 68, 69), (67, 66, 65, 70, 71)
_SHARPNESS_SIDE = 160  # pixels of the face's side on which sharpness is judged, whatever the footage's size

_CALM_UNITS = [ARKIT_NAMES.index(name) for name in ARKIT_NAMES if not name.startswith("eyeLook")]
_BLINKS = [ARKIT_NAMES.index(name) for name in ("eyeBlinkLeft", "eyeBlinkRight")]


@dataclass(frozen=True, eq=False)
class View:
    """One picture of the head."""

    side: str
    frame: int  # of the take
    picture: NDArray[np.uint8]  # (h, w, 3) RGB, around the head
    vertices: NDArray[np.float64]  # (V, 3) pixels of ``picture``, y down, z towards the camera


def face_views(
    video_path: Path | str,
    take: Take,
    model: MorphableModel,
    *,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> list[View]:
    """Read the footage of a take once more and keep the best picture from each side, straight ahead first.

    Args:
        progress: called with (frames done, frames in all).
        cancelled: asked before each frame; True stops the work.

    Raises:
        CaptureError: the footage cannot be used or is not the take's, or no frame is good enough.
        CaptureCancelled: ``cancelled`` said so.
    """
    wanted = candidates(take)
    if not wanted:
        raise CaptureError("No frame of the take shows the face clearly enough for a texture; capture other footage.")
    sides: dict[int, list[str]] = {}
    for side, frames in wanted.items():
        for frame in frames:
            sides.setdefault(frame, []).append(side)
    best: dict[str, tuple[float, View]] = {}
    for frame, image in _pictures(Path(video_path), take, set(sides), progress, cancelled):
        picture, vertices = _overlay(image, take, model, frame)
        sharpness = _sharpness(picture, vertices)
        for side in sides[frame]:
            score = sharpness * wanted[side][frame]
            if side not in best or score > best[side][0]:
                best[side] = score, View(side, frame, picture, vertices)
    if not best:
        raise CaptureError(
            f"{Path(video_path).name} has no frame at the take's times; choose the footage that the take was made from."
        )
    return [best[side][1] for side in (*(name for name, _, _ in _SIDES), _CLOSED) if side in best]


def candidates(take: Take) -> dict[str, dict[int, float]]:
    """For each side that the take shows, its best frames and how good they are, before looking at the pictures.

    Good frames are confident, calm and slow; those with closed eyes are their own kind.
    """
    tracked = np.flatnonzero(take.confidence >= _MIN_CONFIDENCE)
    if not len(tracked):
        return {}
    yaw, pitch, _ = euler_degrees(decompose(split(take.params[tracked]).transform).rotation).T
    arkit = np.clip(take.arkit[tracked].astype(np.float64), 0.0, 1.0)
    steady = take.confidence[tracked] / (1.0 + _speed(take, tracked) ** 2)
    calm = steady / (1.0 + (arkit[:, _CALM_UNITS] ** 2).sum(axis=1))
    found = {}
    for name, yaws, pitches in _SIDES:
        inside = (yaw >= yaws[0]) & (yaw < yaws[1]) & (pitch >= pitches[0]) & (pitch < pitches[1])
        found[name] = _best(take.time[tracked], tracked, np.where(inside, calm, 0.0))
    blink = arkit[:, _BLINKS].min(axis=1)
    closed = (blink > _CLOSED_BLINK) & (np.abs(yaw) < _CLOSED_YAW)
    found[_CLOSED] = _best(take.time[tracked], tracked, np.where(closed, steady * blink, 0.0))
    return {name: frames for name, frames in found.items() if frames}


def _speed(take: Take, tracked: NDArray[np.intp]) -> NDArray[np.float64]:
    """How fast the landmarks move in the picture, face sizes in half a second (K,)."""
    points = take.landmarks68[tracked, :, :2].astype(np.float64)
    size = take.roi[tracked, 2] - take.roi[tracked, 0]
    if len(tracked) < 2:
        return np.zeros(len(tracked))
    per_second = np.linalg.norm(np.gradient(points, take.time[tracked], axis=0), axis=2).mean(axis=1)
    result: NDArray[np.float64] = 0.5 * per_second / size
    return result


def _best(time: NDArray, frames: NDArray[np.intp], score: NDArray) -> dict[int, float]:
    """The frames with the highest scores, none near to another in time."""
    chosen: dict[int, float] = {}
    times: list[float] = []
    for i in np.argsort(-score, kind="stable"):
        if score[i] <= 0.0 or len(chosen) == _CANDIDATES:
            break
        if all(abs(time[i] - t) >= _APART for t in times):
            chosen[int(frames[i])] = float(score[i])
            times.append(float(time[i]))
    return chosen


def _pictures(
    path: Path,
    take: Take,
    wanted: set[int],
    progress: Callable[[int, int], None] | None,
    cancelled: Callable[[], bool] | None,
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """The wanted frames of the take with their pictures (H, W, 3)."""
    from ..footage.video import Video  # imports cv2

    check = partial(check_cancelled, cancelled)
    last = float(take.time[max(wanted)])
    with Video(path, sequence_rate=_sequence_rate(take)) as video:
        for frame in video.frames(float(take.time[min(wanted)]) - _SAME_TIME, last + _SAME_TIME, check):
            check()
            if frame.image.shape[:2] != (take.header.height, take.header.width):
                raise CaptureError(
                    f"{path.name} is {frame.image.shape[1]} × {frame.image.shape[0]} pixels, the take's footage was "
                    f"{take.header.width} × {take.header.height}; choose the footage that the take was made from."
                )
            nearest = int(np.abs(take.time - frame.time).argmin())
            if nearest in wanted and abs(take.time[nearest] - frame.time) <= _SAME_TIME:
                yield nearest, frame.image
            if progress is not None:
                progress(frame.index + 1, round(last * video.info.fps) + 1)


def _sequence_rate(take: Take) -> float:
    """Numbered pictures have no times of their own: they get those that they were captured with.

    What a stranger's take says of its settings may be anything.
    """
    rate = take.header.settings.get("sequence_rate")
    if isinstance(rate, int | float) and not isinstance(rate, bool) and 0.0 < rate < math.inf:
        return float(rate)
    return SEQUENCE_RATE


def _overlay(
    image: NDArray[np.uint8], take: Take, model: MorphableModel, frame: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The part of a picture around the head, and the mesh's vertices (V, 3) in it."""
    import cv2

    vertices = overlaid_vertices(take, model, frame)
    low, high = vertices[:, :2].min(axis=0), vertices[:, :2].max(axis=0)
    margin = _PICTURE_MARGIN * (high - low).max()
    height, width = image.shape[:2]
    x0, y0 = np.clip(np.floor(low - margin), 0, (width - 1, height - 1)).astype(int)
    x1, y1 = np.clip(np.ceil(high + margin), (x0 + 1, y0 + 1), (width, height)).astype(int)
    picture = image[y0:y1, x0:x1]
    vertices = vertices - (x0, y0, 0.0)
    shrink = _PICTURE_SIDE / max(picture.shape[:2])
    if shrink < 1.0:
        size = round(picture.shape[1] * shrink), round(picture.shape[0] * shrink)
        vertices = vertices * (size[0] / picture.shape[1], size[1] / picture.shape[0], shrink)
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return np.ascontiguousarray(picture), vertices


def overlaid_vertices(take: Take, model: MorphableModel, frame: int) -> NDArray[np.float64]:
    """The mesh (V, 3) as one frame of a take shows it: image pixels, y down, z towards the camera.

    Pose, shape and expression are the network's for that very frame, eyelids and gaze are added, and the whole is
    drawn smoothly onto the frame's landmarks, which lie nearer to the picture than the coefficients can.
    """
    transform, shape, expression = split(take.params[frame].astype(np.float64))
    added = arkit_residual(model, expression[None], take.arkit[frame][None])[0]
    vertices = model.vertices(shape, expression, added).astype(np.float64)
    projected = crop_to_image(apply(transform, vertices), take.roi[frame])
    corners, weights, spread = _pull(model)
    lying = np.einsum("lk,lkc->lc", weights, projected[corners, :2])
    measured = take.landmarks68[frame, :, :2].astype(np.float64)
    measured = np.concatenate([measured, measured[_BETWEEN].mean(axis=1)])
    projected[:, :2] += spread @ (measured - lying)
    return projected


@lru_cache(maxsize=1)
def _pull(model: MorphableModel) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Where the measured points lie on the mesh ((K, 3) vertices and their weights), and the matrix (V, K) that
    spreads shifts of the points over the vertices: most of the way there, fading out beyond.

    K is 68 and the points between.
    """
    jaw = _JAW_PARTS * model.arkit_basis[ARKIT_NAMES.index("jawOpen")]
    points = np.concatenate([model.mean, jaw], axis=1).astype(np.float64)
    corners, weights = _places(model, points)
    landmarks = np.einsum("lk,lkc->lc", weights, points[corners])

    def kernel(a: NDArray) -> NDArray[np.float64]:
        squared = (a**2).sum(axis=1)[:, None] + (landmarks**2).sum(axis=1) - 2.0 * a @ landmarks.T
        result: NDArray[np.float64] = np.exp(-np.maximum(squared, 0.0) / (2.0 * _PULL_REACH**2))
        return result

    stiffness = np.full(len(landmarks), _PULL_STIFFNESS)
    stiffness[:17] = _JAW_STIFFNESS  # along the jaw a landmark may slide
    spread = np.linalg.solve(kernel(landmarks) + np.diag(stiffness), kernel(points).T).T
    return corners, weights, spread


def _places(model: MorphableModel, points: NDArray) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Vertices (K, 3) and weights (K, 3) of the measured points, those of the lips on the edges that one sees.

    The model's landmarks of the lower lip's inner edge lie on the lining behind it, up to a centimetre below that
    edge. ``points`` (V, 6): the mean head, and how far opening the jaw moves each vertex.
    """
    count = len(model.landmark_vertices) + len(_BETWEEN)
    corners, weights = np.zeros((count, 3), dtype=np.intp), np.zeros((count, 3))
    corners[:68], weights[:68] = model.landmark_vertices, model.landmark_weights
    weights[68:, 0] = 1.0
    lip = _outer_vertices(model)
    chin_drop = weights[57] @ points[corners[57], 4]
    moves = points[lip, 4] < 0.5 * chin_drop
    landmarks = model.at_landmarks(model.mean).astype(np.float64)
    landmarks = np.concatenate([landmarks, landmarks[_BETWEEN].mean(axis=1)])
    for upper, lower in zip(_UPPER_LIP, _LOWER_LIP, strict=True):
        above = landmarks[upper]
        if upper >= 68:
            corners[upper] = _nearest(points, lip[~moves], above)
        corners[lower], weights[lower] = _nearest(points, lip[moves], above), (1.0, 0.0, 0.0)
    return corners, weights


def _outer_vertices(model: MorphableModel) -> NDArray[np.intp]:
    """The skin's vertices outside the linings."""
    skin = model.quads[model.quad_regions == REGION_NAMES.index("skin")]
    outer = np.ones(len(skin), dtype=bool)
    for lining in linings(model):
        outer[lining] = False
    return np.unique(skin[outer])


def _nearest(points: NDArray, among: NDArray[np.intp], place: NDArray) -> int:
    return int(among[np.linalg.norm(points[among, :3] - place, axis=1).argmin()])


def _sharpness(picture: NDArray[np.uint8], vertices: NDArray) -> float:
    """Detail in a picture of the head against its contrast, whatever the footage's size."""
    import cv2

    scale = _SHARPNESS_SIDE / max(picture.shape[:2])
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    if scale < 1.0:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    mesh = (vertices[:, :2] * min(scale, 1.0)).astype(int)
    (x0, y0), (x1, y1) = np.maximum(mesh.min(axis=0), 0), mesh.max(axis=0)
    face = grey[y0:y1, x0:x1]
    if face.size < 16 or face.std() < 1.0:
        return 1e-6
    return float(cv2.Laplacian(face, cv2.CV_32F).std() / face.std())
