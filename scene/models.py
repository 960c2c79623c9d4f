# SPDX-License-Identifier: GPL-3.0-or-later
"""What a model folder can do, in a line for the interface."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.imported_model import is_imported
from ..ddfa_blender.model_folder import MORPHABLE_MODEL, ModelFolder


@dataclass(frozen=True)
class ModelState:
    """``problem``: why nothing can be captured with it; ``note``: what is worth knowing. One of them is ""."""

    note: str = ""
    problem: str = ""
    has_head: bool = True


def state_of(model_folder: Path | None) -> ModelState:
    """Of the model folder that is chosen in the preferences; cheap enough to draw."""
    try:
        folder = ModelFolder.at(model_folder)
        if folder.is_bundled:
            return ModelState("Captures with the model that came with the extension")
        return _state(folder, (folder.path / MORPHABLE_MODEL).stat().st_mtime_ns)
    except CaptureError as error:
        return ModelState(problem=str(error))
    except OSError as error:
        return ModelState(problem=f"{model_folder} cannot be read ({error.strerror}); choose another folder.")


@lru_cache(maxsize=4)
def _state(folder: ModelFolder, _modified: int) -> ModelState:
    if is_imported(folder.path / MORPHABLE_MODEL):
        return ModelState(
            "This model has no head: captures with it are kept as takes (pose, points, coefficients) for the command "
            "line and other tools, but no head can be animated with them",
            has_head=False,
        )
    return ModelState("Captures with this folder's model, heads included")
