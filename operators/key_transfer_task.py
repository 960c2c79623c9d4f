# SPDX-License-Identifier: GPL-3.0-or-later
"""What fitting shape keys runs on the worker thread. No bpy here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ddfa_blender.errors import CaptureCancelled
from ..ddfa_blender.morphable_model import MorphableModel
from ..ddfa_blender.retarget.transfer.transfer import HeadMesh, Transferred, transfer

#: What the progress counts to.
STEPS = 1000


@dataclass(frozen=True, eq=False)
class KeyTransferTask:
    """One fit, of copies of all that it needs: the user may go on working on the meshes."""

    mesh: HeadMesh
    marks: Mapping[str, NDArray[np.float64]]
    eyes_and_teeth: bool

    def __call__(self, progress: Callable[[int, int], None], cancelled: Callable[[], bool]) -> Transferred:
        """Run it to the end.

        Raises:
            CaptureError: the mesh has no face.
            CaptureCancelled: ``cancelled`` said so.
        """
        made = transfer(
            MorphableModel.load(),
            self.mesh,
            self.marks,
            eyes_and_teeth=self.eyes_and_teeth,
            progress=lambda done: progress(round(STEPS * done), STEPS),
            cancelled=cancelled,
        )
        # Whoever stops at the last moment does not want to see the result either.
        if cancelled():
            raise CaptureCancelled
        return made
