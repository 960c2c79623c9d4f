# SPDX-License-Identifier: GPL-3.0-or-later
"""The tracked face while a capture runs, handed from its thread to an interface. Loading this brings no OpenCV in."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ..face_model import FaceModel
    from ..tracking.tracker import FaceFit
    from .pictures import MeshPainter

#: Pixels of the picture's side.
SIDE = 320
#: Seconds between two pictures, and for how long one asks for them.
_INTERVAL, _WANTED_SECONDS = 0.125, 0.6


class LivePreview:
    """The newest picture of the tracked face. The capture's thread makes it, and only while somebody asks for it.

    Give the object to ``capture(watch=…)``; ask and fetch from any other thread.
    """

    def __init__(
        self, load_model: Callable[[], FaceModel] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``load_model`` gives the model whose mesh is drawn over the face, if it has one; ``clock`` gives seconds.

        The capture's thread calls both; None draws only the 68 points.
        """
        self._load_model = load_model
        self._clock = clock
        self._painter: MeshPainter | None = None
        self._wanted_until = -np.inf
        self._made_at = -np.inf
        self._picture: NDArray[np.uint8] | None = None

    def ask(self) -> None:
        """Somebody is looking; ask again with each redraw."""
        self._wanted_until = self._clock() + _WANTED_SECONDS

    def take(self) -> NDArray[np.uint8] | None:
        """The picture (SIDE, SIDE, 3) RGB made since the last call, if any."""
        picture, self._picture = self._picture, None
        return picture

    def __call__(self, image: NDArray[np.uint8], fit: FaceFit | None) -> None:
        """The capture shows a picture (H, W, 3) and the face in it; None = lost."""
        now = self._clock()
        if now > self._wanted_until or now - self._made_at < _INTERVAL:
            return
        from ..channels import whole_rgb
        from .pictures import tracked_face

        self._made_at = now
        if self._load_model is not None:
            self._painter, self._load_model = _painter_of(self._load_model()), None
        self._picture = tracked_face(whole_rgb(image), fit, self._painter, SIDE)


def _painter_of(model: FaceModel) -> MeshPainter | None:
    from ..morphable_model import MorphableModel
    from .pictures import MeshPainter

    return MeshPainter(model) if isinstance(model, MorphableModel) else None
