# SPDX-License-Identifier: GPL-3.0-or-later
"""The 3DDFA-V2 regressor: face crops in, 62 parameters and more out (``model/regressor.onnx``)."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import CaptureError
from ..names import ARKIT_NAMES, PARAMETER_COUNT
from ..paths import model_file
from ..projection import CROP_SIZE
from .roi import BUNDLED_CROP, CROPS
from .session import open_session


class Regression(NamedTuple):
    """What the network says of N crops; all float32.

    A network of others may lack outputs: its ``landmarks`` are None, its ``arkit`` 0, its ``confidence`` 1.
    """

    params: NDArray[np.float32]  # (N, 62), real units
    landmarks: NDArray[np.float32] | None  # (N, 136), 68 × (x, y) crop pixels, y down
    arkit: NDArray[np.float32]  # (N, 52), 0…1
    confidence: NDArray[np.float32]  # (N, 1), 0…1: a face is there and uncovered


#: Length of each output.
_LENGTHS = {"params": PARAMETER_COUNT, "landmarks": 136, "arkit": len(ARKIT_NAMES), "confidence": 1}


def _share(text: str) -> float:
    """A share 0…1 out of a file's metadata; 0 for what is none."""
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if 0.0 <= value <= 1.0 else 0.0


class Regressor:
    """A session of the regressor on one thread."""

    def __init__(self, path: Path | None = None) -> None:
        """Load ``model/regressor.onnx`` (or ``path``).

        Raises:
            CaptureError: onnxruntime or the file is missing or broken, or it is another kind of network.
        """
        file = path or model_file("regressor.onnx")
        self._session = open_session(file)
        try:
            found = {output.name: output.shape for output in self._session.get_outputs()}
            inputs = [(value.name, value.type, list(value.shape)) for value in self._session.get_inputs()]
            metadata = self._session.get_modelmeta().custom_metadata_map
        except UnicodeDecodeError as error:
            raise CaptureError(f"{file} is damaged; choose another model folder or reinstall the extension.") from error
        crop = metadata.get("crop", BUNDLED_CROP)
        fits = [value[:2] for value in inputs] == [("image", "tensor(uint8)")]
        fits = fits and inputs[0][2][1:] == [CROP_SIZE, CROP_SIZE, 3]
        fits = fits and all(found[name][-1:] == [length] for name, length in _LENGTHS.items() if name in found)
        if not fits or "params" not in found or crop not in CROPS:
            raise CaptureError(f"{file} is not a face regressor; reinstall the extension.")
        self._outputs = [name for name in _LENGTHS if name in found]
        self._lengths = [_LENGTHS[name] for name in self._outputs]
        #: Outputs that the network does not have, and how it wants its crops.
        self.absent_outputs = [name for name in _LENGTHS if name not in found]
        self.crop = CROPS[crop]
        #: How far the 68 points in the picture should follow the landmark branch, 0…1.
        self.branch_share = _share(metadata.get("branch_share", "0"))
        self._takes_one = inputs[0][2][0] == 1
        #: Name and content hash of the file, for the header of a Take.
        self.name = file.name
        self.digest = hashlib.sha256(file.read_bytes()).hexdigest()

    def predict(self, crops: NDArray[np.uint8]) -> Regression:
        """Regress crops (N, 120, 120, 3) uint8 RGB, as ``self.crop`` makes them.

        Raises:
            ValueError: the crops have another shape or type.
            CaptureError: the network, somebody else's, does not run.
        """
        if crops.ndim != 4 or crops.shape[1:] != (CROP_SIZE, CROP_SIZE, 3) or crops.dtype != np.uint8:
            raise ValueError(f"expected (N, {CROP_SIZE}, {CROP_SIZE}, 3) uint8, got {crops.shape} {crops.dtype}")
        if len(crops) == 1:
            return self._regression(self._run(crops), 1)
        parts = [crops[i : i + 1] for i in range(len(crops))] if self._takes_one else [crops] if len(crops) else []
        runs = [self._run(part) for part in parts]
        empty = [np.zeros((0, _LENGTHS[name]), np.float32) for name in self._outputs]
        return self._regression([np.concatenate(found) for found in zip(empty, *runs, strict=True)], len(crops))

    def _regression(self, found: list[NDArray[np.float32]], count: int) -> Regression:
        if not self.absent_outputs:
            return Regression(*found)
        values = dict(zip(self._outputs, found, strict=True))
        return Regression(
            params=values["params"],
            landmarks=values.get("landmarks"),
            arkit=values.get("arkit", np.zeros((count, _LENGTHS["arkit"]), np.float32)),
            confidence=values.get("confidence", np.ones((count, 1), np.float32)),
        )

    def _run(self, crops: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        try:
            found: list[NDArray[np.float32]] = self._session.run(self._outputs, {"image": crops})
        except Exception as error:  # onnxruntime's own exception types share no public base class
            raise CaptureError(f"The network {self.name} does not run; choose another model folder.") from error
        if [values.shape for values in found] != [(len(crops), length) for length in self._lengths]:
            raise CaptureError(
                f"The network {self.name} gives other numbers than it says; choose another model folder."
            )
        return found
