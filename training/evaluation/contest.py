# SPDX-License-Identifier: GPL-3.0-or-later
"""The three that are compared: the published model, the labels' teacher (from its stored results), and ours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.capture import Engine, capture
from ddfa_blender.model_folder import ModelFolder
from ddfa_blender.published.convert import import_published
from ddfa_blender.take import Take
from ddfa_blender.tracking.detector import Detector
from ddfa_blender.tracking.regressor import Regressor
from ddfa_blender.tracking.roi import crop
from ddfa_blender.tracking.tracker import FaceFitter
from training.faces import SHARED
from training.workspace import DATA

from .material import LabelledPhoto, bench_photos, clip_frames, clip_path
from .published_loop import follow_as_published
from .teacher_points import read_point_weights
from .teacher_tracks import TeacherTrack

#: Where the published weights are converted to at first use; never committed.
PUBLISHED_FOLDER = DATA / "published"


@dataclass(frozen=True, eq=False)
class ClipTracks:
    """One clip through the eyes of the three; N frames each."""

    name: str
    ours: Take
    published: NDArray[np.float64]  # (N, 68, 2), its authors' crops at whole pixels
    published_exact: NDArray[np.float64]  # (N, 68, 2), the same network on our sub-pixel crops
    teacher: TeacherTrack
    teacher68: NDArray[np.float64]  # (N, 68, 2)
    teacher_repeat: TeacherTrack  # the teacher looking once more, in its other mode


class Contest:
    """Everything a table may ask for, measured once."""

    def __init__(
        self,
        regressor: Path | None = None,
        published: Path | None = None,
        teacher_mode: str = "video",
        *,
        high_quality: bool = False,
    ) -> None:
        """Compare ``regressor`` (an ONNX file; None = the bundled one) with the model folder ``published``
        (None = made of ``../shared/reference``) and the teacher in one of ``teacher_tracks.MODES``. With
        ``high_quality`` ours looks twice, as ``CaptureSettings.high_quality`` has it.

        Raises:
            CaptureError: a file is missing or broken.
        """
        self.regressor_path = regressor or ModelFolder().path / "regressor.onnx"
        network = Regressor(self.regressor_path)
        fitter = FaceFitter.of(network, ModelFolder().face_model())
        ours = Engine(fitter, Detector(), network.name, network.digest)
        self.high_quality = high_quality
        self.ours = ours.looking_twice() if high_quality else ours
        self.published_folder = published or published_folder()
        self.published = Engine.load(self.published_folder)
        folder = ModelFolder(self.published_folder)
        self._published_exact = FaceFitter(folder.regressor(), folder.face_model(), crop)
        self.teacher_mode = teacher_mode
        self.clip = cache(self._clip)

    @cached_property
    def photos(self) -> list[LabelledPhoto]:
        """The labelled photos."""
        return list(bench_photos())

    @cached_property
    def point_weights(self) -> NDArray[np.float64]:
        """(68, 478): the teacher's landmarks → its 68 points."""
        return read_point_weights()

    def points68(self, track: TeacherTrack) -> NDArray[np.float64]:
        """The teacher's 68 points (N, 68, 2)."""
        return np.einsum("pl,nlc->npc", self.point_weights, track.landmarks[..., :2].astype(np.float64))

    def _clip(self, name: str) -> ClipTracks:
        other = "image" if self.teacher_mode == "video" else "video"
        teacher, repeat = (TeacherTrack.load(name, mode) for mode in (self.teacher_mode, other))
        take = capture(clip_path(name), engine=self.ours)
        points, exact = (
            follow_as_published(clip_frames(name), fitter, self.published.detector)[..., :2]
            for fitter in (self.published.fitter, self._published_exact)
        )
        if not len(take) == len(points) == len(teacher) == len(repeat):
            raise ValueError(f"{name}: {len(take)}, {len(points)} and {len(teacher)} frames")
        return ClipTracks(name, take, points, exact, teacher, self.points68(teacher), repeat)


def published_folder() -> Path:
    """The model folder of the published weights, converted from ``../shared/reference`` at first use.

    Raises:
        CaptureError: the files are not there.
    """
    if not (PUBLISHED_FOLDER / "regressor.onnx").is_file():
        reference = SHARED / "reference"
        bases = reference / "published_68.npz"
        import_published(reference / "mb05_120x120.pth", bases, bases, PUBLISHED_FOLDER)
    return PUBLISHED_FOLDER
