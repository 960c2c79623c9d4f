# SPDX-License-Identifier: GPL-3.0-or-later
"""What the labels' teacher saw, as ``python -m tools.measure_teacher`` stored it under ``training/data/teacher``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.errors import CaptureError
from training.workspace import DATA

TEACHER_FOLDER = DATA / "teacher"
#: How the teacher looked: VIDEO follows the face and steadies its landmarks, IMAGE takes every frame by itself.
MODES = ("video", "image")
#: Sets of single pictures: the labelled photos as they are and with a part of each face covered, and the test renders.
PHOTOS, COVERED_PHOTOS, RENDERS = "bench", "bench-covered", "test-renders"


@dataclass(frozen=True, eq=False)
class TeacherTrack:
    """N pictures in order; NaN where the teacher found no face."""

    landmarks: NDArray[np.float32]  # (N, 478, 3) picture pixels, y down, z away from the viewer
    arkit: NDArray[np.float32]  # (N, 52), 0…1, in the order of ARKIT_NAMES; tongueOut is always 0
    matrix: NDArray[np.float32]  # (N, 4, 4) head pose: x right in the picture, y up, z towards the camera

    def __len__(self) -> int:
        return len(self.landmarks)

    @property
    def found(self) -> NDArray[np.bool_]:
        """(N,) where there is a face."""
        return np.isfinite(self.landmarks[:, 0, 0])

    @classmethod
    def path(cls, name: str, mode: str) -> Path:
        """Where the track of a clip or a set of pictures lies."""
        return TEACHER_FOLDER / f"{name}.{mode}.npz"

    @classmethod
    def load(cls, name: str, mode: str) -> TeacherTrack:
        """Read a stored track.

        Raises:
            CaptureError: it was never measured.
        """
        path = cls.path(name, mode)
        if not path.is_file():
            raise CaptureError(
                f"The teacher's results {path} are missing; run `python -m tools.measure_teacher` first."
            )
        with np.load(path, allow_pickle=False) as data:
            return cls(data["landmarks"], data["arkit"], data["matrix"])
