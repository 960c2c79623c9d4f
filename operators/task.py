# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on the worker thread: footage to Take to Performance, the Take kept on disk. No bpy here."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..ddfa_blender import solutions, take_library
from ..ddfa_blender.cleaning.cleanup import CleanUpSettings
from ..ddfa_blender.errors import CaptureCancelled, CaptureError, unloadable
from ..ddfa_blender.morphable_model import MorphableModel
from ..ddfa_blender.performance import Performance
from ..ddfa_blender.settings import CaptureSettings
from ..ddfa_blender.solve import SolveSettings
from ..ddfa_blender.take import Take
from ..ddfa_blender.texture.skin_paint import TEXTURE_SIZE, paint_skin

if TYPE_CHECKING:  # it needs cv2, which enabling the extension must not load
    from ..ddfa_blender.tracking.tracker import FaceFit


#: Folder, in the system's temporary one, of takes that could not be kept where they belong.
_RESCUED = "ddfa-face-capture-takes"


def _rescue_folder() -> Path:
    """A folder of ours in the system's temporary one, where somebody else may already have one of the usual name.

    Raises:
        OSError: none can be made.
    """
    folder = Path(tempfile.gettempdir()) / _RESCUED
    with suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        if stat.S_ISDIR(status.st_mode) and (not hasattr(os, "getuid") or status.st_uid == os.getuid()):
            return folder
    return Path(tempfile.mkdtemp(prefix=f"{_RESCUED}-"))


@dataclass(frozen=True)
class CaptureTask:
    """One capture, with every setting taken down when the user asked for it."""

    video: Path
    takes: Path  # folder in which the take is kept, under a free name
    capture: CaptureSettings
    solve: SolveSettings
    clean: CleanUpSettings
    model_folder: Path | None = None  # None = the bundled model
    watch: Callable[[NDArray[np.uint8], FaceFit | None], None] | None = None  # see ``capture``
    workers: int = 1  # see ``capture``
    notes: list[str] = field(default_factory=list)  # gets why fewer did the work

    def __call__(self, progress: Callable[[int, int], None], cancelled: Callable[[], bool]) -> Captured:
        """Run it to the end. The take, the expensive part, is kept even if it then cannot be solved.

        Raises:
            CaptureError: the footage cannot be used, or the take cannot be saved or solved.
            CaptureCancelled: ``cancelled`` said so; nothing has been written.
        """
        model = solutions.face_model(self.model_folder)
        take = self._track(progress, cancelled)
        if cancelled():
            raise CaptureCancelled
        file = self._keep(take)
        if not isinstance(model, MorphableModel):
            return Captured(file)
        performance = solutions.performance_of(file, model, self.solve, self.clean)
        # Remembered: the session's first head would else keep Blender waiting for its skin.
        paint_skin(model, TEXTURE_SIZE)
        return Captured(file, model, performance)

    def _keep(self, take: Take) -> Path:
        """Save the take; where its folder cannot take it, in a temporary one: minutes of work are not thrown away."""
        try:
            return take_library.save_new(take, self.takes, self.video.stem)
        except CaptureError as error:
            try:
                file = take_library.save_new(take, _rescue_folder(), self.video.stem)
            except (CaptureError, OSError):
                raise error from None
            self.notes.append(f"{error} Until then the take is at {file}.")
            return file

    def _track(self, progress: Callable[[int, int], None], cancelled: Callable[[], bool]) -> Take:
        try:
            from ..ddfa_blender.capture import capture
        except ImportError as error:
            raise unloadable(error) from error
        take = capture(
            self.video,
            settings=self.capture,
            progress=progress,
            cancelled=cancelled,
            model=self.model_folder,
            watch=self.watch,
            workers=self.workers,
            notes=self.notes,
        )
        return replace(take, header=replace(take.header, footage=str(self.video)))


@dataclass(frozen=True)
class Captured:
    """What the main thread puts into the scene: the take's file and, unless its model has no head, the performance."""

    take_file: Path
    model: MorphableModel | None = None
    performance: Performance | None = None
