# SPDX-License-Identifier: GPL-3.0-or-later
"""A float regressor with the release's weights, whether the release is quantised or not, and crops to show it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ddfa_blender.footage.video import Video
from ddfa_blender.paths import model_file
from ddfa_blender.tracking.roi import crop, roi_from_landmarks
from training.network import Statistics
from training.released import read_weights, trainable

_CLIP = Path(__file__).resolve().parents[1] / "data" / "rendered_clip.mp4"


def save_checkpoint(path: Path, crops: NDArray[np.uint8]) -> None:
    """What training would have left behind: the release's weights with BatchNorm that has seen ``crops``."""
    weights = read_weights(model_file("regressor.onnx"))
    names = ("params_mean", "params_std", "landmarks_mean", "landmarks_std")
    statistics = {name: weights[f"statistics.{name}"] for name in names} | {"arkit_spread": torch.ones(52)}
    network = trainable(weights, Statistics(**statistics), torch.from_numpy(crops))
    torch.save({"settings": {"width": 1.0}, "averaged": network.state_dict(), "statistics": statistics}, path)


def rendered_crops(every: int = 4) -> NDArray[np.uint8]:
    """Crops (n, 120, 120, 3) of our rendered clip, every so many frames, where its true landmarks say."""
    with np.load(_CLIP.with_suffix(".npz"), allow_pickle=False) as data:
        landmarks = data["landmarks68"].astype(np.float64)
    with Video(_CLIP) as video:
        frames = [frame.image for frame in video.frames()]
    chosen = range(0, min(len(frames), len(landmarks)), every)
    return np.stack([crop(frames[i], roi_from_landmarks(landmarks[i])) for i in chosen])
