# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder with a regressor and the morphable model whose coefficients it gives: the bundled one or another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import CaptureError
from .face_model import FaceModel
from .imported_model import ImportedModel, is_imported
from .morphable_model import MorphableModel
from .paths import MODEL_FOLDER, is_file

if TYPE_CHECKING:
    from .tracking.regressor import Regressor

REGRESSOR = "regressor.onnx"
MORPHABLE_MODEL = "morphable_model.npz"


@dataclass(frozen=True)
class ModelFolder:
    """``regressor.onnx`` and ``morphable_model.npz``, which belong together."""

    path: Path = MODEL_FOLDER

    @classmethod
    def at(cls, path: Path | str | None) -> ModelFolder:
        """The model folder at ``path``; None = the bundled one.

        Raises:
            CaptureError: there is no model folder.
        """
        folder = cls() if path is None else cls(Path(path))
        if not folder.is_bundled and not all(is_file(folder.path / name) for name in (REGRESSOR, MORPHABLE_MODEL)):
            raise CaptureError(f"{folder.path} is not a model folder; make one with `import-published`.")
        return folder

    @property
    def is_bundled(self) -> bool:
        """Whether it is the one that came with the extension."""
        return self.path == MODEL_FOLDER

    def regressor(self) -> Regressor:
        """Load the network.

        Raises:
            CaptureError: it is missing or broken.
        """
        # It needs cv2 and onnxruntime; those who only ask for the morphable model do not.
        from .tracking.regressor import Regressor

        return Regressor(self.path / REGRESSOR)

    def face_model(self) -> FaceModel:
        """Load the morphable model.

        Raises:
            CaptureError: it is missing or broken.
        """
        file = self.path / MORPHABLE_MODEL
        return ImportedModel.load(file) if is_imported(file) else MorphableModel.load(file)
