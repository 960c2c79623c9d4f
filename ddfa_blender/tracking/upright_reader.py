# SPDX-License-Identifier: GPL-3.0-or-later
"""The second network: the 52 ARKit weights of our own head, read off the upright face (``model/upright.onnx``).

The regressor learnt its scores from a teacher, who hardly names half of the channels; this one learnt the very units of
our head, from faces that were drawn with known weights, and the teacher's scores of photos beside them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import CaptureError
from ..names import ARKIT_NAMES
from ..paths import model_file
from ..symmetry import MIRRORED_CHANNELS
from .session import open_session
from .upright import UPRIGHT_SIZE

UPRIGHT_NETWORK = "upright.onnx"
INPUT, OUTPUTS = "image", ("weights", "scores")


class Reading(NamedTuple):
    """Of one upright face."""

    weights: NDArray[np.float32]  # (52,) 0…1 of our head's units
    scores: NDArray[np.float32]  # (52,) 0…1 as the regressor's teacher would say it


class Reader(Protocol):
    """What reads an upright face."""

    #: So many faces of each second of footage are read; what lies between is told by its neighbours.
    faces_a_second: float

    def read(self, face: NDArray[np.uint8]) -> Reading:
        """See :meth:`UprightReader.read`."""


class MirroredReader:
    """One that reads the mirror image of each face too and gives the mean: errors differ (``second_look.py``).

    It reads every face: errors that change from frame to frame cancel out in what the solve makes of them.
    """

    faces_a_second = float("inf")

    def __init__(self, reader: Reader) -> None:
        """Read with ``reader``."""
        self._reader = reader

    def read(self, face: NDArray[np.uint8]) -> Reading:
        """See :meth:`UprightReader.read`."""
        seen, mirrored = self._reader.read(face), self._reader.read(np.ascontiguousarray(face[:, ::-1]))
        weights, scores = (
            (one + other[MIRRORED_CHANNELS]) / np.float32(2.0) for one, other in zip(seen, mirrored, strict=True)
        )
        return Reading(weights, scores)


class UprightReader:
    """A session of the network on one thread."""

    #: What is as quick as a blink the regressor sees.
    faces_a_second = 10.0

    def __init__(self, path: Path | None = None) -> None:
        """Load ``model/upright.onnx`` (or ``path``).

        Raises:
            CaptureError: onnxruntime or the file is missing or broken, or it is another kind of network.
        """
        file = path or model_file(UPRIGHT_NETWORK)
        self._session = open_session(file)
        #: Content hash of the file.
        self.digest = hashlib.sha256(file.read_bytes()).hexdigest()
        inputs = [(value.name, value.type, list(value.shape)[1:]) for value in self._session.get_inputs()]
        outputs = {value.name: list(value.shape)[1:] for value in self._session.get_outputs()}
        wanted = {name: [len(ARKIT_NAMES)] for name in OUTPUTS}
        if inputs != [(INPUT, "tensor(uint8)", [UPRIGHT_SIZE, UPRIGHT_SIZE, 3])] or outputs != wanted:
            raise CaptureError(f"{file} does not read upright faces; reinstall the extension.")

    def read(self, face: NDArray[np.uint8]) -> Reading:
        """Read an upright face (128, 128, 3) uint8 RGB.

        Raises:
            ValueError: it has another shape or type.
        """
        if face.shape != (UPRIGHT_SIZE, UPRIGHT_SIZE, 3) or face.dtype != np.uint8:
            raise ValueError(f"expected ({UPRIGHT_SIZE}, {UPRIGHT_SIZE}, 3) uint8, got {face.shape} {face.dtype}")
        weights, scores = self._session.run(list(OUTPUTS), {INPUT: face[None]})
        return Reading(weights[0], scores[0])
