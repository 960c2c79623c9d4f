# SPDX-License-Identifier: GPL-3.0-or-later
"""Labelled pictures in memory and batches of augmented crops from them, deterministic from a seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES

from .augmentation import Augmenter, Frame, half_of
from .edits import EDIT_SCORES, EDITS, RENDER_EDITS, Edits
from .faces import PICTURE_SIZE, decode_picture, encoded_pictures, read_shard, shard_paths
from .label import Label
from .rendering.labels import rendered_landmarks
from .workspace import DATA

#: The teacher never moves these. On photos its 0 counts little: enough to keep them quiet on a resting face, too
#: little to unlearn what the renders teach.
_SILENT = ("cheekPuff", "cheekSquint", "noseSneer", "jawForward", "tongueOut")
_SILENT_WEIGHT = 0.15
#: On renders every score is exact, but what the teacher calls a squint or a pressed lip is not quite what our mesh
#: does: where photos can teach a channel, renders have the smaller say. Not so for gaze and blinks, which photos
#: show too rarely away from the camera.
_RENDERS_TEACH = (*_SILENT, "eyeLook", "eyeBlink", "jaw")
_RENDER_WEIGHT = 0.3
#: Key of the first render; photos have the numbers of their labels.
_FIRST_RENDER = 1_000_000


@dataclass(frozen=True, eq=False)
class Pictures:
    """n pictures (n, 160, 160, 3) RGB with their labels (see :class:`Label`) and a sampling weight each.

    ``arkit_known`` (n, 52) says how far each score is to be believed; it is the same for both sides of a face. ``key``
    tells pictures apart; an ``edited`` one has the key of the picture that it was made of.
    """

    images: NDArray[np.uint8]
    params: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    arkit: NDArray[np.float32]
    arkit_known: NDArray[np.float32]
    visible: NDArray[np.float32]
    weight: NDArray[np.float32]
    key: NDArray[np.int64]
    edited: NDArray[np.bool_]

    @cached_property
    def unedited(self) -> NDArray[np.int64]:
        """(n,) index of the picture that each was made of; −1 for those not edited, or if that picture is not here."""
        originals = np.flatnonzero(~self.edited)
        order = originals[np.argsort(self.key[originals])]
        if not len(order):
            return np.full(len(self.key), -1)
        found = order[np.minimum(np.searchsorted(self.key[order], self.key), len(order) - 1)]
        return np.where(self.edited & (self.key[found] == self.key), found, -1)

    def label(self, index: int) -> Label:
        """Label of one picture."""
        return Label(
            self.params[index].astype(np.float64), self.landmarks[index].astype(np.float64), self.arkit[index],
            float(self.visible[index]),
        )  # fmt: skip

    def selected(self, keep: NDArray[np.bool_]) -> Pictures:
        """The pictures where ``keep`` (n,) is true."""
        return Pictures(*(getattr(self, name)[keep] for name in Pictures.__annotations__))

    @staticmethod
    def joined(parts: list[Pictures]) -> Pictures:
        """Several sets as one."""
        return Pictures(*(np.concatenate([getattr(p, name) for p in parts]) for name in Pictures.__annotations__))


def _decode(encoded: list[bytes]) -> NDArray[np.uint8]:
    result = np.empty((len(encoded), PICTURE_SIZE, PICTURE_SIZE, 3), np.uint8)
    with ThreadPoolExecutor(2) as pool:
        for index, picture in enumerate(pool.map(decode_picture, encoded)):
            result[index] = picture
    return result


#: A score above which a channel counts as moved, and how much a photo gains for it: this ÷ the share of such photos.
_MOVED, _RARITY_GAIN = 0.3, 0.04
_LARGEST_WEIGHT = 8.0


#: What a photo gains for eyes that are shut: lids close on few photos, and on all footage.
_BLINK_GAIN = 2.5
_BLINKS = [ARKIT_NAMES.index(name) for name in ("eyeBlinkLeft", "eyeBlinkRight")]
#: What a photo gains for a gaze that its head's yaw does not tell, times how far off that would be.
_GAZE_GAIN = 4.0
_GAZE_LEFT, _GAZE_RIGHT = (
    [ARKIT_NAMES.index(name) for name in names]
    for names in (("eyeLookOutLeft", "eyeLookInRight"), ("eyeLookInLeft", "eyeLookOutRight"))
)


def _gaze_surprise(yaw: NDArray, arkit: NDArray) -> NDArray[np.float64]:
    """How far (n,) the horizontal gaze is from what the yaw tells.

    Most people on photos look into the camera, so a network may read the gaze off the head instead of the eyes.
    """
    gaze = arkit[:, _GAZE_LEFT].mean(axis=1) - arkit[:, _GAZE_RIGHT].mean(axis=1)
    return np.asarray(np.abs(gaze - np.polyval(np.polyfit(yaw, gaze, 3), yaw)))


def yaw_degrees(params: NDArray) -> NDArray[np.float64]:
    """Yaw (n,) of the heads with ``params`` (n, 62)."""
    return np.asarray(np.degrees(np.arcsin(np.clip(-params[:, 8] / np.linalg.norm(params[:, 8:11], axis=1), -1, 1))))


def _photo_weights(params: NDArray, arkit: NDArray) -> NDArray[np.float64]:
    """Sampling weight (n,): raised for turned heads, rare expressions, telling gazes and blinks."""
    yaw = yaw_degrees(params)
    moved = arkit > _MOVED
    share = np.maximum(moved.mean(axis=0), 1e-3)
    weight = 1.0 + np.clip(np.abs(yaw) / 15.0, 0, 4) + _RARITY_GAIN * (moved / share).sum(axis=1)
    weight += _GAZE_GAIN * _gaze_surprise(yaw, arkit) + _BLINK_GAIN * arkit[:, _BLINKS].max(axis=1)
    return np.asarray(np.minimum(weight, _LARGEST_WEIGHT))


def real_faces(leave_out_sources: tuple[int, ...] = ()) -> Pictures:
    """The crops of ``../shared/faces`` with the labels of ``make_labels``; the worst fits are left out."""
    with np.load(DATA / "labels.npz", allow_pickle=False) as data:
        params, landmarks, arkit = data["params"], data["landmarks68"], data["arkit"]
        source, residual = data["source"], data["residual"]
    images = _decode([webp for path in shard_paths() for webp in read_shard(path).webp])
    weight = _photo_weights(params, arkit)
    weight[residual > np.quantile(residual, 0.995)] = 0.0
    weight[np.isin(source, leave_out_sources)] = 0.0
    keep = weight > 0
    known = np.where(never_moved_by_teacher(), _SILENT_WEIGHT, 1.0).astype(np.float32)
    ones = np.ones(len(images), np.float32)
    faces = Pictures(
        images, params, landmarks, arkit, np.tile(known, (len(images), 1)), ones, weight.astype(np.float32),
        np.arange(len(images)), np.zeros(len(images), bool),
    )  # fmt: skip
    return faces.selected(keep)


def _starting_with(prefixes: tuple[str, ...]) -> NDArray[np.bool_]:
    """(52,) which channels' names start so."""
    return np.array([name.startswith(prefixes) for name in ARKIT_NAMES])


def never_moved_by_teacher() -> NDArray[np.bool_]:
    """(52,) the channels that the labels' teacher keeps at 0, whatever a face does."""
    return _starting_with(_SILENT)


def render_shards() -> list[Path]:
    """The shards of renders to train on, in their order.

    Raises:
        FileNotFoundError: there are none.
    """
    paths = sorted(DATA.glob("renders-*.npz"))
    if not paths:
        raise FileNotFoundError(f"no renders in {DATA}; run `python -m training.rendering.heads` first")
    return paths


def rendered_heads(paths: list[Path]) -> Pictures:
    """Shards written by ``training.rendering``, each picture with the same weight; keys in the order of the paths."""
    parts: list[Pictures] = []
    model = MorphableModel.load()
    known = np.where(_starting_with(_RENDERS_TEACH), 1.0, _RENDER_WEIGHT).astype(np.float32)
    for path in paths:
        with np.load(path, allow_pickle=False) as data:
            images = _decode(encoded_pictures(data["images"], data["offsets"]))
            params, arkit = data["params"], data["arkit"]
            landmarks = rendered_landmarks(model, params, arkit, PICTURE_SIZE)[..., :2]
            parts.append(
                Pictures(
                    images, params, landmarks, arkit, np.tile(known, (len(images), 1)), data["visible"],
                    np.ones(len(images), np.float32), _FIRST_RENDER + sum(len(part.key) for part in parts)
                    + np.arange(len(images)), np.zeros(len(images), bool),
                )
            )  # fmt: skip
    return Pictures.joined(parts)


def edited_heads(renders: Pictures) -> Pictures:
    """The renders with edited expressions (``training.expression_edits``), whose scores are known as the renders' are.

    Raises:
        FileNotFoundError: the edits are missing.
    """
    edits = Edits.load(RENDER_EDITS)
    source = np.searchsorted(renders.key, edits.key)
    arkit = np.clip(renders.arkit[source] + edits.weights, 0.0, 1.0)
    images = _decode(encoded_pictures(edits.images, edits.offsets))
    return Pictures(
        images, edits.params, edits.landmarks68, arkit, renders.arkit_known[source], renders.visible[source],
        np.ones(len(images), np.float32), edits.key, np.ones(len(images), bool),
    )  # fmt: skip


def edited_faces() -> Pictures:
    """The photos with edited expressions (``training.expression_edits``); those where the teacher saw no face are left
    out.

    Raises:
        FileNotFoundError: the edits or their scores are missing.
    """
    edits = Edits.load(EDITS)
    with np.load(EDIT_SCORES, allow_pickle=False) as data:
        arkit = data["arkit"]
    silent = never_moved_by_teacher()
    arkit[:, silent] = np.clip(edits.weights[:, silent], 0.0, 1.0)
    count = len(arkit)
    ones = np.ones(count, np.float32)
    images = _decode(encoded_pictures(edits.images, edits.offsets))
    known = np.ones((count, len(ARKIT_NAMES)), np.float32)
    faces = Pictures(images, edits.params, edits.landmarks68, arkit, known, ones, ones, edits.key, np.ones(count, bool))
    return faces.selected(np.isfinite(arkit).all(axis=1))


def mixed(parts: Sequence[tuple[Pictures, float]]) -> Pictures:
    """Several sets together, weighted so that each is its share of the draws.

    Raises:
        ValueError: the shares do not add up to 1.
    """
    if abs(sum(share for _, share in parts) - 1.0) > 1e-6:
        raise ValueError(f"the shares {[share for _, share in parts]} do not add up to 1")
    return Pictures.joined([replace(part, weight=part.weight * (share / part.weight.sum())) for part, share in parts])


@dataclass(frozen=True, eq=False)
class Batch:
    """``images`` (n, s, s, 3) uint8; labels as tensors, in crop pixels.

    The rows are short videos of ``frames`` adjacent frames, one after another; 1 means single crops. Those of a picture
    with an edited expression end with the face as it was before.
    """

    images: Tensor
    params: Tensor
    landmarks: Tensor
    arkit: Tensor
    arkit_known: Tensor
    confidence: Tensor
    frames: int = 1

    def to(self, device: torch.device) -> Batch:
        """The same batch on another device."""
        tensors = {name: value for name, value in vars(self).items() if isinstance(value, Tensor)}
        return replace(self, **{name: tensor.to(device, non_blocking=True) for name, tensor in tensors.items()})


@dataclass(frozen=True)
class BatchShape:
    """``crops`` of ``size`` pixels, made of short videos of ``frames`` frames (1: single crops)."""

    crops: int
    size: int
    frames: int = 1


def make_batch(
    pictures: Pictures, chances: NDArray, augmenter: Augmenter, shape: BatchShape, seed: tuple[int, int]
) -> Batch:
    """One batch drawn with the generator of ``seed`` (run seed, step).

    Raises:
        ValueError: the crops are no multiple of the frames.
    """
    stills, rest = divmod(shape.crops, shape.frames)
    if rest:
        raise ValueError(f"{shape.crops} crops cannot be made of videos of {shape.frames} frames")
    rng = np.random.default_rng(seed)
    chosen = np.searchsorted(chances, rng.random(stills) * chances[-1])
    others = rng.integers(0, len(pictures.images), stills)
    made: list[Frame] = []
    rows: list[int] = []  # of the pictures that the frames show
    for index, other in zip(chosen, others, strict=True):
        picture, label, cover = pictures.images[index], pictures.label(index), pictures.images[other]
        if shape.frames == 1:
            made.append(augmenter(picture, label, cover, shape.size, rng))
            rows.append(index)
            continue
        before = int(pictures.unedited[index])
        partner = None if before < 0 else (pictures.images[before], pictures.label(before))
        made += augmenter.video(picture, label, cover, shape.size, shape.frames, rng, partner)
        shown = [index] if before < 0 else [index, before]
        rows += [shown[half_of(frame, shape.frames, len(shown))] for frame in range(shape.frames)]
    labels = [label for _, label in made]
    return Batch(
        torch.from_numpy(np.stack([crop for crop, _ in made])),
        torch.from_numpy(np.stack([label.params for label in labels]).astype(np.float32)),
        torch.from_numpy(np.stack([label.landmarks.reshape(136) for label in labels]).astype(np.float32)),
        torch.from_numpy(np.stack([label.arkit for label in labels])),
        torch.from_numpy(pictures.arkit_known[rows]),
        torch.tensor([[label.confidence] for label in labels], dtype=torch.float32),
        shape.frames,
    )


class BatchSequence(Dataset[Batch]):
    """Batch of each step; step i is the same whenever and wherever it is made."""

    def __init__(self, pictures: Pictures, augmenter: Augmenter, shapes: list[BatchShape], seed: int) -> None:
        self._pictures, self._augmenter, self._shapes, self._seed = pictures, augmenter, shapes, seed
        self._chances = np.cumsum(pictures.weight, dtype=np.float64)

    def __len__(self) -> int:
        return len(self._shapes)

    def __getitem__(self, step: int) -> Batch:
        return make_batch(self._pictures, self._chances, self._augmenter, self._shapes[step], (self._seed, step))


def batches(sequence: BatchSequence, first_step: int = 0, workers: int = 0) -> Iterator[Batch]:
    """Batches of steps ``first_step``…, made ahead by ``workers`` processes (0: when asked for)."""
    loader = DataLoader(
        sequence, batch_size=None, sampler=range(first_step, len(sequence)), num_workers=workers,
        prefetch_factor=4 if workers else None, worker_init_fn=one_thread,
    )  # fmt: skip
    yield from loader


def one_thread(_worker: int) -> None:
    """Begin a loader's process."""
    # OpenCV's pool does not survive the fork, and the cores belong to the network.
    cv2.setNumThreads(0)
