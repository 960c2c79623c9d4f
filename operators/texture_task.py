# SPDX-License-Identifier: GPL-3.0-or-later
"""What baking the actor's texture runs on the worker thread. No bpy here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..ddfa_blender import solutions
from ..ddfa_blender.errors import CaptureError, unloadable
from ..ddfa_blender.morphable_model import MorphableModel

if TYPE_CHECKING:  # it needs cv2, which enabling the extension must not load
    from ..ddfa_blender.texture.actor_texture import ActorTexture


@dataclass(frozen=True)
class TextureTask:
    """One texture, with every setting taken down when the user asked for it."""

    footage: Path
    take_file: Path
    model: MorphableModel
    size: int  # texels along the side

    def __call__(self, progress: Callable[[int, int], None], cancelled: Callable[[], bool]) -> ActorTexture:
        """Run it to the end.

        Raises:
            CaptureError: the footage or the take cannot be used.
            CaptureCancelled: ``cancelled`` said so.
        """
        try:
            from ..ddfa_blender.texture.actor_texture import bake_actor_texture
        except ImportError as error:
            raise unloadable(error) from error
        take = solutions.take_at(self.take_file)
        if take.is_recorded:
            raise CaptureError("The take was recorded by another program without a picture; capture footage instead.")
        return bake_actor_texture(
            self.footage, take, self.model, size=self.size, progress=progress, cancelled=cancelled
        )
