# SPDX-License-Identifier: GPL-3.0-or-later
"""Give photos expressions that photos lack: move the fitted mesh by ARKit deltas and carry the pixels along.

    python -m training.expression_edits [--count 12000]
    .venvs/teacher/bin/python -m training.score_edits build/teacher/face_landmarker.task

People on photos smile with both corners of the mouth and rarely wink, puff their cheeks or push their jaw aside. The
paper's short-video synthesis (§2.4) turns a fitted mesh to make views that were never taken; here the same mesh is
deformed. Geometry is known exactly: pose and identity stay, the expression and the landmarks move by what the deltas
move. Scores are another matter, for the photos' scores mean what their teacher calls a smile; so the teacher looks at
the edited picture (``training.score_edits``).

The first command writes ``training/data/edits.npz``, the fields of :class:`.edits.Edits`.
"""

from __future__ import annotations

import argparse

import cv2
import numpy as np
from numpy.typing import NDArray

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES, EXPRESSION_COUNT
from ddfa_blender.projection import apply, split
from ddfa_blender.stills.renders import visible_raster
from ddfa_blender.stills.surface import Surface

from .dataset import Pictures, real_faces, yaw_degrees
from .edits import Edits
from .face_rotation import fill_outwards
from .faces import PICTURE_SIZE
from .rendering.labels import expression_fit
from .rendering.random_expressions import make_plausible

_INDEX = {name: index for index, name in enumerate(ARKIT_NAMES)}
#: Units that an edit may add: how often, and the least and largest weight. Nothing that opens the lips: a closed mouth
#: has no teeth to show. Sides differ (:func:`_sides`).
_ADDED: dict[str, tuple[float, float, float]] = {
    "eyeBlink": (0.7, 0.3, 1.0), "eyeSquint": (1.5, 0.3, 1.0), "eyeWide": (0.7, 0.3, 1.0),
    "browDown": (1.5, 0.3, 1.0), "browInnerUp": (1.0, 0.3, 1.0), "browOuterUp": (1.2, 0.3, 1.0),
    "cheekSquint": (0.8, 0.3, 1.0), "cheekPuff": (0.8, 0.3, 1.0), "noseSneer": (1.2, 0.3, 1.0),
    "mouthSmile": (1.5, 0.2, 0.9), "mouthFrown": (1.5, 0.3, 1.0), "mouthDimple": (1.2, 0.3, 1.0),
    "mouthStretch": (1.5, 0.3, 1.0), "mouthPress": (1.5, 0.3, 1.0), "mouthPucker": (1.2, 0.3, 1.0),
    "mouthLeft": (1.2, 0.3, 1.0), "mouthRight": (1.2, 0.3, 1.0), "jawLeft": (0.7, 0.3, 1.0),
    "jawRight": (0.7, 0.3, 1.0), "jawForward": (0.7, 0.3, 1.0), "mouthRollLower": (0.8, 0.3, 0.9),
    "mouthRollUpper": (0.8, 0.3, 0.9), "mouthShrugLower": (1.0, 0.3, 1.0), "mouthShrugUpper": (0.8, 0.3, 1.0),
}  # fmt: skip
#: Units of which an edit may take away what a face shows, on one side.
_TAKEN = ("mouthSmile", "mouthUpperUp", "mouthLowerDown", "browOuterUp", "browDown", "eyeSquint", "mouthDimple",
          "mouthStretch")  # fmt: skip
#: A unit is there to be taken from this score on; so much of it goes.
_THERE, _TAKEN_SHARE = 0.35, (0.5, 1.0)
_TAKING = 0.35
#: Faces turned farther hide the side that is edited.
_LARGEST_YAW = 40.0
_PICTURE_QUALITY = 92


def _sides(rng: np.random.Generator) -> tuple[float, float]:
    """Strengths left and right: of three edits one is on both sides, two are on one."""
    kind = rng.integers(6)
    if kind < 2:
        return 1.0, 1.0
    weaker = rng.uniform(0.0, 0.3)
    return (1.0, weaker) if kind % 2 else (weaker, 1.0)


def random_weights(scores: NDArray, rng: np.random.Generator) -> NDArray[np.float64]:
    """What to add (52,) to a face with ``scores`` (52,): one to three units, mostly one-sided, −1…1."""
    change = np.zeros(len(ARKIT_NAMES))
    there = [unit for unit in _TAKEN if max(scores[_INDEX[f"{unit}{side}"]] for side in ("Left", "Right")) > _THERE]
    if there and rng.random() < _TAKING:
        unit, side = rng.choice(there), rng.choice(["Left", "Right"])
        index = _INDEX[f"{unit}{side}"]
        change[index] = -rng.uniform(*_TAKEN_SHARE) * scores[index]
    names = list(_ADDED)
    chance = np.array([_ADDED[name][0] for name in names])
    count = rng.choice([1, 2, 3], p=[0.5, 0.35, 0.15])
    added = np.zeros(len(ARKIT_NAMES))
    for name in rng.choice(names, count, replace=False, p=chance / chance.sum()):
        _, least, largest = _ADDED[name]
        strength = rng.uniform(least, largest)
        if name in _INDEX:
            added[_INDEX[name]] = strength
        else:
            for side, share in zip(("Left", "Right"), _sides(rng), strict=True):
                added[_INDEX[f"{name}{side}"]] = strength * share
    together = make_plausible(np.clip(scores, 0.0, 1.0) + added)
    # What the face shows already stays; what would be too much together is added less.
    room = np.maximum(together - np.clip(scores, 0.0, 1.0), 0.0)
    return np.where(change < 0, change, np.minimum(added, room))


class ExpressionEditor:
    """Moves faces of 160-pixel pictures."""

    def __init__(self, model: MorphableModel) -> None:
        self._model, self._surface = model, Surface.of(model)
        self._landmark_deltas = model.at_landmarks(model.arkit_basis)
        self._fit = expression_fit(model)

    def edit(self, picture: NDArray, params: NDArray, weights: NDArray) -> NDArray:
        """The picture (160, 160, 3) of the face with ``params`` (62,) after adding ``weights`` (52,)."""
        transform, shape, expression = split(params.astype(np.float64))
        model = self._model
        before, after = (model.vertices(shape, expression, added) for added in (None, weights))
        source, target = (_pixels(apply(transform, vertices)) for vertices in (before, after))
        raster = visible_raster((PICTURE_SIZE, PICTURE_SIZE), self._surface, target)
        move = raster.interpolate((source - target)[:, :2], self._surface.triangles)
        values = np.zeros((PICTURE_SIZE, PICTURE_SIZE, 3), np.float32)
        values[raster.covered, 0] = 1.0
        values[raster.covered, 1:] = move[raster.covered]
        move = fill_outwards(values)
        y, x = np.mgrid[:PICTURE_SIZE, :PICTURE_SIZE].astype(np.float32)
        return np.asarray(
            cv2.remap(picture, x + move[..., 0], y + move[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        )

    def labels(self, params: NDArray, landmarks: NDArray, weights: NDArray) -> tuple[NDArray, NDArray]:
        """Parameters (62,) and landmarks (68, 2), y down, after adding ``weights`` (52,)."""
        transform = split(params.astype(np.float64))[0]
        moved = np.tensordot(weights, self._landmark_deltas, 1) @ transform[:2, :3].T * [1, -1]
        changed = params.copy()
        changed[-EXPRESSION_COUNT:] += weights @ self._fit
        return changed, landmarks + moved


def _pixels(points: NDArray) -> NDArray[np.float64]:
    """Points (n, 3), y up, as picture pixels, y down."""
    return np.asarray(points * [1.0, -1.0, 1.0] + [0.0, PICTURE_SIZE, 0.0])


def suitable(pictures: Pictures) -> NDArray[np.int64]:
    """Indices of the photos that show both sides of the face."""
    return np.flatnonzero(np.abs(yaw_degrees(pictures.params)) < _LARGEST_YAW)


def make_edits(pictures: Pictures, count: int, seed: int) -> Edits:
    """``count`` edits of random photos; edit i depends on (seed, i) and the photos alone."""
    editor, usable = ExpressionEditor(MorphableModel.load()), suitable(pictures)
    files, labels, weights = [], [], []
    for index in range(count):
        rng = np.random.default_rng((seed, index))
        photo = int(rng.choice(usable))
        change = random_weights(pictures.arkit[photo], rng)
        edited = editor.edit(pictures.images[photo], pictures.params[photo], change)
        _, file = cv2.imencode(".webp", edited[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, _PICTURE_QUALITY])
        files.append(file.tobytes())
        labels.append(editor.labels(pictures.params[photo], pictures.landmarks[photo], change))
        weights.append(change)
        if index % 100 == 99:
            print(f"\r{index + 1} of {count}", end="", flush=True)
    print()
    return Edits(
        np.frombuffer(b"".join(files), np.uint8),
        np.concatenate([[0], np.cumsum([len(file) for file in files])]).astype(np.int64),
        *(np.stack(values).astype(np.float32) for values in (*zip(*labels, strict=True), weights)),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--leave-out-sources", type=int, nargs="*", default=[5], help="see ../shared/faces/README.md")
    arguments = parser.parse_args()
    pictures = real_faces(tuple(arguments.leave_out_sources))
    make_edits(pictures, arguments.count, arguments.seed).save()


if __name__ == "__main__":
    main()
