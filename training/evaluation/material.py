# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is to measure on: clips, labelled photos, rendered heads. Real ones lie in ``../shared``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.errors import CaptureError
from ddfa_blender.footage.photo import read_photo
from ddfa_blender.footage.video import Video
from ddfa_blender.morphable_model import MorphableModel
from training.faces import PICTURE_SIZE, SHARED, decode_picture, encoded_pictures
from training.rendering.labels import rendered_landmarks
from training.workspace import DATA

#: Clips of which no frame was among the training crops, and those of source 5 (../shared/clips/README.md).
FRESH_CLIPS = ("d19", "d20", "WolfgangLanger_Pexels", "single_face", "face_noface", "fullbody")
TRAINED_CLIPS = ("d0", "d3", "d12", "d14", "d18", "talk1", "talk3")
EMPTY_CLIP = "no_face"
#: Our own rendered clip, whose true landmarks are known.
RENDERED_CLIP = "rendered_clip"
_TEST_DATA = Path(__file__).resolve().parents[2] / "tests" / "data"
TEST_RENDERS = DATA / "test-renders"


@dataclass(frozen=True, eq=False)
class LabelledPhoto:
    """A photo (H, W, 3) RGB with its 68 human points (68, 2) in its pixels."""

    name: str
    image: NDArray[np.uint8]
    landmarks68: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RenderedHead:
    """A render (160, 160, 3) RGB with exact labels in its pixels (training/rendering/heads.py)."""

    image: NDArray[np.uint8]
    params: NDArray[np.float32]  # (62,), y up
    landmarks68: NDArray[np.float32]  # (68, 3), y down
    visible: float  # share of the face


def require_shared() -> None:
    """Check that the real material is here.

    Raises:
        CaptureError: it is not.
    """
    if not (SHARED / "clips").is_dir() or not (SHARED / "bench" / "labels.json").is_file():
        raise CaptureError(f"The scores need the photos and clips of {SHARED}; put the folder `shared` there.")


def clip_path(name: str) -> Path:
    """The file of a clip.

    Raises:
        CaptureError: there is none of this name.
    """
    folder = _TEST_DATA if name == RENDERED_CLIP else SHARED / "clips"
    found = sorted(path for path in folder.glob(f"{name}.*") if path.suffix in (".mp4", ".mov"))
    if not found:
        raise CaptureError(f"There is no clip {name} in {folder}; complete the folder.")
    return found[0]


def clip_frames(name: str, step: int = 1) -> Iterator[NDArray[np.uint8]]:
    """Every ``step``-th picture (H, W, 3) of a clip."""
    with Video(clip_path(name)) as video:
        for frame in video.frames():
            if frame.index % step == 0:
                yield frame.image


def bench_labels() -> dict[str, NDArray[np.float64]]:
    """The 68 human points (68, 2) by photo name, in the file's order."""
    require_shared()
    labels = json.loads((SHARED / "bench" / "labels.json").read_text(encoding="utf-8"))
    return {name: np.array(entry["landmarks68"], dtype=np.float64) for name, entry in labels.items()}


def bench_photos() -> Iterator[LabelledPhoto]:
    """The labelled photos in the order of :func:`bench_labels`."""
    for name, landmarks68 in bench_labels().items():
        yield LabelledPhoto(name, read_photo(SHARED / "bench" / "photos" / name), landmarks68)


def rendered_heads(folder: Path = TEST_RENDERS) -> Iterator[RenderedHead]:
    """The held-out renders, shard by shard.

    Raises:
        CaptureError: they have not been rendered.
    """
    shards = sorted(folder.glob("renders-*.npz"))
    if not shards:
        raise CaptureError(
            f"There are no test renders in {folder}; make them with "
            "`python -m training.rendering.heads --seed 2 --count 300 --out training/data/test-renders`."
        )
    model = MorphableModel.load()
    for shard in shards:
        with np.load(shard, allow_pickle=False) as data:
            pictures = encoded_pictures(data["images"], data["offsets"])
            landmarks68 = rendered_landmarks(model, data["params"], data["arkit"], PICTURE_SIZE)
            labels = data["params"], landmarks68, data["visible"]
        for encoded, params, landmarks68, visible in zip(pictures, *labels, strict=True):
            yield RenderedHead(decode_picture(encoded), params, landmarks68, float(visible))
