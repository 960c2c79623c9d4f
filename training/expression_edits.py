# SPDX-License-Identifier: GPL-3.0-or-later
"""Give photos expressions that photos lack: move the fitted mesh by ARKit deltas and carry the pixels along.

    python -m training.expression_edits [--count 12000] [--seed 5]
    python -m training.expression_edits --count 20000 --seed 6 --append
    python -m training.expression_edits --renders --count 12000 --seed 7
    .venvs/teacher/bin/python -m training.score_edits build/teacher/face_landmarker.task

People on photos smile with both corners of the mouth and rarely wink, puff their cheeks or push their jaw aside. The
paper's short-video synthesis (§2.4) turns a fitted mesh to make views that were never taken; here the same mesh is
deformed. Geometry is known exactly: pose and identity stay, the expression and the landmarks move by what the deltas
move. Scores are another matter, for the photos' scores mean what their teacher calls a smile; so the teacher looks at
the edited picture (``training.score_edits``). On renders of our own model the scores are known too.

An edited picture and the one it was made of are two frames of one face: how its scores change between them is a label
that no rest expression blurs (``losses``, *changes*).

The third command writes ``training/data/edited-renders.npz``, the first two ``training/data/edits.npz``: the fields of
:class:`.edits.Edits`. With ``--append`` new edits, of another seed, join those that are there, and these keep their
scores.
"""

from __future__ import annotations

import argparse

import cv2
import numpy as np
from numpy.typing import NDArray

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_INDEX, ARKIT_NAMES, EXPRESSION_COUNT
from ddfa_blender.projection import apply, split
from ddfa_blender.stills.renders import visible_raster
from ddfa_blender.stills.surface import Surface

from .dataset import Pictures, real_faces, render_shards, rendered_heads, yaw_degrees
from .edits import EDIT_SCORES, RENDER_EDITS, Edits
from .face_rotation import fill_outwards
from .faces import PICTURE_SIZE
from .rendering.labels import expression_fit
from .rendering.random_expressions import add_unit, make_plausible

#: Units that an edit may add: how often, and the least and largest weight. Nothing that opens the lips: a closed mouth
#: has no teeth to show. Sides differ (:func:`_sides`). Units to which the teacher's scores answer come most often.
_ADDED: dict[str, tuple[float, float, float]] = {
    "eyeBlink": (1.5, 0.3, 1.0), "eyeSquint": (0.5, 0.3, 1.0), "eyeWide": (0.5, 0.3, 1.0),
    "browDown": (1.0, 0.3, 1.0), "browInnerUp": (1.0, 0.3, 1.0), "browOuterUp": (1.0, 0.3, 1.0),
    "cheekSquint": (0.8, 0.3, 1.0), "cheekPuff": (0.6, 0.3, 1.0), "noseSneer": (0.8, 0.3, 1.0),
    "mouthSmile": (2.0, 0.2, 0.9), "mouthFrown": (2.0, 0.3, 1.0), "mouthDimple": (0.5, 0.3, 1.0),
    "mouthStretch": (2.5, 0.3, 1.0), "mouthPress": (1.5, 0.3, 1.0), "mouthPucker": (1.5, 0.3, 1.0),
    "mouthLeft": (2.5, 0.3, 1.0), "mouthRight": (2.5, 0.3, 1.0), "jawLeft": (0.5, 0.3, 1.0),
    "jawRight": (0.5, 0.3, 1.0), "jawForward": (0.5, 0.3, 1.0), "mouthRollLower": (0.8, 0.3, 0.9),
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
_LEAST_VISIBLE = 0.7
_PICTURE_QUALITY = 92


def added_by_edits() -> NDArray[np.bool_]:
    """(52,) the channels that an edit may raise."""
    added = np.zeros(len(ARKIT_NAMES))
    for name in _ADDED:
        add_unit(added, name, 1.0)
    return added > 0.0


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
    there = [
        unit for unit in _TAKEN if max(scores[ARKIT_INDEX[f"{unit}{side}"]] for side in ("Left", "Right")) > _THERE
    ]
    if there and rng.random() < _TAKING:
        unit, side = rng.choice(there), rng.choice(["Left", "Right"])
        index = ARKIT_INDEX[f"{unit}{side}"]
        change[index] = -rng.uniform(*_TAKEN_SHARE) * scores[index]
    names = list(_ADDED)
    chance = np.array([_ADDED[name][0] for name in names])
    count = rng.choice([1, 2, 3], p=[0.5, 0.35, 0.15])
    added = np.zeros(len(ARKIT_NAMES))
    for name in rng.choice(names, count, replace=False, p=chance / chance.sum()):
        _, least, largest = _ADDED[name]
        strength = rng.uniform(least, largest)
        left, right = (1.0, 1.0) if name in ARKIT_INDEX else _sides(rng)
        add_unit(added, name, strength * left, strength * right)
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

    def edit(self, picture: NDArray, params: NDArray, weights: NDArray, shown: NDArray | None = None) -> NDArray:
        """The picture (160, 160, 3) of the face with ``params`` (62,) after adding ``weights`` (52,).

        A render's face is deformed by the weights ``shown`` (52,), not by the components in ``params``.
        """
        transform, shape, expression = split(params.astype(np.float64))
        model = self._model
        if shown is None:
            before, after = (model.vertices(shape, expression, added) for added in (None, weights))
        else:
            before, after = (model.vertices(shape, None, added) for added in (shown, shown + weights))
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
    """Indices of the pictures that show both sides of the face."""
    facing = np.abs(yaw_degrees(pictures.params)) < _LARGEST_YAW
    return np.flatnonzero(facing & (pictures.visible > _LEAST_VISIBLE))


def make_edits(pictures: Pictures, count: int, seed: int, *, rendered: bool = False) -> Edits:
    """``count`` edits of random photos or renders; edit i depends on (seed, i) and the pictures alone."""
    editor, usable = ExpressionEditor(MorphableModel.load()), suitable(pictures)
    files, labels, weights, keys = [], [], [], []
    for index in range(count):
        rng = np.random.default_rng((seed, index))
        chosen = int(rng.choice(usable))
        scores, params = pictures.arkit[chosen], pictures.params[chosen]
        change = random_weights(scores, rng)
        edited = editor.edit(pictures.images[chosen], params, change, scores if rendered else None)
        _, file = cv2.imencode(".webp", edited[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, _PICTURE_QUALITY])
        files.append(file.tobytes())
        labels.append(editor.labels(params, pictures.landmarks[chosen], change))
        weights.append(change)
        keys.append(pictures.key[chosen])
        if index % 100 == 99:
            print(f"\r{index + 1} of {count}", end="", flush=True)
    print()
    params_after, landmarks = (np.stack(values).astype(np.float32) for values in zip(*labels, strict=True))
    return Edits(
        np.frombuffer(b"".join(files), np.uint8),
        np.concatenate([[0], np.cumsum([len(file) for file in files])]).astype(np.int64),
        params_after, landmarks, np.stack(weights).astype(np.float32), np.array(keys, np.int64),
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--renders", action="store_true", help="edit the rendered heads, not the photos")
    parser.add_argument("--append", action="store_true", help="keep the edits that are there")
    parser.add_argument("--leave-out-sources", type=int, nargs="*", default=[5], help="see ../shared/faces/README.md")
    arguments = parser.parse_args()
    if arguments.renders:
        renders = rendered_heads(render_shards())
        make_edits(renders, arguments.count, arguments.seed, rendered=True).save(RENDER_EDITS)
        return
    edits = make_edits(real_faces(tuple(arguments.leave_out_sources)), arguments.count, arguments.seed)
    if arguments.append:
        edits = Edits.load().joined_with(edits)
    else:
        EDIT_SCORES.unlink(missing_ok=True)
    edits.save()


if __name__ == "__main__":
    main()
